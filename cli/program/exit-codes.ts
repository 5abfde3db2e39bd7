/** The exit codes of a command, by what happened. docs/cli.md has the same table, and a test compares them. */
export const exitCodes = {
  /** It did what was asked. */
  done: 0,
  /** Something on this machine: a file, a folder, a picture, or an error that nobody foresaw. */
  local: 1,
  /** It was called in a way that cannot work. Nothing was sent. */
  usage: 2,
  /** The task failed. It cost nothing. */
  taskFailed: 3,
  /** Fewer pictures were made than asked for. Those that were made are saved. */
  partial: 4,
  /** The API refused the request. */
  rejected: 5,
  /** The API refused the key: it is wrong, disabled, expired, or lacks a scope. */
  key: 6,
  /** The account or the key has too few credits, or its budget is used up. */
  credits: 7,
  /** The API cannot be reached, is busy, or has an error of its own: try again later. */
  unavailable: 8,
  /** The time for waiting is over. The task goes on. */
  timedOut: 9,
  /** The task was cancelled. */
  cancelled: 10,
  /** A callback or a test event was not delivered. */
  undelivered: 11,
  /** The doctor found something that does not work, or the audit of a restore something that does not add up. */
  unhealthy: 12,
} as const;

/** What a process ends with when a signal ends it: 130 for Ctrl-C. */
export const exitCodeOfSignal = (signalNumber: number): number => 128 + signalNumber;

/** The exit code for an HTTP error of the API. */
export function exitCodeOfStatus(status: number): number {
  if (status === 401 || status === 403) return exitCodes.key;
  if (status === 402) return exitCodes.credits;
  return status === 429 || status >= 500 ? exitCodes.unavailable : exitCodes.rejected;
}
