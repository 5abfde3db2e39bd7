import { ApiError } from './api-error.ts';

const maxTries = 5;
const sleep = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

/**
 * Repeats a request while its failure is temporary, after the pause that the API asks for. For requests that may be
 * repeated.
 * @param wait waits so many milliseconds
 * @throws the error of the last of five tries
 */
export async function retryTemporary<Result>(
  request: () => Promise<Result>,
  wait: (ms: number) => Promise<void> = sleep,
): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await request();
    } catch (error) {
      const isTemporary = error instanceof ApiError && error.isTemporary;
      if (!isTemporary || tries === maxTries) throw error;
      await wait((error.retryAfter ?? 2 ** (tries - 1) / 2) * 1000);
    }
  }
}

/** @throws when the user who has started an action has signed out: the page may have the key of another user by now */
export function checkSignedIn(isMine: () => boolean): void {
  if (!isMine()) throw new Error('It was not done: you have signed out.');
}

export type Retry = <Result>(request: () => Promise<Result>) => Promise<Result>;

/**
 * Like `retryTemporary`, for an action that may outlive a sign-out. A request is sent with the key of the user who is
 * signed in at that moment. So each try first checks that this is still the user who started the action, and throws if
 * not.
 */
export const retryWhileSignedIn =
  (isMine: () => boolean, wait?: (ms: number) => Promise<void>): Retry =>
  (request) =>
    retryTemporary(async () => {
      checkSignedIn(isMine);
      return request();
    }, wait);
