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
