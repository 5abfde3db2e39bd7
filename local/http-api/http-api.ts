import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Invoke } from '../lambda/invoke-answer.ts';
import { listen, type Running } from '../listen.ts';
import type { CorsConfiguration, RouteDefinition } from '../template/read-http-api.ts';
import { type HttpAnswer, httpAnswer, message } from './http-answer.ts';
import { answerHeaders, isPreflight, preflightHeaders } from './http-cors.ts';
import { httpEvent } from './http-event.ts';
import { type Match, router } from './http-route.ts';
import { readBody } from './read-body.ts';

type Options = {
  readonly routes: readonly RouteDefinition[];
  readonly invoke: Invoke;
  readonly cors?: CorsConfiguration | undefined;
  readonly stageName?: string;
  readonly port?: number;
  readonly now?: () => number;
};

type Find = (method: string, path: string) => Match<RouteDefinition> | undefined;

const maxBytes = 10 * 1024 * 1024;

/** API Gateway's HTTP API: requests become events of payload format 2.0, answers become responses. */
export async function startHttpApi(options: Options): Promise<Running> {
  const find = router(options.routes);
  const server = createServer((request, response) => {
    answer(request, find, options)
      .catch(() => message(500, 'Internal Server Error'))
      .then((reply) => send(reply, response))
      .catch(() => response.destroy());
  });
  return listen(server, options.port ?? 0);
}

async function answer(request: IncomingMessage, find: Find, options: Options): Promise<HttpAnswer> {
  const { cors } = options;
  const { method, headers } = request;
  if (cors && isPreflight(method, headers)) {
    return { status: 204, headers: preflightHeaders(cors, headers.origin), body: '' };
  }
  const reply = await integrate(request, find, options);
  if (!cors) return reply;
  // What the function says about origins is ignored, as it is on AWS.
  const own = Object.entries(reply.headers).filter(([name]) => !name.startsWith('access-control-'));
  return {
    ...reply,
    headers: { ...Object.fromEntries(own), ...answerHeaders(cors, headers.origin) },
  };
}

async function integrate(
  request: IncomingMessage,
  find: Find,
  options: Options,
): Promise<HttpAnswer> {
  const { invoke, stageName: stage = '$default', now = Date.now } = options;
  const body = await readBody(request, maxBytes);
  if (!body) return message(413, 'Request Entity Too Large');
  const url = parseUrl(request.url ?? '/');
  if (!url) return message(400, 'Bad Request');

  const path = withoutStage(url.pathname, stage);
  const match = path === undefined ? undefined : find(request.method ?? '', path);
  if (!match) return message(404, 'Not Found');
  const { route, pathParameters } = match;
  const event = httpEvent({
    request,
    url,
    body,
    routeKey: route.key,
    pathParameters,
    stage,
    now: now(),
  });
  return Promise.race([
    invoke(route.functionArn, event).then(httpAnswer),
    unavailableAfter(route.timeoutMs),
  ]);
}

function parseUrl(target: string): URL | undefined {
  try {
    const url = new URL(`http://laptop${target}`);
    decodeURIComponent(url.pathname); // throws on a lone %
    return url;
  } catch {
    return undefined;
  }
}

// A named stage is the first part of the path, and not part of the routes.
function withoutStage(path: string, stage: string): string | undefined {
  if (stage === '$default') return path;
  if (path === `/${stage}`) return '/';
  return path.startsWith(`/${stage}/`) ? path.slice(stage.length + 1) : undefined;
}

const unavailableAfter = (milliseconds: number) =>
  new Promise<HttpAnswer>((resolve) => {
    const giveUp = () => resolve(message(503, 'Service Unavailable'));
    setTimeout(giveUp, milliseconds).unref();
  });

function send({ status, headers, cookies = [], body }: HttpAnswer, response: ServerResponse): void {
  response.writeHead(status, {
    'apigw-requestid': randomUUID(),
    ...headers,
    ...(cookies.length > 0 && { 'set-cookie': [...cookies] }),
    ...(status !== 204 && { 'content-length': Buffer.byteLength(body) }),
  });
  response.end(body);
}
