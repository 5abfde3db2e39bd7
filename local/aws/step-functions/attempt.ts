import { sizeFailure, type TaskFailure } from './task-failure.ts';

/** One attempt of a state. Only the first `succeed` or `fail` counts; later calls do nothing. */
export type Attempt = {
  readonly result: Promise<unknown>;
  isOver(): boolean;
  succeed(output: unknown): void;
  fail(failure: TaskFailure): void;
  /** A sign of life. */
  heartbeat(): void;
  /** Calls the listener at every sign of life. */
  onHeartbeat(listener: () => void): void;
  /** Calls the listener as soon as the attempt is over. */
  onEnd(listener: () => void): void;
};

export function newAttempt(): Attempt {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const listeners: (() => void)[] = [];
  const heartbeatListeners: (() => void)[] = [];
  let isOver = false;
  promise.catch(() => undefined); // it may fail before `result` is awaited
  const end = (settle: () => void) => {
    isOver = true;
    settle();
    for (const listener of listeners) listener();
  };
  const fail = (failure: TaskFailure) => {
    if (!isOver) end(() => reject(failure));
  };
  const succeed = (output: unknown) => {
    if (isOver) return;
    const failure = sizeFailure(output);
    if (failure) return fail(failure);
    end(() => resolve(output));
  };
  return {
    result: promise,
    isOver: () => isOver,
    succeed,
    fail,
    heartbeat: () => {
      for (const listener of heartbeatListeners) listener();
    },
    onHeartbeat: (listener) => heartbeatListeners.push(listener),
    onEnd: (listener) => listeners.push(listener),
  };
}
