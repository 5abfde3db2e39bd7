import { describe, expect, onTestFinished, test } from 'vitest';
import { startHttpApi } from '../../../local/aws/http-api/http-api.ts';
import type { Invoke, InvokeResult } from '../../../local/aws/lambda/invoke-result.ts';

type Options = Partial<Parameters<typeof startHttpApi>[0]>;
type Event = Readonly<Record<string, unknown>>;

const ok = (payload: unknown): InvokeResult => ({ ok: true, payload });
const route = (key: string, functionArn = 'work', timeoutMs = 30_000) => ({
  key,
  functionArn,
  timeoutMs,
});

async function setUp(handlerResult: unknown = 'ok', options: Options = {}) {
  const events: Event[] = [];
  const invoke: Invoke = async (arn, payload) => {
    events.push({ arn, ...JSON.parse(JSON.stringify(payload)) });
    return ok(handlerResult);
  };
  const api = await startHttpApi({ routes: [route('$default')], invoke, ...options });
  onTestFinished(() => api.close());
  const send = (path: string, init?: RequestInit) => fetch(api.url + path, init);
  return { ...api, send, events };
}

const cors = {
  AllowOrigins: ['https://app.example', 'http://*'],
  AllowMethods: ['GET', 'POST'],
  AllowHeaders: ['authorization'],
  ExposeHeaders: ['x-count'],
  AllowCredentials: true,
  MaxAge: 60,
};

describe('an event', () => {
  test('has the form that API Gateway gives it', async () => {
    const { send, events, url } = await setUp('ok', {
      routes: [route('POST /v1/tasks/{id}')],
      now: () => Date.UTC(2026, 2, 12, 19, 3, 58, 5),
    });
    await send('/v1/tasks/a%20b?x=1&y=%C3%A4&x=2', {
      method: 'POST',
      body: '{"ä":1}',
      headers: [
        ['Content-Type', 'application/json'],
        ['X-Many', 'one'],
        ['X-Many', 'two'],
        ['Cookie', 'a=1; b=2'],
        ['User-Agent', 'test'],
      ],
    });
    const host = new URL(url).host;

    expect(events).toEqual([
      {
        arn: 'work',
        version: '2.0',
        routeKey: 'POST /v1/tasks/{id}',
        rawPath: '/v1/tasks/a b',
        rawQueryString: 'x=1&y=%C3%A4&x=2',
        cookies: ['a=1', 'b=2'],
        headers: expect.objectContaining({
          'content-type': 'application/json',
          'x-many': 'one, two',
          host,
          'x-forwarded-for': '127.0.0.1',
          'x-forwarded-proto': 'http',
        }),
        queryStringParameters: { x: '1,2', y: 'ä' },
        pathParameters: { id: 'a b' },
        requestContext: {
          accountId: '000000000000',
          apiId: 'local',
          domainName: host,
          domainPrefix: '127',
          http: {
            method: 'POST',
            path: '/v1/tasks/a b',
            protocol: 'HTTP/1.1',
            sourceIp: '127.0.0.1',
            userAgent: 'test',
          },
          requestId: expect.any(String),
          routeKey: 'POST /v1/tasks/{id}',
          stage: '$default',
          time: '12/Mar/2026:19:03:58 +0000',
          timeEpoch: Date.UTC(2026, 2, 12, 19, 3, 58, 5),
        },
        body: '{"ä":1}',
        isBase64Encoded: false,
      },
    ]);
    expect(events[0]?.['headers']).not.toHaveProperty('cookie');
  });

  test('has no fields for missing parts of the request', async () => {
    const { send, events } = await setUp();
    await send('/');

    expect(Object.keys(events[0] ?? {})).toEqual([
      'arn',
      'version',
      'routeKey',
      'rawPath',
      'rawQueryString',
      'headers',
      'requestContext',
      'isBase64Encoded',
    ]);
  });

  test.each([
    ['text/csv', 'a', false],
    ['application/json; charset=utf-8', 'a', false],
    ['application/xml', 'a', false],
    ['application/problem+json', 'YQ==', true],
    ['application/x-www-form-urlencoded', 'YQ==', true],
    ['image/png', 'YQ==', true],
    ['', 'YQ==', true],
  ])('carries a body of type "%s" as %s', async (type, body, isBase64Encoded) => {
    const { send, events } = await setUp();
    const headers: Record<string, string> = type ? { 'content-type': type } : {};
    await send('/', { method: 'POST', body: new Blob(['a']), headers });

    expect(events[0]).toMatchObject({ body, isBase64Encoded });
  });
});

describe('the result of a function', () => {
  test('with a status code becomes a response with that status', async () => {
    const { send } = await setUp({
      statusCode: 402,
      headers: { 'Content-Type': 'application/json', 'X-Count': 3 },
      cookies: ['a=1; Secure', 'b=2'],
      body: '{"error":"ä"}',
    });
    const response = await send('/');

    expect(response.status).toBe(402);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('x-count')).toBe('3');
    expect(response.headers.getSetCookie()).toEqual(['a=1; Secure', 'b=2']);
    expect(await response.text()).toBe('{"error":"ä"}');
  });

  test('may contain bytes as Base64', async () => {
    const { send } = await setUp({ statusCode: 200, body: '/wA=', isBase64Encoded: true });

    expect(await (await send('/')).bytes()).toEqual(new Uint8Array([255, 0]));
  });

  test.each([
    ['an object', { a: 1 }, '{"a":1}'],
    ['a text', 'hello', 'hello'],
    ['nothing', null, 'null'],
  ])('that is only %s becomes a JSON response', async (_, handlerResult, body) => {
    const response = await (await setUp(handlerResult)).send('/');

    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.text()).toBe(body);
  });

  test.each([
    ['a body that is no text', { statusCode: 200, body: { a: 1 } }],
    ['an invalid status', { statusCode: 'fine' }],
  ])('with %s becomes an internal error', async (_, handlerResult) => {
    const response = await (await setUp(handlerResult)).send('/');

    expect([response.status, await response.json()]).toEqual([
      500,
      { message: 'Internal Server Error' },
    ]);
  });
});

