import type { Details } from './run-task.ts';

/** What an observer learns: an event of the history, without what it carried. */
export type Observed = {
  /** The execution's name. */
  readonly execution: string;
  /** As in the history that AWS writes: `TaskStateEntered`, `TaskTimedOut`, `ExecutionSucceeded` … */
  readonly type: string;
  readonly state?: string | undefined;
  readonly error?: string | undefined;
};

export type HistoryEvent = { readonly id: number; readonly type: string } & Details;

/** An event as the wire has it: what it carries stands in a field named after its type. */
export const historyEvent = (
  id: number,
  atMs: number,
  type: string,
  details: Details,
): HistoryEvent => ({
  id,
  previousEventId: id - 1,
  timestamp: atMs / 1000,
  type,
  [detailsField(type)]: details,
});

function detailsField(type: string): string {
  if (type.endsWith('StateEntered')) return 'stateEnteredEventDetails';
  if (type.endsWith('StateExited')) return 'stateExitedEventDetails';
  return `${type.charAt(0).toLowerCase()}${type.slice(1)}EventDetails`;
}
