import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Invoke } from '../lambda/invoke-result.ts';
import type { RunningServer } from '../listen.ts';
import { type Listener, openListener } from '../listener.ts';
import { readBody } from '../read-body.ts';
import type { CorsConfiguration, RouteDefinition } from '../template/read-http-api.ts';
import { isPreflight, preflightHeaders, responseHeaders } from './http-cors.ts';
import { httpEvent } from './http-event.ts';
import { errorResponse, type HttpResponse, toHttpResponse } from './http-response.ts';
import { type Match, router, routesBelow } from './http-route.ts';
import { accountLimits, type Throttling, throttle } from './throttle.ts';

type Options = {
  readonly routes: readonly RouteDefinition[];
  readonly invoke: Invoke;
  readonly cors?: CorsConfiguration | undefined;
  readonly throttling?: Throttling;
  /** Multiplies the rates of the throttles. */
  readonly speed?: number;
  readonly stageName?: string;
  /** The port to serve; without it a free one is taken. The API gets no requests to paths that are mounted on it. */
  readonly listener?: Listener | undefined;
  readonly now?: () => number;
  /** Called when a request has its response. */
  readonly onRequest?: ((request: HandledRequest) => void) | undefined;
};

export type HandledRequest = {
  /** The id that the function gets in its event. */
  readonly requestId: string;
  readonly method: string;
  /** As it was sent, without the query. A request that cannot be read has `-` here and as its method. */
  readonly path: string;
  /** The route that matched, if any, and the variable parts of the path. */
  readonly routeKey?: string | undefined;
  readonly pathParameters?: Readonly<Record<string, string>> | undefined;
  readonly status: number;
  readonly milliseconds: number;
};

type Gateway = Options & {
  readonly find: (method: string, path: string) => Match<RouteDefinition> | undefined;
  readonly isAllowed: (routeKey: string) => boolean;
};

type Served = {
  readonly response: HttpResponse;
  readonly match?: Match<RouteDefinition> | undefined;
};

// The quotas of an HTTP API, which cannot be raised. The documentation names the sizes, not the responses.
const maxBodyBytes = 10 * 1024 * 1024;
const maxHeaderBytes = 10_240;

export type HttpApi = RunningServer & {
  /** Replaces the routes and the configuration. */
  update(api: Required<Pick<Options, 'routes' | 'cors' | 'stageName' | 'throttling'>>): void;
};

/**
 * API Gateway's HTTP API: turns requests into events of payload format 2.0, and results into responses.
 * @throws {Error} when a route of its own lies below a path that is mounted on the listener
 */
export async function startHttpApi(options: Options): Promise<HttpApi> {
  const listener = options.listener ?? (await openListener(0));
  requireNoRouteBelow(listener.prefixes(), options.routes);
  let gateway = gatewayOf(options);
  const stopServing = listener.serve(
    (request, response) => void serve(gateway, request, response),
    (status, socket) => reject(gateway, status, socket),
  );
  return {
    url: listener.url,
    update(api) {
      gateway = gatewayOf({ ...options, ...api });
    },
    async close() {
      stopServing();
      if (listener !== options.listener) await listener.close();
    },
  };
}

const defaultThrottling: Throttling = { default: accountLimits, routes: {} };

const gatewayOf = (options: Options): Gateway => ({
  ...options,
  find: router(options.routes),
  isAllowed: throttle(
    options.throttling ?? defaultThrottling,
    options.now ?? Date.now,
    options.speed,
  ),
});

/** @throws {Error} that names a route below a path that is mounted on the listener */
export function requireNoRouteBelow(
  prefixes: readonly string[],
  routes: readonly RouteDefinition[],
): void {
  for (const prefix of prefixes) {
    const [route] = routesBelow(routes, prefix);
    if (route) throw new Error(`${route.key} cannot be served: ${prefix} is mounted there`);
  }
}

async function serve(
  gateway: Gateway,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const startedAt = performance.now();
  const requestId = randomUUID();
  const { match, response: given } = await handle(gateway, request, requestId).catch(() => failed);
  try {
    send(requestId, given, response);
  } catch {
    response.destroy();
  }
  const [path = ''] = (request.url ?? '').split('?');
  gateway.onRequest?.({
    requestId,
    method: request.method ?? '',
    path,
    routeKey: match?.route.key,
    pathParameters: match?.pathParameters,
    status: given.status,
    milliseconds: performance.now() - startedAt,
  });
}

