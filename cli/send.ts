import { setTimeout } from 'node:timers/promises';
import { CliError } from './cli-error.ts';

type Needs = {
  readonly fetch: typeof globalThis.fetch;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
  readonly now: () => number;
};

type Message = Omit<RequestInit, 'signal'> & {
  readonly deadlineMs?: number;
  /** It is not safe to repeat: what may have been done is not tried again. */
  readonly once?: boolean;
};

/** Sends a message and reads its answer, again if need be. */
export type Send = <T>(
  url: string,
  message: Message,
  read: (response: Response) => Promise<T>,
) => Promise<T>;

const mostTries = 4;
const busy = new Set([429, 502, 503, 504]);
// The one of them that says that nothing was done.
const turnedAway = new Set([429]);
// Whoever wants us to come back later than this is told about, not waited for.
const longestPauseMs = 60_000;

/** Repeats what did not get through, and what a busy server asked to be spared. */
export const sender = ({
  fetch = globalThis.fetch,
  sleep = setTimeout,
  now = Date.now,
}: Partial<Needs> = {}): Send => {
  const needs = { fetch, sleep, now };
  return async (url, message, read) => {
    for (let tries = 1; ; tries += 1) {
      const isLast = tries === mostTries;
      const outcome = await attempt(needs, { url, message, read, isLast });
      if ('value' in outcome) return outcome.value;
      await needs.sleep(outcome.pauseMs ?? 1000 * 2 ** (tries - 1));
    }
  };
};

type Attempt<T> = {
  readonly url: string;
  readonly message: Message;
  readonly read: (response: Response) => Promise<T>;
  readonly isLast: boolean;
};
type Outcome<T> = { readonly value: T } | { readonly pauseMs: number | undefined };

async function attempt<T>(
  { fetch, now }: Needs,
  { url, message, read, isLast }: Attempt<T>,
): Promise<Outcome<T>> {
  const { deadlineMs = 30_000, once = false, ...init } = message;
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(deadlineMs) });
    const pauseMs = askedPause(response, now());
    if (isLast || !isWorthAPause(response, pauseMs, once)) return { value: await read(response) };
    await response.body?.cancel();
    return { pauseMs };
  } catch (thrown) {
    if (!isOfTheNetwork(thrown)) throw thrown;
    if (isLast || once) throw unreachable(url, thrown);
    return { pauseMs: undefined };
  }
}

const isWorthAPause = ({ status }: Response, pauseMs = 0, once: boolean): boolean =>
  (once ? turnedAway : busy).has(status) && pauseMs <= longestPauseMs;

function askedPause({ headers }: Response, now: number): number | undefined {
  const after = headers.get('retry-after');
  if (after === null) return undefined;
  const pauseMs = /^\d+$/.test(after) ? Number(after) * 1000 : Date.parse(after) - now;
  return Number.isNaN(pauseMs) ? undefined : Math.max(0, pauseMs);
}

// fetch reports a broken connection as a TypeError, while connecting and while the body is read.
const isOfTheNetwork = (thrown: unknown): thrown is Error =>
  thrown instanceof TypeError || (thrown instanceof Error && thrown.name === 'TimeoutError');

function unreachable(url: string, error: Error): CliError {
  const { cause = error } = error;
  const reason = cause instanceof Error ? (codeOf(cause) ?? cause.message) : String(cause);
  const origin = URL.parse(url)?.origin ?? url;
  return new CliError(`Cannot reach ${origin} (${reason})`, { cause: error });
}

const codeOf = (error: Error): string | undefined =>
  'code' in error && typeof error.code === 'string' ? error.code : undefined;
