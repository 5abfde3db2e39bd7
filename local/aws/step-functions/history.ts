/** The details of an event. */
export type Details = Readonly<Record<string, unknown>>;

/** An event of an execution's history, without its input and output. */
export type ExecutionEvent = {
  /** The execution's name. */
  readonly execution: string;
  /** The type in AWS's history: `TaskStateEntered`, `TaskTimedOut`, `ExecutionSucceeded` … */
  readonly type: string;
  readonly state?: string | undefined;
  readonly error?: string | undefined;
};

export type HistoryEvent = { readonly id: number; readonly type: string } & Details;

/** An event as GetExecutionHistory returns it: its details are in a field that is named after its type. */
export const historyEvent = (
  id: number,
  atMs: number,
  type: string,
  details: Details,
  previousEventId: number,
): HistoryEvent => ({
  id,
  previousEventId,
  timestamp: atMs / 1000,
  type,
  ...(Object.keys(details).length > 0 && { [detailsField(type)]: details }),
});

function detailsField(type: string): string {
  if (type.endsWith('StateEntered')) return 'stateEnteredEventDetails';
  if (type.endsWith('StateExited')) return 'stateExitedEventDetails';
  return `${type.charAt(0).toLowerCase()}${type.slice(1)}EventDetails`;
}