describe('the response to HEAD', () => {
  test('has the length that the function says, and no body', async () => {
    const { send } = await setUp({ statusCode: 200, headers: { 'Content-Length': '1234' } });

    const response = await send('/', { method: 'HEAD' });

    expect(response.headers.get('content-length')).toBe('1234');
    expect(await response.text()).toBe('');
  });

  test('has the length of the body if the function has returned one all the same', async () => {
    const { send } = await setUp({ statusCode: 200, body: 'abc' });

    expect((await send('/', { method: 'HEAD' })).headers.get('content-length')).toBe('3');
  });

  test('a function cannot change the length of any other response', async () => {
    const { send } = await setUp({
      statusCode: 200,
      headers: { 'content-length': '1' },
      body: 'abc',
    });

    expect(await (await send('/')).text()).toBe('abc');
  });
});

describe('API Gateway itself responds with', () => {
  const errorOf = async (pending: Promise<Response>) => {
    const response = await pending;
    return [response.status, await response.json()];
  };

  test('400 to a path that cannot be decoded', async () => {
    const { send } = await setUp();
    expect(await errorOf(send('/%E0%A4%A'))).toEqual([400, { message: 'Bad Request' }]);
  });

  test('404 to a path without a route', async () => {
    const { send, events } = await setUp('ok', { routes: [route('GET /v1')] });
    expect(await errorOf(send('/v2'))).toEqual([404, { message: 'Not Found' }]);
    expect(await errorOf(send('//v1'))).toEqual([404, { message: 'Not Found' }]);
    expect(events).toEqual([]);
  });

  test('413 to a body over 10 MB, and lets 10 MB pass', async () => {
    const { send, events } = await setUp();
    const body = new Uint8Array(10 * 1024 * 1024 + 1);
    expect(await errorOf(send('/', { method: 'POST', body }))).toEqual([
      413,
      { message: 'Request Entity Too Large' },
    ]);
    expect(events).toEqual([]);
    expect((await send('/', { method: 'POST', body: body.subarray(1) })).status).toBe(200);
  });

  test('500 when the function fails, and does not say why', async () => {
    const invoke: Invoke = async () => ({ ok: false, errorType: 'Error', errorMessage: 'secret' });
    const { send } = await setUp('', { invoke });
    expect(await errorOf(send('/'))).toEqual([500, { message: 'Internal Server Error' }]);
  });

  test('503 when the function takes longer than the timeout of the integration', async () => {
    const invoke: Invoke = () => new Promise(() => undefined);
    const { send } = await setUp('', { invoke, routes: [route('$default', 'work', 1)] });
    expect(await errorOf(send('/'))).toEqual([503, { message: 'Service Unavailable' }]);
  });
});

describe('browsers', () => {
  const preflight = (origin: string) => ({
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'POST' },
  });

  test('get the response to a preflight without a call of the function', async () => {
    const { send, events } = await setUp('ok', { cors });
    const response = await send('/', preflight('https://app.example'));

    expect(response.status).toBe(204);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'access-control-allow-origin': 'https://app.example',
      'access-control-allow-methods': 'GET,POST',
      'access-control-allow-headers': 'authorization',
      'access-control-allow-credentials': 'true',
      'access-control-max-age': '60',
    });
    expect(events).toEqual([]);
  });

  test.each([
    ['https://app.example', 'https://app.example'],
    ['http://127.0.0.1:5173', 'http://127.0.0.1:5173'],
    ['https://other.example', null],
  ])('from %s may read responses: %s', async (origin, allowed) => {
    const { send } = await setUp(
      { statusCode: 200, headers: { 'Access-Control-Allow-Origin': 'https://own' } },
      { cors },
    );
    const response = await send('/', { headers: { origin } });

    expect(response.headers.get('access-control-allow-origin')).toBe(allowed);
    expect(response.headers.get('access-control-expose-headers')).toBe(allowed && 'x-count');
  });

  test('get no CORS headers for an origin that is not allowed', async () => {
    const response = await (await setUp('ok', { cors })).send(
      '/',
      preflight('https://other.example'),
    );

    expect([response.status, response.headers.get('access-control-allow-methods')]).toEqual([
      204,
      null,
    ]);
  });

  test('get the CORS headers of the function when the API has no CORS configuration', async () => {
    const { send, events } = await setUp({
      statusCode: 200,
      headers: { 'access-control-allow-origin': '*' },
    });

    expect(
      (await send('/', preflight('https://x.example'))).headers.get('access-control-allow-origin'),
    ).toBe('*');
    expect(events).toHaveLength(1);
  });
});

test('a named stage is the first part of the path', async () => {
  const { send, events } = await setUp('ok', {
    stageName: 'v9',
    routes: [route('GET /tasks'), route('GET /')],
  });
  const statuses = await Promise.all(
    ['/v9/tasks', '/v9', '/tasks', '/v99/tasks'].map(async (path) => (await send(path)).status),
  );

  expect(statuses).toEqual([200, 200, 404, 404]);
  expect(events.find(({ routeKey }) => routeKey === 'GET /tasks')).toMatchObject({
    rawPath: '/v9/tasks',
  });
});
