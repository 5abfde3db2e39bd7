import { isEnded, type Outcome } from '../../functions/domain/model/task.ts';
import { OutcomeMissing } from '../../functions/domain/model/workflow-errors.ts';
import { settleTask } from '../../functions/domain/tasks/settle-task.ts';
import { memoryResults } from '../support/fakes.ts';
import type { Operation } from './interleavings-context.ts';
import { countOfImages } from './interleavings-create-task.ts';

export const providerAcceptsJob = (id: string): Operation => ({
  toString: () => `the provider accepts ${id}`,
  attempt: async ({ testStore, clock }, barrier) => {
    await testStore.portsBehind(barrier).tasks.recordSubmitted(id, 'ticket', clock.now());
  },
});

export const generationEnds = (id: string, made: number | undefined): Operation => ({
  toString: () =>
    made === undefined ? `${id} fails` : `${countOfImages(made)} of ${id} are generated`,
  attempt: async ({ testStore }, barrier) => {
    await testStore.portsBehind(barrier).tasks.recordOutcome(id, outcomeOf(made));
  },
});

function outcomeOf(made: number | undefined): Outcome {
  const failure = { code: 'content_policy_violation', message: 'It was refused.' } as const;
  if (made === undefined) return { state: 'failed', failure };
  const urls = Array.from({ length: made }, (_, n) => ({ url: `https://example.com/${n}.png` }));
  return { state: 'succeeded', images: [...urls, failure] };
}

export const taskIsSettled = (id: string): Operation => ({
  toString: () => `${id} is settled`,
  attempt: async ({ testStore, clock, ended }, barrier) => {
    if (!(await testStore.store.tasks.find(id))) return;
    const { tasks, ledger } = testStore.portsBehind(barrier);
    const settle = settleTask({
      tasks,
      ledger,
      results: memoryResults(),
      now: clock.now,
      releaseSlot: async () => undefined,
      retentionDays: 30,
    });
    if ((await settle(id).catch(isAtProvider)) === 'at its provider') return;

    const task = await testStore.store.tasks.find(id);
    if (!task || !isEnded(task)) throw new Error(`${id} was settled and has not ended`);
    if (!ended.has(id)) ended.set(id, task);
  },
});

// Such a task is not settled: the next execution asks the provider.
function isAtProvider(error: unknown): 'at its provider' {
  if (error instanceof OutcomeMissing) return 'at its provider';
  throw error;
}
