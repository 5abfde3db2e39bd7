import { isUtf8 } from 'node:buffer';
import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import http, { type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import { addAbortSignal, type Readable } from 'node:stream';
import { isLoopbackAddress, isLoopbackUrl, loopbackName } from '../../domain/model/loopback.ts';
import { maxSignedUrlLength } from '../../domain/model/task.ts';
import { redirectProblem, urlProblems } from '../../domain/model/url-problems.ts';
import { checkUrl, isPublicAddress, type UrlRules } from './check-url.ts';
import { AddressNotAllowed, toUnreachable, Unreachable } from './errors.ts';

export type OutboundRequest = {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | undefined;
  readonly rules: UrlRules;
  /** How many redirects a GET follows. A POST follows none: its response is the redirect itself. */
  readonly redirects: number;
  /** For the whole exchange: name resolution, connections, redirects and the whole body. */
  readonly deadlineMs: number;
  readonly lookup?: ResolveHost | undefined;
};

/** The body must be read to its end or destroyed. `toUnreachable` translates its errors. */
export type OutboundResponse = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readable;
  /** The URL that responded, after all redirects. */
  readonly url: string;
};

/**
 * Sends a request to a URL that we did not choose. Such requests are sent only here.
 * @throws {AddressNotAllowed} when the URL, or one that it leads to, may not be used
 * @throws {Unreachable} when there was no response
 */
export async function guardedRequest(
  url: string,
  options: OutboundRequest,
): Promise<OutboundResponse> {
  const checked = checkUrl(url, options.rules);
  if ('reason' in checked) throw new AddressNotAllowed(checked.reason);
  const deadline = AbortSignal.timeout(options.deadlineMs);
  let target = checked.url;
  let { headers } = options;
  for (let hop = 0; !deadline.aborted; hop += 1) {
    const response = await send(target, { ...options, headers }, deadline);
    const location = options.method === 'GET' ? redirectLocation(response) : undefined;
    if (location === undefined) {
      return {
        status: response.statusCode ?? 0,
        headers: response.headers,
        body: addAbortSignal(deadline, response),
        url: target.href,
      };
    }
    response.destroy();
    if (hop >= options.redirects) throw new Unreachable(urlProblems.tooManyRedirects);
    const next = checkRedirect(target, location, options.rules);
    headers = headersForRedirect(headers, target, next);
    target = next;
  }
  throw new Unreachable(urlProblems.timedOut);
}

/** Reads and drops at most `maxBytes` of a body, then closes the connection. Never throws. */
export async function discardBody(body: Readable, maxBytes: number): Promise<void> {
  const chunks: AsyncIterable<Uint8Array> = body;
  let left = maxBytes;
  try {
    if (left <= 0) return;
    for await (const chunk of chunks) {
      left -= chunk.length;
      if (left <= 0) return;
    }
  } catch {
    // The status is known already; how the body ends makes no difference.
  } finally {
    body.destroy();
  }
}

/**
 * Returns at most the first `maxBytes` of a body. Reads on up to `maxBytesRead`, drops that rest, and closes the
 * connection. Of a body that breaks off it returns what has arrived. Never throws.
 */
export async function readBodyStart(
  body: Readable,
  maxBytes: number,
  maxBytesRead = maxBytes,
): Promise<Buffer> {
  const chunks: AsyncIterable<Uint8Array> = body;
  const start: Uint8Array[] = [];
  let read = 0;
  try {
    for await (const chunk of chunks) {
      if (read < maxBytes) start.push(chunk.subarray(0, maxBytes - read));
      read += chunk.length;
      if (read >= maxBytesRead) break;
    }
  } catch {
    // The status is known already; a part of the text is better than none.
  } finally {
    body.destroy();
  }
  return Buffer.concat(start);
}

