import { describe, expect, test } from 'vitest';
import { created, settled } from '../../../functions/task/measures.ts';
import type { TaskErrorCode } from '../../../functions/task/problem.ts';
import { settleTask } from '../../../functions/task/settle-task.ts';
import type { Outcome, Running } from '../../../functions/task/task.ts';
import { memoryResults, memoryStore } from '../../support/fakes.ts';
import { pending, processing, sampleId, sampleTime } from '../../support/tasks.ts';

/** What is measured when a task of this kind is settled 40 seconds after its create. */
async function world(task: Running) {
  const store = memoryStore();
  store.grant('default', 10_000);
  await store.ledger.open(pending({ n: task.n, reserved: task.reserved }));
  store.put(task);
  const { tasks, ledger } = store;
  const settle = settleTask({
    ...{ tasks, ledger, results: memoryResults(), now: () => sampleTime + 40_000 },
  });
  return { measure: async () => settled(await settle(sampleId)) };
}

const failedWith = (code: TaskErrorCode): Outcome => ({
  ...{ state: 'failed', failure: { code, message: 'It failed.' } },
});
const painted: Outcome = {
  state: 'succeeded',
  images: [{ url: 'https://provider.example.com/1.png' }],
};

describe('a task that was made', () => {
  test('counts with the credits that were set aside for it', () => {
    expect(created({ task: pending({ reserved: 2400 }), replayed: false })).toEqual({
      numbers: [
        ['TaskCreated', 'Count', 1],
        ['CreditsReserved', 'Count', 2.4],
      ],
    });
  });

  test('counts once, however often its request is repeated', () => {
    expect(created({ task: pending(), replayed: true })).toEqual({ numbers: [] });
  });
});

describe('a task that ended', () => {
  test('counts with its images, its price and how long each part took', async () => {
    const { measure } = await world(processing({ n: 2, reserved: 2400, outcome: painted }));

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
    const { measure } = await world(processing({ outcome }));

    expect(await measure()).toEqual({
      numbers: [
        ['TaskFailed', 'Count', 1],
        ['TaskSeconds', 'Seconds', 39],
        ['WaitSeconds', 'Seconds', 2],
        ['ProviderSeconds', 'Seconds', 37],
      ],
      code: 'generation_timeout',
    });
  });

  test.each([
    ['service_error', ['TaskFailed', 'BrokenTask']],
    ['content_policy_violation', ['TaskFailed']],
    ['request_cancelled', ['TaskFailed']],
  ] as const)('with %s counts as %j', async (code, names) => {
    const { measure } = await world(pending({ outcome: failedWith(code) }));

    expect((await measure()).numbers.map(([name]) => name)).toEqual(names);
  });

  test('before the provider had it says nothing about the provider', async () => {
    const startedAt = sampleTime + 1000;
    const outcome = failedWith('image_processing_error');
    const { measure } = await world(pending({ startedAt, outcome }));

    expect((await measure()).numbers).toEqual([
      ['TaskFailed', 'Count', 1],
      ['TaskSeconds', 'Seconds', 39],
    ]);
  });

  test('counts once, whoever settles it again', async () => {
    const { measure } = await world(processing({ outcome: painted }));
    await measure();

    expect(await measure()).toEqual({ numbers: [] });
  });

  test('counts once when two settle it at the same moment', async () => {
    const { measure } = await world(processing({ outcome: painted }));

    const all = await Promise.all([measure(), measure()]);

    expect(all.filter(({ numbers }) => numbers.length > 0)).toHaveLength(1);
  });
});
