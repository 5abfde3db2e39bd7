import { constants } from 'node:os';
import { CliError } from './cli-error.ts';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Ctrl-C and its kin as a rejection, so that whoever is interrupted can clean up first. */
export function interruption() {
  const { promise, reject } = Promise.withResolvers<never>();
  const interrupt = (signal: (typeof signals)[number]) =>
    reject(new CliError('interrupted', { exitCode: 128 + constants.signals[signal] }));
  // They stay until the clean-up is done: a second Ctrl-C must not cut it short.
  for (const signal of signals) process.on(signal, interrupt);
  return {
    interrupted: promise,
    [Symbol.dispose]: () => {
      for (const signal of signals) process.off(signal, interrupt);
    },
  };
}
