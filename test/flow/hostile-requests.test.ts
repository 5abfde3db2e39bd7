import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { routesOf } from '../../local/aws/template/read-http-api.ts';
import { fakeClock } from '../support/clock.ts';
import { isThorough } from '../support/thorough.ts';
import { allItems, checkResponses } from './check-responses.ts';
import {
  hostileAuthorizations,
  hostileBodies,
  hostileIds,
  hostileQueries,
} from './hostile-inputs.ts';
import { openStack, type TestStack } from './open-stack.ts';
import { type RawRequest, sendRawRequest } from './raw-request.ts';

// Malformed and malicious requests. Every one is refused in the error envelope, and nothing is written.

// All routes have the same code in front of them. So only the routes that read a request in a way of their own get all of
// these requests. Each other route gets some of them, and its neighbours get others, so that every request goes to several
// routes. A thorough run sends all of them to every route.
/** A route gets one request out of so many. */
const sampled = 8;

/** Each route with the requests that it gets. */
const casesFor = <T>(
  those: readonly Route[],
  requests: (route: Route) => readonly T[],
  getsAll: (route: Route) => boolean,
) =>
  those.flatMap((route, index) =>
    requests(route)
      .filter((_, at) => isThorough || getsAll(route) || (at + index) % sampled === 0)
      .map((request) => ({ route, request })),
  );

const clock = fakeClock();
let stack: TestStack;
let routes: readonly Route[];

type Route = { readonly method: string; readonly path: string };

beforeAll(async () => {
  stack = await openStack({ outdir: inject('outdir'), clock });
  routes = routesOf(stack.context)
    .filter(({ key }) => key !== '$default')
    .map(({ key }) => key.split(' '))
    .map(([method = '', path = '']) => ({ method, path }))
    // HEAD is served like GET, and its response has no body to check.
    .filter(({ method }) => method !== 'HEAD');
  stack.tripwire.add('a prompt', 'Unwritten');
  const limits = { requests_per_minute: 100_000 };
  const { status } = await asOperator('PATCH', '/v1/admin/accounts/default', { limits });
  expect(status).toBe(200);
});
afterAll(() => stack?.close());

const asOperator = (method: string, path: string, body?: unknown) =>
  stack.call(method, path, body, { authorization: `Bearer ${stack.keys.adminKey}` });

/** The console and its documents: every path without an extension is one of their screens. */
const isPage = ({ path }: Route) => /^\/((console|docs)(\/.*)?)?$/.test(path);
const isPublic = (route: Route) =>
  isPage(route) ||
  /^\/(v1\/results\/.*|api\/v1\/files\/(content|download)\/.*|v1\/providers\/.*|v1\/console\/sessions|openapi\.json|healthz)$/.test(
    route.path,
  );
const hasBody = ({ method, path }: Route) =>
  method === 'PATCH' ||
  (method === 'POST' && !/\/(cancel|callback|check|try|\{secret\}|stream)$/.test(path));
/** A picture as Base64 is far longer than any other body. */
const isLarge = ({ path }: Route, { status }: { status: number }) =>
  path.endsWith('/base64') && status === 413;
const keyFor = ({ path }: Route) =>
  /^\/v1\/(admin|webhooks)\//.test(path) ? stack.keys.adminKey : stack.keys.apiKey;

/** The path with this id, by default with ids that do not exist. */
const targetOf = ({ path }: Route, id?: string) =>
  path
    .replace('{task_id}', id ?? 'task-unified-1757156493-imcg5zqt')
    .replace('{task}', id ?? 'task-unified-1757156493-imcg5zqt')
    .replace('{n}', '1')
    .replace('/v1/files/{file_id}', `/v1/files/${id ?? `file-${'a'.repeat(26)}`}`)
    .replace('{file+}', id ?? 'nothing.js')
    .replace('{page}', id ?? 'nothing.js')
    .replace('{file}', id ?? `file_${'0'.repeat(26)}`)
    .replace('{model}', id ?? 'no-model')
    .replace('{account}', id ?? 'nobody')
    .replace('{key_id}', id ?? 'key-0123456789abcdef')
    .replace('/v1/admin/providers/{provider}', `/v1/admin/providers/${id ?? 'dashscope'}`);

type RequestParts = Omit<RawRequest, 'method' | 'target'> & { readonly target?: string };

/** The gateway lets five requests a second to this route through, so time has to pass between the requests here. */
const isScarce = ({ path }: Route) => path === '/v1/console/sessions';

const send = (route: Route, { target = targetOf(route), ...rest }: RequestParts) => {
  if (isScarce(route)) clock.advance(1000);
  return sendRawRequest(stack.url, { method: route.method, target, ...rest });
};

const authorized = (route: Route) => ['authorization', `Bearer ${keyFor(route)}`] as const;

const nameOf = ({ method, path }: Route) => `${method} ${path}`;

