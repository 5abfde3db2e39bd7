import * as z from 'zod';
import { ProviderBusy, ProviderRefused, SubmitUnknown } from '../task/failures.ts';

/** How a provider is reached. */
export type Access = {
  /** Only its origin counts: the paths are the provider's, and the key goes nowhere else. */
  readonly baseUrl: string;
  readonly apiKey: () => Promise<string>;
  readonly fetch?: typeof globalThis.fetch;
  readonly deadlineMs?: number;
};

export type Answer = {
  readonly ok: boolean;
  readonly status: number;
  readonly headers: Headers;
  /** A body that is no JSON, or that never came whole, is `undefined`. */
  readonly body: unknown;
};

/** What an error says of itself, when it speaks its provider's words. */
export type Words = {
  readonly code?: string | undefined;
  readonly requestId?: string | undefined;
};

type Call = {
  readonly method: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
};

// Both end up in our log, so they must look like what they are.
export const ErrorCode = z.string().regex(/^[a-z][\w.:-]{0,63}$/i);
export const RequestId = z
  .string()
  .regex(/^[\w-]{1,64}$/)
  .nullish()
  .catch(undefined);

// How fetch reports that no connection came about. All else may have happened after the request left.
const atConnect = z.object({ syscall: z.enum(['connect', 'getaddrinfo']) });
const NeverSent = z.object({
  cause: z.union([
    atConnect,
    z.object({ errors: z.array(atConnect).min(1) }),
    z.object({ code: z.literal('UND_ERR_CONNECT_TIMEOUT') }),
  ]),
});

/** One provider over HTTP, with our key, without redirects and never for longer than the deadline. */
export function upstream(
  scheme: 'Bearer' | 'Key',
  { baseUrl, apiKey, fetch = globalThis.fetch, deadlineMs = 10_000 }: Access,
) {
  const { origin } = new URL(baseUrl);

  const call = async (path: string, init: Call, whenSilent: (cause: unknown) => Error) => {
    const authorization = `${scheme} ${await read(apiKey)}`;
    const response = await fetch(new URL(path, origin), {
      ...init,
      // A function that was frozen wakes with dead sockets: a POST on one could not be told from a lost one.
      headers: { ...init.headers, Authorization: authorization, Connection: 'close' },
      redirect: 'error',
      signal: AbortSignal.timeout(deadlineMs),
    }).catch((cause: unknown) => {
      throw whenSilent(cause);
    });
    return toAnswer(response);
  };

  return {
    origin,
    /**
     * Asks for what will be billed.
     * @throws {ProviderBusy} nothing was sent
     * @throws {SubmitUnknown} it may have arrived
     */
    order: (path: string, init: Call): Promise<Answer> => call(path, init, unanswered),
    /**
     * Asks what may be asked again.
     * @throws {ProviderBusy} when there was no answer
     */
    ask: (path: string, init: Call = { method: 'GET' }): Promise<Answer> =>
      call(path, init, silent).catch(laterPerhaps),
  };
}

const unanswered = (cause: unknown) =>
  NeverSent.safeParse(cause).success
    ? new ProviderBusy('submit could not connect', { cause })
    : new SubmitUnknown('submit was not answered', { cause });

const silent = (cause: unknown) => new ProviderBusy('the question was not answered', { cause });

// The job goes on without us: a question about it is never refused for good.
function laterPerhaps(error: unknown): never {
  if (!(error instanceof ProviderRefused)) throw error;
  throw new ProviderBusy('there is no API key to ask with', { cause: error });
}

/** Whether a job was called back changes nothing for the caller, so nothing waits for it. */
export const notCalledBack = () => ({ ok: false });

async function read(apiKey: Access['apiKey']): Promise<string> {
  const key = await apiKey().catch((cause: unknown) => {
    if (cause instanceof ProviderRefused) throw cause; // there is none, which is an answer
    throw new ProviderBusy('the API key could not be read', { cause });
  });
  // fetch would quote the header it cannot send, and the key with it.
  if (!/^[\x21-\x7e]+$/.test(key.trim())) throw new ProviderBusy('the API key cannot be sent');
  return key.trim();
}

async function toAnswer(response: Response): Promise<Answer> {
  const { ok, status, headers } = response;
  const body: unknown = await response.json().catch(() => undefined);
  return { ok, status, headers, body };
}

/** For the log. A provider's message is left out: it may quote the prompt or a link. */
export function lineOf({ status }: Answer, { code, requestId }: Words): string {
  const request = requestId ? `, request ${requestId}` : '';
  return `was answered ${status} ${code ?? 'without a code'}${request}`;
}
