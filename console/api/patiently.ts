import { ApiError } from './api-error.ts';

const maxTries = 5;
const sleep = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

/**
 * The same request again while its failure is temporary, after the time that the API asks for. For requests that may be
 * repeated.
 * @param wait in milliseconds
 * @throws what the last of five tries has thrown
 */
export async function patiently<Result>(
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

/** @throws when whoever has asked has signed out: the key of the page may be somebody else's by now */
export function checkSignedIn(isMine: () => boolean): void {
  if (!isMine()) throw new Error('It was not done: you have signed out.');
}

export type Patiently = <Result>(request: () => Promise<Result>) => Promise<Result>;

/**
 * The same for an action that outlives a sign-out. A request takes the key of whoever is signed in when it is sent, so each
 * try asks first whether that is still who wanted it, and throws if not.
 */
export const patientlyWhile =
  (isMine: () => boolean, wait?: (ms: number) => Promise<void>): Patiently =>
  (request) =>
    patiently(async () => {
      checkSignedIn(isMine);
      return request();
    }, wait);
