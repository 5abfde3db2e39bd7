import { settleTask } from '../../functions/task/settle-task.ts';
import { isEnded, type Outcome } from '../../functions/task/task.ts';
import { memoryResults } from '../support/fakes.ts';
import { images } from './interleavings-asking.ts';
import type { Deed } from './interleavings-deeds.ts';

export const isTaken = (id: string): Deed => ({
  toString: () => `the provider takes ${id}`,
  attempt: async ({ ground, clock }, door) => {
    await ground.enter(door).tasks.submitted(id, 'ticket', clock.now());
  },
});

export const isPainted = (id: string, made: number | undefined): Deed => ({
  toString: () => (made === undefined ? `${id} fails` : `${images(made)} of ${id} are painted`),
  attempt: async ({ ground }, door) => {
    await ground.enter(door).tasks.outcome(id, outcomeOf(made));
  },
});

function outcomeOf(made: number | undefined): Outcome {
  const failure = { code: 'content_policy_violation', message: 'It was refused.' } as const;
  if (made === undefined) return { state: 'failed', failure };
  const urls = Array.from({ length: made }, (_, n) => ({ url: `https://example.com/${n}.png` }));
  return { state: 'succeeded', images: [...urls, failure] };
}

export const isSettled = (id: string): Deed => ({
  toString: () => `${id} is settled`,
  attempt: async ({ ground, clock, ended }, door) => {
    if (!(await ground.store.tasks.find(id))) return;
    const { tasks, ledger } = ground.enter(door);
    await settleTask({ tasks, ledger, results: memoryResults(), now: clock.now })(id);

    const task = await ground.store.tasks.find(id);
    if (!task || !isEnded(task)) throw new Error(`${id} was settled and has not ended`);
    if (!ended.has(id)) ended.set(id, task);
  },
});
