import { describe, expect, onTestFinished, test } from 'vitest';
import { startHttpApi } from '../../local/http-api/http-api.ts';
import type { Invoke, InvokeAnswer } from '../../local/lambda/invoke-answer.ts';

type Options = Partial<Parameters<typeof startHttpApi>[0]>;
type Event = Readonly<Record<string, unknown>>;

const ok = (payload: unknown): InvokeAnswer => ({ ok: true, payload });
const route = (key: string, functionArn = 'paint', timeoutMs = 30_000) => ({
  key,
  functionArn,
  timeoutMs,
});

async function world(answer: unknown = 'ok', options: Options = {}) {
  const events: Event[] = [];
  const invoke: Invoke = async (arn, payload) => {
    events.push({ arn, ...JSON.parse(JSON.stringify(payload)) });
    return ok(answer);
  };
  const api = await startHttpApi({ routes: [route('$default')], invoke, ...options });
  onTestFinished(() => api.close());
  const ask = (path: string, init?: RequestInit) => fetch(api.url + path, init);
  return { ...api, ask, events };
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
  test('is what API Gateway makes of the request', async () => {
    const { ask, events, url } = await world('ok', {
      routes: [route('POST /v1/tasks/{id}')],
      now: () => Date.UTC(2026, 2, 12, 19, 3, 58, 5),
    });
    await ask('/v1/tasks/a%20b?x=1&y=%C3%A4&x=2', {
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
        arn: 'paint',
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
          apiId: 'laptop',
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

  test('leaves out what the request does not have', async () => {
    const { ask, events } = await world();
    await ask('/');

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
    const { ask, events } = await world();
    const headers: Record<string, string> = type ? { 'content-type': type } : {};
    await ask('/', { method: 'POST', body: new Blob(['a']), headers });

    expect(events[0]).toMatchObject({ body, isBase64Encoded });
  });
});

describe('an answer', () => {
  test('with a status code becomes that response', async () => {
    const { ask } = await world({
      statusCode: 402,
      headers: { 'Content-Type': 'application/json', 'X-Count': 3 },
      cookies: ['a=1; Secure', 'b=2'],
      body: '{"error":"ä"}',
    });
    const response = await ask('/');

    expect(response.status).toBe(402);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('x-count')).toBe('3');
    expect(response.headers.getSetCookie()).toEqual(['a=1; Secure', 'b=2']);
    expect(await response.text()).toBe('{"error":"ä"}');
  });

  test('may carry bytes', async () => {
    const { ask } = await world({ statusCode: 200, body: '/wA=', isBase64Encoded: true });

    expect(await (await ask('/')).bytes()).toEqual(new Uint8Array([255, 0]));
  });

  test.each([
    ['an object', { a: 1 }, '{"a":1}'],
    ['a text', 'hello', 'hello'],
    ['nothing', null, 'null'],
  ])('that is plainly %s is a JSON response', async (_, answer, body) => {
    const response = await (await world(answer)).ask('/');

    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.text()).toBe(body);
  });

  test.each([
    ['a body that is no text', { statusCode: 200, body: { a: 1 } }],
    ['a status that is none', { statusCode: 'fine' }],
  ])('with %s is an internal error', async (_, answer) => {
    const response = await (await world(answer)).ask('/');

    expect([response.status, await response.json()]).toEqual([
      500,
      { message: 'Internal Server Error' },
    ]);
  });
});

describe('API Gateway itself answers', () => {
  const refusal = async (asked: Promise<Response>) => {
    const response = await asked;
    return [response.status, await response.json()];
  };

  test('400 to a path that cannot be decoded', async () => {
    const { ask } = await world();
    expect(await refusal(ask('/%E0%A4%A'))).toEqual([400, { message: 'Bad Request' }]);
  });

  test('404 where no route leads', async () => {
    const { ask, events } = await world('ok', { routes: [route('GET /v1')] });
    expect(await refusal(ask('/v2'))).toEqual([404, { message: 'Not Found' }]);
    expect(await refusal(ask('//v1'))).toEqual([404, { message: 'Not Found' }]);
    expect(events).toEqual([]);
  });

  test('413 to a body over 10 MB, and lets 10 MB pass', async () => {
    const { ask, events } = await world();
    const body = new Uint8Array(10 * 1024 * 1024 + 1);
    expect(await refusal(ask('/', { method: 'POST', body }))).toEqual([
      413,
      { message: 'Request Entity Too Large' },
    ]);
    expect(events).toEqual([]);
    expect((await ask('/', { method: 'POST', body: body.subarray(1) })).status).toBe(200);
  });

  test('500 when the function failed, telling nothing of why', async () => {
    const invoke: Invoke = async () => ({ ok: false, errorType: 'Error', errorMessage: 'secret' });
    const { ask } = await world('', { invoke });
    expect(await refusal(ask('/'))).toEqual([500, { message: 'Internal Server Error' }]);
  });

  test('503 when the function takes longer than the integration may', async () => {
    const invoke: Invoke = () => new Promise(() => undefined);
    const { ask } = await world('', { invoke, routes: [route('$default', 'paint', 1)] });
    expect(await refusal(ask('/'))).toEqual([503, { message: 'Service Unavailable' }]);
  });
});

describe('browsers', () => {
  const preflight = (origin: string) => ({
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'POST' },
  });

  test('learn what they may do without a function being asked', async () => {
    const { ask, events } = await world('ok', { cors });
    const response = await ask('/', preflight('https://app.example'));

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
  ])('from %s may read answers: %s', async (origin, allowed) => {
    const { ask } = await world(
      { statusCode: 200, headers: { 'Access-Control-Allow-Origin': 'https://own' } },
      { cors },
    );
    const response = await ask('/', { headers: { origin } });

    expect(response.headers.get('access-control-allow-origin')).toBe(allowed);
    expect(response.headers.get('access-control-expose-headers')).toBe(allowed && 'x-count');
  });

  test('hear nothing of an origin that is not allowed', async () => {
    const response = await (await world('ok', { cors })).ask(
      '/',
      preflight('https://other.example'),
    );

    expect([response.status, response.headers.get('access-control-allow-methods')]).toEqual([
      204,
      null,
    ]);
  });

  test('are left to the functions when the API says nothing about origins', async () => {
    const { ask, events } = await world({
      statusCode: 200,
      headers: { 'access-control-allow-origin': '*' },
    });

    expect(
      (await ask('/', preflight('https://x.example'))).headers.get('access-control-allow-origin'),
    ).toBe('*');
    expect(events).toHaveLength(1);
  });
});

test('a named stage is the first part of the path', async () => {
  const { ask, events } = await world('ok', {
    stageName: 'v9',
    routes: [route('GET /tasks'), route('GET /')],
  });
  const statuses = await Promise.all(
    ['/v9/tasks', '/v9', '/tasks', '/v99/tasks'].map(async (path) => (await ask(path)).status),
  );

  expect(statuses).toEqual([200, 200, 404, 404]);
  expect(events.find(({ routeKey }) => routeKey === 'GET /tasks')).toMatchObject({
    rawPath: '/v9/tasks',
  });
});