/** Responds to a request that cannot be read: nothing is known of it but that it is none. */
function reject({ onRequest }: Gateway, status: number, socket: Socket): void {
  const requestId = randomUUID();
  const text = STATUS_CODES[status] ?? '';
  const { headers, body } = errorResponse(status, text);
  const lines = Object.entries({
    ...headers,
    'apigw-requestid': requestId,
    'content-length': String(body.length),
    connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${text}\r\n${lines.join('')}\r\n${String(body)}`);
  onRequest?.({ requestId, method: '-', path: '-', status, milliseconds: 0 });
}

const failed: Served = { response: errorResponse(500, 'Internal Server Error') };

async function handle(
  gateway: Gateway,
  request: IncomingMessage,
  requestId: string,
): Promise<Served> {
  const { cors } = gateway;
  const { method, headers } = request;
  if (cors && isPreflight(method, headers)) {
    const allowed = preflightHeaders(cors, headers.origin);
    return { response: { status: 204, headers: allowed, body: '' } };
  }
  const served = await integrate(gateway, request, requestId);
  if (!cors) return served;
  const { response } = served;
  // CORS headers of the function are ignored, as they are on AWS.
  const own = Object.entries(response.headers).filter(
    ([name]) => !name.startsWith('access-control-'),
  );
  const allowed = responseHeaders(cors, headers.origin);
  return {
    ...served,
    response: { ...response, headers: { ...Object.fromEntries(own), ...allowed } },
  };
}

async function integrate(
  gateway: Gateway,
  request: IncomingMessage,
  requestId: string,
): Promise<Served> {
  const { stageName: stage = '$default' } = gateway;
  const body = await readBody(request, maxBodyBytes);
  if (headerBytes(request) > maxHeaderBytes) {
    return refused(431, 'Request Header Fields Too Large');
  }
  if (!body) return refused(413, 'Request Entity Too Large');
  const url = parseUrl(request.url ?? '/');
  if (!url) return refused(400, 'Bad Request');

  const path = withoutStage(url.pathname, stage);
  const match = path === undefined ? undefined : gateway.find(request.method ?? '', path);
  if (!match) return refused(404, 'Not Found');
  if (!gateway.isAllowed(match.route.key)) return refused(429, 'Too Many Requests', match);
  return {
    match,
    response: await invoke(gateway, match, { request, requestId, url, body, stage }),
  };
}

const refused = (status: number, text: string, match?: Match<RouteDefinition>): Served => ({
  response: errorResponse(status, text),
  match,
});

// The request line and the values of the headers; the names of headers do not count.
function headerBytes({ method = '', url = '', httpVersion, rawHeaders }: IncomingMessage): number {
  const requestLine = `${method} ${url} HTTP/${httpVersion}`;
  return rawHeaders
    .filter((_, index) => index % 2 === 1)
    .reduce((sum, value) => sum + Buffer.byteLength(value, 'latin1'), requestLine.length);
}

type Input = Pick<
  Parameters<typeof httpEvent>[0],
  'request' | 'requestId' | 'url' | 'body' | 'stage'
>;

function invoke(
  gateway: Gateway,
  { route, pathParameters }: Match<RouteDefinition>,
  input: Input,
): Promise<HttpResponse> {
  const { now = Date.now } = gateway;
  const event = httpEvent({ ...input, routeKey: route.key, pathParameters, now: now() });
  return Promise.race([
    gateway.invoke(route.functionArn, event).then(toHttpResponse),
    unavailableAfter(route.timeoutMs),
  ]);
}

function parseUrl(target: string): URL | undefined {
  try {
    const url = new URL(`http://local${target}`);
    decodeURIComponent(url.pathname); // throws on a lone %
    return url;
  } catch {
    return undefined;
  }
}

// The name of a stage is the first part of the path, and is not in the routes.
function withoutStage(path: string, stage: string): string | undefined {
  if (stage === '$default') return path;
  if (path === `/${stage}`) return '/';
  return path.startsWith(`/${stage}/`) ? path.slice(stage.length + 1) : undefined;
}

const unavailableAfter = (milliseconds: number) =>
  new Promise<HttpResponse>((resolve) => {
    const giveUp = () => resolve(errorResponse(503, 'Service Unavailable'));
    setTimeout(giveUp, milliseconds).unref();
  });

function send(
  requestId: string,
  { status, headers, cookies = [], body }: HttpResponse,
  response: ServerResponse,
): void {
  response.writeHead(status, {
    'apigw-requestid': requestId,
    ...headers,
    ...(cookies.length > 0 && { 'set-cookie': [...cookies] }),
    ...lengthOf(response.req.method, { status, headers, body }),
  });
  response.end(body);
}

/** A response to HEAD has no body, and says the length that the function has given. */
function lengthOf(method: string | undefined, { status, headers, body }: HttpResponse) {
  const isDescribed = method === 'HEAD' && headers['content-length'] !== undefined;
  return status === 204 || isDescribed ? {} : { 'content-length': Buffer.byteLength(body) };
}
