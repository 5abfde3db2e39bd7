import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { InvokeAnswer } from '../../local/lambda/invoke-answer.ts';
import { startSchedules } from '../../local/schedule.ts';

const rule = {
  id: 'Sweep',
  arn: 'arn:aws:events:us-east-1:000000000000:rule/Sweep',
  source: 'aws.events',
  everySeconds: 60,
  functionArn: 'arn:sweep',
} as const;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function world(schedules: Parameters<typeof startSchedules>[0]['schedules'] = [rule], speed = 1) {
  const calls: { arn: string; payload: unknown; end: (answer: InvokeAnswer) => void }[] = [];
  const invoke = (arn: string, payload: unknown) =>
    new Promise<InvokeAnswer>((end) => calls.push({ arn, payload, end }));
  const now = () => Date.UTC(2026, 0, 2, 3, 4, 5, 678);
  return { calls, ...startSchedules({ schedules, invoke, speed, now }) };
}

const done: InvokeAnswer = { ok: true, payload: null };

test('a schedule runs at its rate, sooner on a fast laptop', async () => {
  const { calls, close } = world([rule], 20);
  await vi.advanceTimersByTimeAsync(2999);
  expect(calls).toHaveLength(0);
  await vi.advanceTimersByTimeAsync(1);

  expect(calls).toMatchObject([{ arn: 'arn:sweep' }]);
  close();
});

test('a run that takes longer than its rate is not joined by a second one', async () => {
  const { calls, close } = world();
  await vi.advanceTimersByTimeAsync(180_000);
  expect(calls).toHaveLength(1);
  calls[0]?.end(done);
  await vi.advanceTimersByTimeAsync(60_000);

  expect(calls).toHaveLength(2);
  close();
});

test('firing by hand joins the run there is and answers when it is over', async () => {
  const { calls, fire, close } = world();
  const fired = [fire('Sweep'), fire('Sweep')];
  calls[0]?.end(done);

  expect(await Promise.all(fired)).toEqual([done, done]);
  expect(calls).toHaveLength(1);
  await expect(fire('Nothing')).rejects.toThrow('There is no schedule Nothing');
  close();
});

test('after closing nothing runs any more', async () => {
  const { calls, close } = world();
  close();
  await vi.advanceTimersByTimeAsync(180_000);

  expect(calls).toEqual([]);
});

test.each([
  [rule, { source: 'aws.events', detail: {} }],
  [{ ...rule, source: 'aws.scheduler' } as const, { source: 'aws.scheduler', detail: '{}' }],
])('the function gets the event of $source', async (schedule, expected) => {
  const { calls, fire, close } = world([schedule]);
  void fire('Sweep');

  expect(calls[0]?.payload).toEqual({
    version: '0',
    id: expect.any(String),
    'detail-type': 'Scheduled Event',
    account: '000000000000',
    time: '2026-01-02T03:04:05Z',
    region: 'us-east-1',
    resources: [rule.arn],
    ...expected,
  });
  close();
});

test('or its own input, if it has one', () => {
  const { calls, fire, close } = world([{ ...rule, input: { sweep: true } }]);
  void fire('Sweep');

  expect(calls[0]?.payload).toEqual({ sweep: true });
  close();
});