test('a hostile body is refused on every route that reads one, and does no harm on the others', async () => {
  // The Files API has an envelope of its own, and pictures as Base64 are longer than any other body.
  const getsAll = ['/v1/images/generations', '/api/v1/files/upload/base64'];
  const cases = casesFor(
    routes,
    () => hostileBodies,
    ({ path }) => getsAll.includes(path),
  );
  expect(routes.filter(hasBody).length).toBeGreaterThan(7);
  expect(routes.filter(({ path }) => getsAll.includes(path))).toHaveLength(getsAll.length);

  const problems = await checkResponses(
    stack,
    cases,
    ({ route, request }) => `${nameOf(route)} with ${request.description}`,
    async ({ route, request: hostile }) => {
      const headers = Object.entries({ 'content-type': 'application/json', ...hostile.headers });
      const response = await send(route, {
        headers: [authorized(route), ...headers.filter(([, value]) => value !== null)],
        body: hostile.body,
      });
      return [response, hasBody(route) && !isLarge(route, hostile) ? hostile.status : undefined];
    },
  );

  expect(problems).toEqual([]);
}, 300_000);

test('a request without an issued key is refused with 401 on every route that needs one', async () => {
  const getsAll = ['GET /v1/tasks', 'GET /v1/admin/keys'];
  expect(routes.filter((route) => getsAll.includes(nameOf(route)))).toHaveLength(getsAll.length);
  const cases = casesFor(
    routes.filter((route) => !isPublic(route)),
    (route) => hostileAuthorizations(keyFor(route)),
    (route) => getsAll.includes(nameOf(route)),
  );

  const problems = await checkResponses(
    stack,
    cases,
    ({ route, request }) => `${nameOf(route)} with ${JSON.stringify(request).slice(0, 60)}`,
    async ({ route, request: values }) => [
      await send(route, {
        headers: values.map((value) => ['authorization', value] as const),
        body: hasBody(route) ? '{' : undefined,
      }),
      401,
    ],
  );

  expect(problems).toEqual([]);
});

test.each(['bearer', 'BEARER', 'bEaReR', 'Bearer   ', '  Bearer'])(
  'the scheme of the Authorization header is accepted as %j',
  async (scheme) => {
    const { status } = await sendRawRequest(stack.url, {
      method: 'GET',
      target: '/v1/models',
      headers: [['AUTHORIZATION', `${scheme} ${stack.keys.apiKey}  `]],
    });

    expect(status).toBe(200);
  },
);

test('a malformed id is refused on every route that has one in its path', async () => {
  // A provider's webhook gets the same response to every request.
  const withId = routes.filter(({ path }) => path.includes('{') && !path.includes('{job}'));
  const parameterOf = ({ path }: Route) => /\{[^}]+\}/.exec(path)?.[0];
  const cases = casesFor(
    withId,
    () => hostileIds,
    // The first route that has an id of this kind.
    (route) => route === withId.find((one) => parameterOf(one) === parameterOf(route)),
  );

  const problems = await checkResponses(
    stack,
    cases,
    ({ route, request }) => `${nameOf(route)} with ${request.slice(0, 40)}`,
    async ({ route, request: id }) => {
      const body = JSON.stringify({ user_group: 'a', credits: 1, name: 'a' });
      const response = await send(route, {
        target: targetOf(route, id),
        headers: [authorized(route), ['content-type', 'application/json']],
        body: hasBody(route) ? body : undefined,
      });
      return [response, undefined];
    },
  );
  const responses = await Promise.all(
    withId
      .filter((route) => !isPage(route))
      .map((route) =>
        send(route, { target: targetOf(route, '%00'), headers: [authorized(route)] }),
      ),
  );

  expect(problems).toEqual([]);
  expect(responses.filter(({ status }) => status < 400)).toEqual([]);
});

test('a query that breaks a rule is refused on every list', async () => {
  const lists = ['/v1/tasks', '/v1/admin/accounts', '/v1/admin/keys?account=default'];
  const entries = '/v1/admin/accounts/default/entries';
  const cases = [...lists, entries].flatMap((list) =>
    hostileQueries.map((query) => ({ list, query })),
  );

  const problems = await checkResponses(
    stack,
    cases,
    ({ list, query }) => `${list} with ${query.slice(0, 60)}`,
    async ({ list, query }) => {
      const route = { method: 'GET', path: list };
      const target = `${list}${list.includes('?') ? '&' : '?'}${query}`;
      return [await send(route, { target, headers: [authorized(route)] }), 400];
    },
  );

  expect(problems).toEqual([]);
});

test.each([
  ['with 256 characters', ['x'.repeat(256)]],
  ['8 kB long', ['x'.repeat(8192)]],
  ['with a letter that is not allowed', ['a-key-that-is-nöt-fine']],
  ['empty', ['']],
])('an Idempotency-Key that is sent %s is refused with 400', async (_description, keys) => {
  const before = await allItems(stack);

  const { status, text } = await sendRawRequest(stack.url, {
    method: 'POST',
    target: '/v1/images/generations',
    headers: [
      ['authorization', `Bearer ${stack.keys.apiKey}`],
      ['content-type', 'application/json'],
      ...keys.map((key) => ['idempotency-key', key] as const),
    ],
    body: '{"prompt":"Unwritten","image_uploads":[{"content_type":"image/png"}]}',
  });

  expect([status, JSON.parse(text).error.param]).toEqual([400, 'Idempotency-Key']);
  expect(await allItems(stack)).toBe(before);
});
