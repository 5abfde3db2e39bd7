import * as z from 'zod';
import { type CancelResult, providerDeadlineMs } from '../../domain/model/provider.ts';
import { parseRetryAfter } from '../../domain/model/retry-after.ts';
import {
  ProviderBusy,
  ProviderRejected,
  SubmitUnknown,
} from '../../domain/model/workflow-errors.ts';

/** How a provider is reached. */
export type Access = {
  /** The provider's paths are appended to it. The key is sent nowhere else. */
  readonly baseUrl: string;
  readonly apiKey: () => Promise<string>;
  readonly fetch?: typeof globalThis.fetch;
  readonly deadlineMs?: number;
};

export type UpstreamResponse = {
  readonly ok: boolean;
  readonly status: number;
  readonly headers: Headers;
  /** `undefined` when the body is not JSON, did not arrive completely or is longer than 1 MB. */
  readonly body: unknown;
};

/** What an error response says about itself, where it is in the provider's own format. */
export type ErrorDetails = {
  readonly code?: string | undefined;
  readonly requestId?: string | undefined;
};

type UpstreamRequest = {
  readonly method: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
};

// Codes and request ids end up in our log, so only what looks like one is accepted.
export const ErrorCode = z.string().regex(/^[a-z][\w.:-]{0,63}$/i);
export const RequestId = z
  .string()
  .regex(/^[\w-]{1,64}$/)
  .nullish()
  .catch(undefined);

/** A provider's name for a job. It is stored with the task, so its length is limited. */
export const Ticket = z.string().min(1).max(256);

// How fetch reports that there was no connection. Every other error may have happened after the request
// was sent.
const connectError = z.object({ syscall: z.enum(['connect', 'getaddrinfo']) });
const ConnectFailure = z.object({
  cause: z.union([
    connectError,
    z.object({ errors: z.array(connectError).min(1) }),
    z.object({ code: z.literal('UND_ERR_CONNECT_TIMEOUT') }),
  ]),
});

/** One provider over HTTP, with our key, without redirects and never for longer than the deadline. */
export function upstream(
  scheme: 'Bearer' | 'Key',
  { baseUrl, apiKey, fetch = globalThis.fetch, deadlineMs = providerDeadlineMs }: Access,
) {
  const base = baseUrl.replace(/\/+$/, '');

  const send = async (
    path: string,
    request: UpstreamRequest,
    toError: (cause: unknown) => Error,
    signal?: AbortSignal,
  ): Promise<UpstreamResponse> => {
    const authorization = `${scheme} ${await readKey(apiKey)}`;
    const response = await fetch(new URL(`${base}${path}`), {
      ...request,
      // After a freeze a Lambda's open sockets are dead. A POST that fails on one looks like a POST
      // that was lost on its way, so no connection is reused.
      headers: { ...request.headers, Authorization: authorization, Connection: 'close' },
      redirect: 'error',
      // The timeout begins when the key is there: a submit that timed out before it was sent would count as unclear.
      signal: signal ?? AbortSignal.timeout(deadlineMs),
    }).catch((cause: unknown) => {
      throw toError(cause);
    });
    const { ok, status, headers } = response;
    const body = await readBoundedJson(response);
    return { ok, status, headers, body };
  };

  return {
    base,
    /**
     * A POST that is billed, so it must not be repeated blindly.
     * @throws {ProviderBusy} nothing was sent
     * @throws {SubmitUnknown} it may have arrived
     */
    postOnce: (
      path: string,
      headers: Readonly<Record<string, string>>,
      body: unknown,
    ): Promise<UpstreamResponse> => {
      const request: UpstreamRequest = {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...headers },
        body: JSON.stringify(body),
      };
      return send(path, request, submitWithoutResponse);
    },
    /** The deadline of a poll, which may consist of several requests. `ms` is counted from now. */
    pollSignal: (ms = deadlineMs): AbortSignal => signalIn(Math.min(ms, deadlineMs)),
    /**
     * A GET, which may be repeated.
     * @throws {ProviderBusy} when there was no response
     */
    get: (path: string, signal: AbortSignal): Promise<UpstreamResponse> =>
      send(path, { method: 'GET' }, noResponse, signal).catch(busyWithoutKey),
    /**
     * Asks the provider to cancel a job. `success` is what a 2xx of this provider means. An error of the request
     * is a no, unless it is about us (key, rate limit, timeout); anything else, and no response, is unclear.
     */
    cancel: async (
      path: string,
      method: 'POST' | 'PUT',
      success: 'cancelled' | 'requested',
      ms = deadlineMs,
    ): Promise<CancelResult> => {
      const signal = signalIn(Math.min(ms, deadlineMs));
      const response = await send(path, { method }, noResponse, signal).catch(() => undefined);
      if (!response) return 'unknown';
      if (response.ok) return success;
      const isAboutJob = [400, 404, 409, 410, 422].includes(response.status);
      return isAboutJob ? 'refused' : 'unknown';
    },
  };
}

