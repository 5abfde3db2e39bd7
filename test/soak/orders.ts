import { setTimeout } from 'node:timers/promises';
import type { Ordered } from '../../local/faults/order-book.ts';
import type { FaultWorld } from '../flow/faults/fault-world.ts';
import { about } from '../flow/faults/trial.ts';
import type { Kind, Plan } from './plan.ts';

/** Counts, by what is counted. */
export type Counts = Map<string, number>;

export const count = (counts: Counts, what: string): Counts =>
  counts.set(what, (counts.get(what) ?? 0) + 1);

type Order = (
  world: FaultWorld,
  plan: Plan,
  taskId: string,
) => Ordered | Promise<boolean> | undefined;

const forGood = { fault: 'refuse', times: 3 } as const;
const noAnswer = { fault: 'lose', times: 3 } as const;
const paints =
  (change: Parameters<FaultWorld['painter']['control']>[0]): Order =>
  ({ painter }) => {
    painter.control(change);
    return undefined;
  };
const rescuers = ['events/sweep', 'events/execution-ended'] as const;

// Those that are about nobody in particular hit whoever comes next.
const orders: Readonly<Record<Kind, Order>> = {
  'function dies': ({ faults }, { cut }, id) => faults.kill({ ...cut, matching: about(id) }),
  'function dies at every try': ({ faults }, { cut }, id) =>
    faults.kill({
      ...{ function: cut.function, call: 1, when: 'before', times: 4, matching: about(id) },
    }),
  'creating function dies': ({ faults }, { chance }) =>
    faults.kill({ function: 'api/create-task', call: upTo(8, chance), when: halves(chance) }),
  'rescuing function dies': ({ faults }, { chance, number }) =>
    faults.kill({
      ...{ function: rescuers[number % 2] ?? rescuers[0], call: upTo(8, chance) },
      when: halves(chance),
    }),
  'upload is not told': ({ faults }, _, id) =>
    faults.event({ of: 's3', fault: 'drop', matching: about(id) }),
  'upload is told twice': ({ faults }, _, id) =>
    faults.event({ of: 's3', fault: 'duplicate', delayMs: 2000, matching: about(id) }),
  'start is refused': ({ faults }, _, id) =>
    faults.request({ of: 'start', ...forGood, matching: about(id) }),
  'start is not answered': ({ faults }, _, id) =>
    faults.request({ of: 'start', ...noAnswer, matching: about(id) }),
  'start comes twice': ({ faults }, _, id) =>
    faults.request({ of: 'start', fault: 'duplicate', matching: about(id) }),
  'wake-up is refused': ({ faults }) => faults.request({ of: 'wake-up', ...forGood }),
  'wake-up is not answered': ({ faults }) => faults.request({ of: 'wake-up', ...noAnswer }),
  'execution is aborted': (world, { chance }, id) => end(world, id, 'ABORTED', chance),
  'execution is aborted, unheard': (world, { chance }, id) => {
    world.faults.event({ of: 'execution', fault: 'drop', matching: about(id) });
    return end(world, id, 'ABORTED', chance);
  },
  'execution times out': (world, { chance }, id) => end(world, id, 'TIMED_OUT', chance),
  'sweep does not run': ({ faults }) => faults.event({ of: 'schedule', fault: 'drop' }),
  'provider does not answer': paints({ submit: 'lost', times: 1 }),
  'provider is busy': paints({ submit: 'busy', poll: 'busy', times: 2 }),
  'provider makes less': paints({ outcome: 'partial', times: 1 }),
  'provider fails': paints({ outcome: 'failed', times: 1 }),
};

/** Has happen to a task what is planned for it. Answers whether it has, asked when all is over. */
export function give(world: FaultWorld, plan: Plan, taskId: string): () => boolean {
  const given = plan.fault && orders[plan.fault](world, plan, taskId);
  if (given && 'hasHappened' in given) return given.hasHappened;
  let isSo = given === undefined; // the painter does as it is told
  void given?.then((answer) => {
    isSo = answer;
  });
  return () => isSo;
}

const upTo = (most: number, chance: number): number => 1 + Math.floor(chance * most);
const halves = (chance: number) => ((chance * 1000) % 1 < 0.5 ? 'before' : 'after');

// At any moment of its life; it may be over by then.
async function end(
  { faults, news }: FaultWorld,
  taskId: string,
  how: 'ABORTED' | 'TIMED_OUT',
  chance: number,
): Promise<boolean> {
  await news.when(taskId, ({ type }) => type === 'ExecutionStarted');
  await setTimeout(chance * 6000);
  if (!news.runs(taskId)) return false;
  try {
    faults.endExecution(taskId, how);
    return true;
  } catch {
    return false; // another one of it runs by now
  }
}
