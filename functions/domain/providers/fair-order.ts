import type { Lane } from '../model/task.ts';
import type { Flow } from './queue-store.ts';

// Start-time fair queueing (Goyal, Vin, Cheng 1996), charged when a task is served: every flow has the start tag
// of its next task, the flow with the least tag is next, and pays for it. A flow that begins to wait
// starts at the virtual time, so it has no credit from the past and no debt.

/** The share that a lane gets, compared with the others. */
export const laneWeights: Readonly<Record<Lane, number>> = { interactive: 1, bulk: 0.25 };

// No name of an account has this character.
const bulkSuffix = '~bulk';

/** The name of the flow that the tasks of an account wait in. */
export const flowOf = (account: string, lane: Lane = 'interactive'): string =>
  lane === 'bulk' ? `${account}${bulkSuffix}` : account;

/** By how much a flow is charged for a task with `n` images: a whole number. */
export const costOf = (n: number, lane: Lane = 'interactive'): number =>
  Math.ceil((1000 * n) / laneWeights[lane]);

/**
 * The flows in the order of their turns: the least tag first, then the one that was served longest ago. Never by name, which
 * would favour the same accounts for ever.
 */
export const byTurn = (flows: readonly Flow[]): readonly Flow[] =>
  flows.toSorted((a, b) => a.virtualTime - b.virtualTime || a.servedAt - b.servedAt);
