import type { Details } from './history.ts';

/** Adds an event to the history and returns its id. */
export type AppendEvent = (
  type: string,
  state: string | undefined,
  details: Details,
  previousEventId: number,
) => number;

/**
 * The events of states that follow one another: each names the one before it. The iterations of a Map
 * are threads of their own. A thread whose signal is aborted records nothing more.
 */
export class EventThread {
  lastId: number;
  /** The state in which the thread is: its type and its name. Undefined between two states. */
  current: { readonly type: string; readonly name: string } | undefined;
  readonly #append: AppendEvent;
  readonly #signal: AbortSignal;

  constructor(append: AppendEvent, signal: AbortSignal, lastId = 0) {
    this.#append = append;
    this.#signal = signal;
    this.lastId = lastId;
  }

  record(type: string, state: string, details: Details = {}): void {
    if (!this.#signal.aborted) this.lastId = this.#append(type, state, details, this.lastId);
  }

  fork(signal: AbortSignal): EventThread {
    return new EventThread(this.#append, signal, this.lastId);
  }
}
