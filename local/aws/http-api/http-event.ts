import type { IncomingMessage } from 'node:http';
import { accountId } from '../template/physical-names.ts';

type EventInput = {
  readonly request: IncomingMessage;
  readonly requestId: string;
  readonly url: URL;
  readonly body: Buffer;
  readonly routeKey: string;
  readonly pathParameters: Readonly<Record<string, string>> | undefined;
  readonly stage: string;
  readonly now: number;
};

/** The event of payload format 2.0 that API Gateway makes of a request. */
export function httpEvent({
  request,
  requestId,
  url,
  body,
  routeKey,
  pathParameters,
  stage,
  now,
}: EventInput) {
  const { cookie, ...headers } = headersOf(request);
  const query = queryOf(url);
  return {
    version: '2.0',
    routeKey,
    // An HTTP API passes the decoded path.
    rawPath: decodeURIComponent(url.pathname),
    rawQueryString: url.search.slice(1),
    ...(cookie !== undefined && { cookies: cookie.split(/; */) }),
    headers,
    ...(query && { queryStringParameters: query }),
    ...(pathParameters && { pathParameters }),
    requestContext: contextOf({ request, requestId, url, routeKey, stage, now, headers }),
    ...bodyOf(body, headers['content-type']),
  };
}

function headersOf(request: IncomingMessage): Record<string, string> {
  const joined = Object.entries(request.headersDistinct).map(
    ([name, values = []]): [string, string] => [name, values.join(name === 'cookie' ? '; ' : ',')],
  );
  return {
    ...Object.fromEntries(joined),
    'x-forwarded-for': sourceIp(request),
    'x-forwarded-port': String(request.socket.localPort),
    'x-forwarded-proto': 'http',
  };
}

function queryOf(url: URL): Record<string, string> | undefined {
  const names = [...new Set(url.searchParams.keys())];
  if (names.length === 0) return undefined;
  return Object.fromEntries(names.map((name) => [name, url.searchParams.getAll(name).join(',')]));
}

type ContextInput = Pick<
  EventInput,
  'request' | 'requestId' | 'url' | 'routeKey' | 'stage' | 'now'
> & {
  readonly headers: Readonly<Record<string, string>>;
};

function contextOf({ request, requestId, url, routeKey, stage, now, headers }: ContextInput) {
  const host = headers['host'] ?? '';
  return {
    accountId,
    apiId: 'local',
    domainName: host,
    domainPrefix: host.split('.')[0],
    http: {
      method: request.method ?? '',
      path: decodeURIComponent(url.pathname),
      protocol: `HTTP/${request.httpVersion}`,
      sourceIp: sourceIp(request),
      userAgent: headers['user-agent'] ?? '',
    },
    requestId,
    routeKey,
    stage,
    time: logTime(new Date(now)),
    timeEpoch: now,
  };
}

const sourceIp = (request: IncomingMessage) => request.socket.remoteAddress ?? '127.0.0.1';

// 12/Mar/2026:19:03:58 +0000
function logTime(date: Date): string {
  const [, day, month, year, time] = date.toUTCString().split(' ');
  return `${day}/${month}/${year}:${time} +0000`;
}

// The types that API Gateway passes as text. All other bodies are Base64, also forms and untyped ones.
const isText = (type: string) =>
  type.startsWith('text/') || /^application\/(json|xml|javascript)\s*(;|$)/.test(type);

function bodyOf(body: Buffer, type = '') {
  if (body.length === 0) return { isBase64Encoded: false };
  return isText(type.toLowerCase())
    ? { body: body.toString('utf8'), isBase64Encoded: false }
    : { body: body.toString('base64'), isBase64Encoded: true };
}
