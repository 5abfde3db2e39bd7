import { constants } from 'node:os';

const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** npm sends its child the Ctrl-C that the terminal has sent to both. The same stop may arrive twice within this time. */
const sameStopMs = 500;

export type StopSignals = {
  /** Aborted by the first Ctrl-C or SIGTERM. */
  readonly stop: AbortSignal;
  /** 128 and the number of the signal; 0 as long as there was none. */
  exitCode(): number;
};

/** From now on the first signal asks for a clean end, and the second one ends the process at once. */
export function watchStopSignals(): StopSignals {
  const stopping = new AbortController();
  let exitCode = 0;
  let stoppedAt = 0;
  for (const name of names) {
    process.on(name, () => {
      const code = 128 + constants.signals[name];
      if (!stopping.signal.aborted) {
        exitCode = code;
        stoppedAt = performance.now();
        stopping.abort();
      } else if (performance.now() - stoppedAt > sameStopMs) process.exit(code);
    });
  }
  return { stop: stopping.signal, exitCode: () => exitCode };
}

/** The result of the work, unless the signal comes first. @throws the signal's reason */
export async function unlessStopped<T>(stop: AbortSignal, work: Promise<T>): Promise<T> {
  const stopped = Promise.withResolvers<never>();
  const reject = () => stopped.reject(stop.reason);
  if (stop.aborted) reject();
  stop.addEventListener('abort', reject);
  try {
    return await Promise.race([work, stopped.promise]);
  } finally {
    stop.removeEventListener('abort', reject);
  }
}
