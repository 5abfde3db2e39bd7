import { setTimeout } from 'node:timers/promises';
import { CliError } from '../program/cli-error.ts';
import { exitCodes } from '../program/exit-codes.ts';

type Deps = {
  readonly fetch: typeof globalThis.fetch;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
  readonly now: () => number;
};

type SendOptions = Omit<RequestInit, 'signal'> & {
  readonly deadlineMs?: number;
  /** `false`: a request that may have taken effect is not sent a second time. */
  readonly isRepeatable?: boolean;
};

/** Sends a request and reads its response, with retries. */
export type Send = <T>(
  url: string,
  options: SendOptions,
  read: (response: Response) => Promise<T>,
) => Promise<T>;

const maxAttempts = 4;
const retryableStatuses = new Set([429, 502, 503, 504]);
// Of these, only 429 says that the request took no effect.
const noEffectStatuses = new Set([429]);
// A longer `Retry-After` is reported to the caller, not waited for.
const maxPauseMs = 60_000;

/** A sender that repeats requests that did not get through or that a busy server turned away. */
export const createSender = ({
  fetch = globalThis.fetch,
  sleep = setTimeout,
  now = Date.now,
}: Partial<Deps> = {}): Send => {
  const deps = { fetch, sleep, now };
  return async (url, options, read) => {
    for (let attempts = 1; ; attempts += 1) {
      const isLast = attempts === maxAttempts;
      const outcome = await attempt(deps, { url, options, read, isLast });
      if ('value' in outcome) return outcome.value;
      await deps.sleep(outcome.pauseMs ?? 1000 * 2 ** (attempts - 1));
    }
  };
};

type Attempt<T> = {
  readonly url: string;
  readonly options: SendOptions;
  readonly read: (response: Response) => Promise<T>;
  readonly isLast: boolean;
};
type Outcome<T> = { readonly value: T } | { readonly pauseMs: number | undefined };

async function attempt<T>(
  { fetch, now }: Deps,
  { url, options, read, isLast }: Attempt<T>,
): Promise<Outcome<T>> {
  const { deadlineMs = 30_000, isRepeatable = true, ...init } = options;
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(deadlineMs) });
    const pauseMs = retryAfterMs(response, now());
    if (isLast || !isWorthRetrying(response, pauseMs, isRepeatable)) {
      return { value: await read(response) };
    }
    await response.body?.cancel();
    return { pauseMs };
  } catch (thrown) {
    if (!isNetworkError(thrown)) throw thrown;
    if (isLast || !isRepeatable) throw unreachableError(url, thrown);
    return { pauseMs: undefined };
  }
}

const isWorthRetrying = ({ status }: Response, pauseMs = 0, isRepeatable: boolean): boolean =>
  (isRepeatable ? retryableStatuses : noEffectStatuses).has(status) && pauseMs <= maxPauseMs;

function retryAfterMs({ headers }: Response, now: number): number | undefined {
  const value = headers.get('retry-after');
  if (value === null) return undefined;
  const pauseMs = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isNaN(pauseMs) ? undefined : Math.max(0, pauseMs);
}

// fetch reports a broken connection as a TypeError, while connecting and while the body is read.
const isNetworkError = (thrown: unknown): thrown is Error =>
  thrown instanceof TypeError || (thrown instanceof Error && thrown.name === 'TimeoutError');

function unreachableError(url: string, error: Error): CliError {
  const { cause = error } = error;
  const reason = cause instanceof Error ? (codeOf(cause) ?? cause.message) : String(cause);
  const origin = URL.parse(url)?.origin ?? url;
  return new CliError(`Cannot reach ${origin} (${reason})`, {
    exitCode: exitCodes.unavailable,
    cause: error,
  });
}

const codeOf = (error: Error): string | undefined =>
  'code' in error && typeof error.code === 'string' ? error.code : undefined;
