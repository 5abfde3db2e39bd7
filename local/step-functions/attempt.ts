import { TaskFailure } from './failure.ts';

/** One try of a state. The first word about its end counts, whatever comes later is too late. */
export type Attempt = {
  readonly result: Promise<unknown>;
  isOver(): boolean;
  /** The name of the error it ended with. */
  error(): string | undefined;
  succeed(output: unknown): void;
  fail(failure: TaskFailure): void;
};

// What a state may hand on, in bytes of JSON.
const maxBytes = 256 * 1024;

export function newAttempt(): Attempt {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  let over = false;
  let error: string | undefined;
  promise.catch(() => undefined); // it may fail before anybody waits for it
  const fail = (failure: TaskFailure) => {
    if (over) return;
    over = true;
    error = failure.name;
    reject(failure);
  };
  const succeed = (output: unknown) => {
    if (over) return;
    if (Buffer.byteLength(JSON.stringify(output)) > maxBytes) return fail(tooLarge());
    over = true;
    resolve(output);
  };
  return { result: promise, isOver: () => over, error: () => error, succeed, fail };
}

const tooLarge = () =>
  new TaskFailure('States.DataLimitExceeded', `The output is larger than ${maxBytes} bytes.`, {
    final: true,
  });
