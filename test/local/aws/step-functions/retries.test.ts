import { expect, test } from 'vitest';
import { direct, failed, localStepFunctions, ok } from './local-step-functions.ts';

const retrying = (...Retry: object[]) => ({
  StartAt: 'Work',
  States: { Work: { ...direct, Retry, End: true } },
});

test('a state is retried after the named error, at growing intervals', async () => {
  const at: number[] = [];
  const { start, end } = await localStepFunctions(
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

test('the interval never exceeds MaxDelaySeconds, and with jitter it is shorter', async () => {
  let calls = 0;
  const day = 24 * 60 * 60;
  const { start, end } = await localStepFunctions(
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

test('a state fails after the last allowed attempt, and at once for another error', async () => {
  const { start, end, events } = await localStepFunctions(
    retrying({ ErrorEquals: ['Busy'], MaxAttempts: 2 }),
    ({ steps }) => failed(steps ? 'Refused' : 'Busy'),
  );

  const busy = await start({}, 'busy');
  const refused = await start({ steps: 1 }, 'refused');

  expect((await end(busy.executionArn)).error).toBe('Busy');
  expect((await end(refused.executionArn)).error).toBe('Refused');
  const scheduled = events.filter(({ type }) => type === 'LambdaFunctionScheduled');
  expect(scheduled.filter(({ execution }) => execution === 'busy')).toHaveLength(3);
  expect(scheduled.filter(({ execution }) => execution === 'refused')).toHaveLength(1);
});

test('the attempts are counted anew when a state is entered again', async () => {
  let calls = 0;
  const Retry = [{ ErrorEquals: ['Busy'], MaxAttempts: 1 }];
  const Catch = [{ ErrorEquals: ['Busy'], Next: 'Work' }];
  const { start, end, types } = await localStepFunctions(
    { StartAt: 'Work', States: { Work: { ...direct, Retry, Catch, End: true } } },
    () => (++calls < 4 ? failed('Busy') : ok()),
  );

  const { executionArn } = await start();

  expect((await end(executionArn)).status).toBe('SUCCEEDED');
  expect(types().filter((type) => type === 'TaskStateEntered')).toHaveLength(2);
});
