import type { Ordered } from '../../../local/faults/order-book.ts';
import { auditTasks, type Suspect } from './audit.ts';
import type { FaultWorld } from './fault-world.ts';
import type { End } from './paths.ts';

/** Something that goes wrong with one task: what it is, and what was ordered for it. */
export type Trial = Suspect & {
  readonly what: string;
  readonly ends: readonly End[];
  readonly orders: readonly Ordered[];
};

/** Whether it is about this task. */
export const about = (taskId: string) => (what: unknown) => JSON.stringify(what).includes(taskId);

/** Lets time pass until these are over; answers what is wrong with them, and how often the sweep was needed. */
export async function judge(world: FaultWorld, trials: readonly Trial[]) {
  const looks = await world.rest(trials.map(({ id }) => id));
  const faults = await auditTasks(world, trials);
  const wrong = trials.flatMap(({ what, orders }, index) => [
    ...(orders.every((order) => order.hasHappened()) ? [] : [`${what}: did not happen`]),
    ...(faults[index] ?? []).map((fault) => `${what}: ${fault}`),
  ]);
  return { wrong, looks };
}
