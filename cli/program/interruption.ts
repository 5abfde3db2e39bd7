import { constants } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { CliError } from './cli-error.ts';
import { exitCodeOfSignal } from './exit-codes.ts';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Turns Ctrl-C and other signals into a rejection, so that a command can clean up before it ends. */
export function watchInterruption() {
  const { promise, reject } = Promise.withResolvers<never>();
  const aborted = new AbortController();
  const interrupt = (signal: (typeof signals)[number]) => {
    reject(new CliError('interrupted', { exitCode: exitCodeOfSignal(constants.signals[signal]) }));
    aborted.abort();
  };
  // If nobody waits for the promise at that moment, its rejection must not count as unhandled.
  promise.catch(() => undefined);
  // The listeners stay until the clean-up is done: a second Ctrl-C must not cut it short.
  for (const signal of signals) process.on(signal, interrupt);
  return {
    /** Rejects at the first signal. */
    interrupted: promise,
    /** Aborted at the first signal, so that no request and no pause keeps the process alive. */
    signal: aborted.signal,
    [Symbol.dispose]: () => {
      for (const signal of signals) process.off(signal, interrupt);
    },
  };
}

/** Requests and pauses that end at the signal. */
export const abortable = (signal: AbortSignal) => ({
  fetch: ((input, init) =>
    fetch(input, {
      ...init,
      signal: init?.signal ? AbortSignal.any([init.signal, signal]) : signal,
    })) satisfies typeof globalThis.fetch,
  sleep: (milliseconds: number) => setTimeout(milliseconds, undefined, { signal }),
});
