import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startSchedules } from '../../../local/aws/event-bridge/schedule.ts';
import type { InvokeResult } from '../../../local/aws/lambda/invoke-result.ts';

const rule = {
  id: 'Reconcile',
  arn: 'arn:aws:events:us-east-1:000000000000:rule/Reconcile',
  source: 'aws.events',
  everySeconds: 60,
  functionArn: 'arn:reconcile',
} as const;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function setUp(schedules: Parameters<typeof startSchedules>[0]['schedules'] = [rule], speed = 1) {
  const calls: { arn: string; payload: unknown; end: (result: InvokeResult) => void }[] = [];
  const invoke = (arn: string, payload: unknown) =>
    new Promise<InvokeResult>((end) => calls.push({ arn, payload, end }));
  const now = () => Date.UTC(2026, 0, 2, 3, 4, 5, 678);
  return { calls, ...startSchedules({ schedules, invoke, speed, now }) };
}

const done: InvokeResult = { ok: true, payload: null };

test('a schedule runs at its rate, divided by the speed', async () => {
  const { calls, close } = setUp([rule], 20);
  await vi.advanceTimersByTimeAsync(2999);
  expect(calls).toHaveLength(0);
  await vi.advanceTimersByTimeAsync(1);

  expect(calls).toMatchObject([{ arn: 'arn:reconcile' }]);
  close();
});

test('a schedule may run as seldom as every month', async () => {
  const day = 86_400;
  const { calls, close } = setUp([{ ...rule, everySeconds: 30 * day }]);
  await vi.advanceTimersByTimeAsync(30 * day * 1000 - 1);
  expect(calls).toHaveLength(0);
  await vi.advanceTimersByTimeAsync(1);

  expect(calls).toHaveLength(1);
  close();
});

test('a run that takes longer than the rate does not overlap with the next one', async () => {
  const { calls, close } = setUp();
  await vi.advanceTimersByTimeAsync(180_000);
  expect(calls).toHaveLength(1);
  calls[0]?.end(done);
  await vi.advanceTimersByTimeAsync(60_000);

  expect(calls).toHaveLength(2);
  close();
});

test('firing a schedule by hand joins the current run and resolves when it is over', async () => {
  const { calls, fire, close } = setUp();
  const fired = [fire('Reconcile'), fire('Reconcile')];
  calls[0]?.end(done);

  expect(await Promise.all(fired)).toEqual([done, done]);
  expect(calls).toHaveLength(1);
  await expect(fire('Nothing')).rejects.toThrow('There is no schedule Nothing');
  close();
});

test('no schedule runs after it is closed', async () => {
  const { calls, close } = setUp();
  close();
  await vi.advanceTimersByTimeAsync(180_000);

  expect(calls).toEqual([]);
});

test.each([
  [rule, { source: 'aws.events', detail: {} }],
  [{ ...rule, source: 'aws.scheduler' } as const, { source: 'aws.scheduler', detail: '{}' }],
])('the function gets the event of $source', async (schedule, expected) => {
  const { calls, fire, close } = setUp([schedule]);
  void fire('Reconcile');

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

test('the function gets the schedule’s own input instead, if it has one', () => {
  const { calls, fire, close } = setUp([{ ...rule, input: { reconcile: true } }]);
  void fire('Reconcile');

  expect(calls[0]?.payload).toEqual({ reconcile: true });
  close();
});