/** Far above any response of a provider, in bytes after unpacking. */
const maxResponseBytes = 1024 * 1024;

/**
 * The body of a response as JSON; `undefined` when it is not JSON, did not arrive completely or is longer than
 * `maxResponseBytes`: the rest of it is not read.
 */
export async function readBoundedJson({ body }: Response): Promise<unknown> {
  try {
    return JSON.parse(new TextDecoder().decode(await readBounded(body)));
  } catch {
    return undefined;
  }
}

/** Leaving the loop early cancels the body, and with it the unpacking. */
async function readBounded(body: Response['body']): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > maxResponseBytes) throw new RangeError('the response is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** In a slow function the time left may be negative, and for that `AbortSignal.timeout` throws a RangeError. */
const signalIn = (ms: number): AbortSignal => AbortSignal.timeout(Math.max(0, ms));

const submitWithoutResponse = (cause: unknown) =>
  ConnectFailure.safeParse(cause).success
    ? new ProviderBusy('submit could not connect', { cause })
    : new SubmitUnknown('submit got no response', { cause });

const noResponse = (cause: unknown) => new ProviderBusy('the request got no response', { cause });

// A missing key says nothing about the job, which goes on without us: the poll may be repeated.
function busyWithoutKey(error: unknown): never {
  if (!(error instanceof ProviderRejected)) throw error;
  throw new ProviderBusy('there is no API key to send', { cause: error });
}

async function readKey(apiKey: Access['apiKey']): Promise<string> {
  const key = await apiKey().catch((cause: unknown) => {
    if (cause instanceof ProviderRejected) throw cause; // there is no key: that is certain
    throw new ProviderBusy('the API key could not be read', { cause });
  });
  // fetch would quote the header that it cannot send, and the key with it.
  if (!/^[\x21-\x7e]+$/.test(key.trim())) throw new ProviderBusy('the API key cannot be sent');
  return key.trim();
}

/**
 * Whether a provider says itself that it does not know the job. A gateway in front, or a wrong address, answers 404 as
 * well, but without the provider's own error.
 */
export const isUnknownJob = (
  { status }: UpstreamResponse,
  { code }: Pick<ErrorDetails, 'code'>,
): boolean => (status === 404 || status === 410) && code !== undefined;

/**
 * The error of a poll whose response does not say what state the job is in. A rejected key gives this error, too: the job
 * goes on, and the key may be repaired.
 */
export const unansweredPoll = (
  what: 'poll' | 'result',
  response: UpstreamResponse,
  details: ErrorDetails,
): ProviderBusy =>
  new ProviderBusy(`${what} ${formatForLog(response, details)}`, {
    retryAfterSeconds: parseRetryAfter(
      response.headers.get('retry-after') ?? undefined,
      Date.now(),
    ),
  });

/** A response in short, for the log. The provider's message is left out: it may quote the prompt or a link. */
export function formatForLog(
  { status }: UpstreamResponse,
  { code, requestId }: ErrorDetails,
): string {
  const request = requestId ? `, request ${requestId}` : '';
  return `got status ${status} ${code ?? 'without a code'}${request}`;
}
