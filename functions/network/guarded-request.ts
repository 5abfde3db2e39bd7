import http, { type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { addAbortSignal, type Readable } from 'node:stream';
import { checkUrl, type Rules } from './check-url.ts';
import { AddressRefused, tooLate, Unreachable, unreachable } from './errors.ts';
import { guardedLookup, type Resolve } from './guarded-lookup.ts';
import { locationOf, nextHeaders, nextUrl } from './redirect.ts';

export type Options = {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly rules: Rules;
  /** How many redirects a GET follows. A POST follows none and answers the redirect itself. */
  readonly redirects: number;
  /** For everything together: names, connections, redirects and the whole body. */
  readonly deadlineMs: number;
  readonly lookup?: Resolve | undefined;
};

/** The body must be read to its end or destroyed. Its errors are what `unreachable` takes. */
export type Answer = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readable;
  /** Where the answer came from in the end. */
  readonly url: string;
};

/**
 * The one way out to an address that somebody else chose.
 * @throws {AddressRefused} when it, or where it leads, may not be used
 * @throws {Unreachable} when there was no answer
 */
export async function guardedRequest(url: string, options: Options): Promise<Answer> {
  const checked = checkUrl(url, options.rules);
  if ('reason' in checked) throw new AddressRefused(checked.reason);
  const deadline = AbortSignal.timeout(options.deadlineMs);
  let target = checked.url;
  let { headers } = options;
  for (let hop = 0; !deadline.aborted; hop += 1) {
    const response = await send(target, { ...options, headers }, deadline);
    const location = options.method === 'GET' ? locationOf(response) : undefined;
    if (location === undefined) return answerOf(target, response, deadline);
    response.destroy();
    if (hop >= options.redirects) throw new Unreachable('redirects too many times');
    const next = nextUrl(target, location, options.rules);
    headers = nextHeaders(headers, target, next);
    target = next;
  }
  throw new Unreachable(tooLate);
}

/** Reads at most `maxBytes` of a body, throws them away, and closes the connection. */
export async function drain(body: Readable, maxBytes: number): Promise<void> {
  const chunks: AsyncIterable<Uint8Array> = body;
  let left = maxBytes;
  try {
    if (left <= 0) return;
    for await (const chunk of chunks) {
      left -= chunk.length;
      if (left <= 0) return;
    }
  } catch {
    // The answer is known already; how its body ends makes no difference.
  } finally {
    body.destroy();
  }
}

function answerOf(url: URL, response: IncomingMessage, deadline: AbortSignal): Answer {
  const { statusCode: status = 0, headers } = response;
  return { status, headers, body: addAbortSignal(deadline, response), url: url.href };
}

function send(url: URL, options: Options, deadline: AbortSignal): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const { request, Agent } = url.protocol === 'https:' ? https : http;
  const sent = request(url, {
    method: options.method,
    // Not compressed: the limit on the bytes we read must be one on the bytes we get.
    headers: { ...options.headers, 'accept-encoding': 'identity' },
    agent: new Agent({
      lookup: guardedLookup(options.rules, options.lookup),
      keepAlive: false,
      proxyEnv: {}, // a proxy would resolve the name itself, unguarded
      rejectUnauthorized: true, // said here, the environment cannot say otherwise
    }),
  });
  const cut = () => sent.destroy(new Unreachable(tooLate));
  deadline.addEventListener('abort', cut);
  sent.on('response', resolve);
  sent.on('error', (cause) => reject(unreachable(cause)));
  sent.on('close', () => reject(new Unreachable('closed the connection without an answer')));
  sent.end(options.body);
  return promise.finally(() => deadline.removeEventListener('abort', cut));
}
