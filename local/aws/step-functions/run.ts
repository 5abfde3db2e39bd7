import type { EventThread } from './events.ts';
import type { EmulatorContext } from './machine.ts';

/** What the states of one execution, or of one iteration of a Map, need to run. */
export type Run = {
  readonly emulator: Pick<EmulatorContext, 'invoke' | 'tokens' | 'timeScale' | 'now'>;
  readonly machineArn: string;
  /** The fields of the context object that do not depend on the state. */
  readonly context: Readonly<Record<string, unknown>>;
  readonly events: EventThread;
  /** Is aborted when the states are to be left at once. Its reason is what they fail with. */
  readonly signal: AbortSignal;
};

/** Waits for these seconds of the machine's time. @throws the signal's reason when it is aborted before */
export async function pause(seconds: number, { emulator, signal }: Run): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const cancel = emulator.timeScale.after(seconds, resolve);
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort);
  try {
    await promise;
  } finally {
    cancel();
    signal.removeEventListener('abort', abort);
  }
}