function send(url: URL, options: OutboundRequest, deadline: AbortSignal): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const { request, Agent } = url.protocol === 'https:' ? https : http;
  const sent = request(url, {
    method: options.method,
    // A picture does not get smaller by compression, and a compressed body has to be unpacked.
    headers: { ...options.headers, 'accept-encoding': 'identity' },
    agent: new Agent({
      lookup: guardedLookup(options.rules, options.lookup),
      keepAlive: false,
      proxyEnv: {}, // a proxy would resolve the name itself, unguarded
      rejectUnauthorized: true, // set here, so that NODE_TLS_REJECT_UNAUTHORIZED has no effect
    }),
  });
  const abort = () => sent.destroy(new Unreachable(urlProblems.timedOut));
  deadline.addEventListener('abort', abort);
  sent.on('response', resolve);
  sent.on('error', (cause) => reject(toUnreachable(cause)));
  sent.on('close', () => reject(new Unreachable(urlProblems.noResponse)));
  sent.end(options.body);
  return promise.finally(() => deadline.removeEventListener('abort', abort));
}

type Headers = Readonly<Record<string, string>>;

const redirectStatuses = [301, 302, 303, 307, 308];
const credentialHeaders = ['authorization', 'cookie', 'proxy-authorization'];

/** The target of a redirect, or `undefined` when the response is none. */
const redirectLocation = ({ statusCode = 0, headers }: IncomingMessage): string | undefined =>
  redirectStatuses.includes(statusCode) ? headers.location && asUtf8(headers.location) : undefined;

// Node reads headers as Latin-1. Some servers write an address in plain UTF-8, and browsers and curl accept that.
function asUtf8(header: string): string {
  const bytes = Buffer.from(header, 'latin1');
  return isUtf8(bytes) ? bytes.toString() : header;
}

/**
 * The URL that a redirect leads to, checked like the first one.
 * @throws {AddressNotAllowed | Unreachable}
 */
export function checkRedirect(from: URL, location: string, rules: UrlRules): URL {
  const target = URL.parse(location, from.href);
  if (!target) throw new Unreachable(urlProblems.invalidRedirect);
  // A server on the internet must not lead us to the loopback interface.
  const checked = checkUrl(target.href, {
    ...rules,
    maxLength: maxSignedUrlLength,
    allowLoopback: rules.allowLoopback && isLoopbackUrl(from),
  });
  if ('url' in checked) return checked.url;
  throw new AddressNotAllowed(redirectProblem(checked.reason));
}

/** The headers for the target of a redirect. Another origin does not get the credentials. */
export function headersForRedirect(headers: Headers, from: URL, to: URL): Headers {
  if (from.origin === to.origin) return headers;
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !credentialHeaders.includes(name.toLowerCase())),
  );
}

/** Finds all addresses of a host name. */
export type ResolveHost = (hostname: string) => Promise<readonly LookupAddress[]>;

const resolveAll: ResolveHost = (hostname) => lookup(hostname, { all: true });

/**
 * Resolves a host name for a connection and checks its addresses. The connection is made to exactly these
 * addresses, so a name that resolves differently the next time (DNS rebinding) gains nothing.
 */
export const guardedLookup =
  (rules: UrlRules, resolve: ResolveHost = resolveAll): LookupFunction =>
  (hostname, { all }, done) => {
    resolveAllowed(hostname, rules, resolve).then(
      ([first, ...rest]) => {
        if (all) done(null, [first, ...rest]);
        else done(null, first.address, first.family);
      },
      (error: Error) => done(error, []),
    );
  };

async function resolveAllowed(hostname: string, { allowLoopback }: UrlRules, resolve: ResolveHost) {
  const isAllowed =
    allowLoopback && hostname === loopbackName ? isLoopbackAddress : isPublicAddress;
  const [first, ...rest] = await resolve(hostname);
  if (!first) throw new Unreachable(urlProblems.noAddress);
  // Every address is checked: otherwise a private address that follows a public one would pass.
  if (![first, ...rest].every(({ address }) => isAllowed(address))) {
    throw new AddressNotAllowed(urlProblems.privateAddress);
  }
  return [first, ...rest] as const;
}
