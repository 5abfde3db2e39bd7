import { expect, test } from 'vitest';
import { direct, failed, ok, world } from './world.ts';

const retrying = (...Retry: object[]) => ({
  StartAt: 'Work',
  States: { Work: { ...direct, Retry, End: true } },
});

test('tries again after the named error, at growing intervals', async () => {
  const at: number[] = [];
  const { start, end } = await world(
    retrying({ ErrorEquals: ['Busy'], IntervalSeconds: 20, BackoffRate: 2, MaxAttempts: 3 }),
    () => {
      at.push(performance.now());
      return at.length < 3 ? failed('Busy') : ok();
    },
  );

  const { executionArn } = await start();

  expect((await end(executionArn)).status).toBe('SUCCEEDED');
  const [first = 0, second = 0, third = 0] = at;
  expect(second - first).toBeGreaterThanOrEqual(19); // milliseconds, at a thousandth of the time
  expect(third - second).toBeGreaterThanOrEqual(39);
});

test('never waits longer than the longest delay, and with jitter not even that long', async () => {
  let calls = 0;
  const day = 24 * 60 * 60;
  const { start, end } = await world(
    retrying({
      ErrorEquals: ['Busy'],
      IntervalSeconds: day,
      MaxDelaySeconds: 5,
      JitterStrategy: 'FULL',
    }),
    () => (++calls < 4 ? failed('Busy') : ok()),
  );

  const { executionArn } = await start();

  expect((await end(executionArn)).status).toBe('SUCCEEDED');
});

test('gives up after as many attempts as allowed, and not at another error', async () => {
  const { start, end, seen } = await world(
    retrying({ ErrorEquals: ['Busy'], MaxAttempts: 2 }),
    ({ steps }) => failed(steps ? 'Refused' : 'Busy'),
  );

  const busy = await start({}, 'busy');
  const refused = await start({ steps: 1 }, 'refused');

  expect((await end(busy.executionArn)).error).toBe('Busy');
  expect((await end(refused.executionArn)).error).toBe('Refused');
  const scheduled = seen.filter(({ type }) => type === 'LambdaFunctionScheduled');
  expect(scheduled.filter(({ execution }) => execution === 'busy')).toHaveLength(3);
  expect(scheduled.filter(({ execution }) => execution === 'refused')).toHaveLength(1);
});

test('counts anew when a state is entered again', async () => {
  let calls = 0;
  const Retry = [{ ErrorEquals: ['Busy'], MaxAttempts: 1 }];
  const Catch = [{ ErrorEquals: ['Busy'], Next: 'Work' }];
  const { start, end, types } = await world(
    { StartAt: 'Work', States: { Work: { ...direct, Retry, Catch, End: true } } },
    () => (++calls < 4 ? failed('Busy') : ok()),
  );

  const { executionArn } = await start();

  expect((await end(executionArn)).status).toBe('SUCCEEDED');
  expect(types().filter((type) => type === 'TaskStateEntered')).toHaveLength(2);
});
