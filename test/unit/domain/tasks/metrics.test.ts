import { describe, expect, test } from 'vitest';
import type { TaskErrorCode } from '../../../../functions/domain/model/problem.ts';
import type { ActiveTask, Outcome, WithRequest } from '../../../../functions/domain/model/task.ts';
import { createdMetrics, settledMetrics } from '../../../../functions/domain/tasks/metrics.ts';
import { settleTask } from '../../../../functions/domain/tasks/settle-task.ts';
import { memoryResults, memoryStore } from '../../../support/fakes.ts';
import { pending, processing, sampleCaller, sampleId, sampleTime } from '../../../support/tasks.ts';

/** The metrics of such a task when it is settled 40 seconds after its create. */
async function context(task: WithRequest<ActiveTask>) {
  const store = memoryStore();
  store.grant('default', 10_000);
  await store.ledger.reserve(pending({ n: task.n, reserved: task.reserved }), sampleCaller);
  store.put(task);
  const { tasks, ledger } = store;
  const settle = settleTask({
    tasks,
    ledger,
    results: memoryResults(),
    now: () => sampleTime + 40_000,
    releaseSlot: async () => undefined,
    retentionDays: 30,
  });
  return { measure: async () => settledMetrics(await settle(sampleId)) };
}

const failedWith = (code: TaskErrorCode): Outcome => ({
  state: 'failed',
  failure: { code, message: 'It failed.' },
});
const generated: Outcome = {
  state: 'succeeded',
  images: [{ url: 'https://provider.example.com/1.png' }],
};

describe('a task that was created', () => {
  test('counts with the credits that were reserved for it', () => {
    expect(createdMetrics({ task: pending({ reserved: 2400 }), replayed: false })).toEqual({
      numbers: [
        ['TaskCreated', 'Count', 1],
        ['CreditsReserved', 'Count', 2.4],
      ],
    });
  });

  test('counts once, however often its request is replayed', () => {
    expect(createdMetrics({ task: pending(), replayed: true })).toEqual({ numbers: [] });
  });
});

describe('a task that ended', () => {
  test('counts with its images, its price and how long each part took', async () => {
    const { measure } = await context(processing({ n: 2, reserved: 2400, outcome: generated }));

    expect(await measure()).toEqual({
      numbers: [
        ['TaskCompleted', 'Count', 1],
        ['ImagesMade', 'Count', 1],
        ['CreditsCharged', 'Count', 1.2],
        ['TaskSeconds', 'Seconds', 39],
        ['WaitSeconds', 'Seconds', 2],
        ['ProviderSeconds', 'Seconds', 37],
      ],
      code: undefined,
    });
  });

  test('counts as failed, with a code to search for', async () => {
    const outcome = failedWith('generation_timeout');
    const { measure } = await context(processing({ outcome }));

    expect(await measure()).toEqual({
      numbers: [
        ['TaskFailed', 'Count', 1],
        ['ProviderFailedTask', 'Count', 1],
        ['TaskSeconds', 'Seconds', 39],
        ['WaitSeconds', 'Seconds', 2],
        ['ProviderSeconds', 'Seconds', 37],
      ],
      code: 'generation_timeout',
    });
  });

  test.each([
    ['service_error', ['TaskFailed', 'BrokenTask']],
    ['resource_exhausted', ['TaskFailed', 'ProviderFailedTask']],
    ['generation_timeout', ['TaskFailed', 'ProviderFailedTask']],
    ['service_unavailable', ['TaskFailed', 'ProviderFailedTask']],
    ['quota_exceeded', ['TaskFailed', 'ProviderFailedTask']],
    ['unknown_error', ['TaskFailed', 'ProviderFailedTask']],
    ['content_policy_violation', ['TaskFailed']],
    ['request_cancelled', ['TaskFailed']],
  ] as const)('with %s counts as %j', async (code, names) => {
    const { measure } = await context(pending({ outcome: failedWith(code) }));

    expect((await measure()).numbers.map(([name]) => name)).toEqual(names);
  });

  test('that no provider accepted has no provider time', async () => {
    const startedAt = sampleTime + 1000;
    const outcome = failedWith('image_processing_error');
    const { measure } = await context(pending({ startedAt, outcome }));

    expect((await measure()).numbers).toEqual([
      ['TaskFailed', 'Count', 1],
      ['TaskSeconds', 'Seconds', 39],
    ]);
  });

  test('counts once, also when it is settled again', async () => {
    const { measure } = await context(processing({ outcome: generated }));
    await measure();

    expect(await measure()).toEqual({ numbers: [] });
  });

  test('counts once when two settle it at the same moment', async () => {
    const { measure } = await context(processing({ outcome: generated }));

    const all = await Promise.all([measure(), measure()]);

    expect(all.filter(({ numbers }) => numbers.length > 0)).toHaveLength(1);
  });
});
