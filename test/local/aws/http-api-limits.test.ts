import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { type HandledRequest, startHttpApi } from '../../../local/aws/http-api/http-api.ts';
import { throttle } from '../../../local/aws/http-api/throttle.ts';

type Options = Partial<Parameters<typeof startHttpApi>[0]>;

const route = (key: string) => ({ key, functionArn: 'work', timeoutMs: 30_000 });

async function setUp(options: Options = {}) {
  const events: unknown[] = [];
  const clock = { now: 0 };
  const api = await startHttpApi({
    routes: [route('$default')],
    invoke: async (_, event) => {
      events.push(event);
      return { ok: true, payload: 'ok' };
    },
    now: () => clock.now,
    ...options,
  });
  onTestFinished(() => api.close());
  const send = async (path: string, init?: RequestInit) => {
    const response = await fetch(api.url + path, init);
    return [response.status, await response.text()];
  };
  return { ...api, send, events, clock };
}

/** A request with nothing but these headers; `fetch` adds some of its own. */
const bareRequest = (url: string, path: string, headers: Record<string, string>) =>
  new Promise<[number | undefined, string]>((resolve, reject) => {
    httpRequest(url + path, { headers, setDefaultHeaders: false }, (response) => {
      let body = '';
      response.on('data', (part) => {
        body += part;
      });
      response.on('end', () => resolve([response.statusCode, body]));
    })
      .on('error', reject)
      .end();
  });

describe('the request line and the values of the headers', () => {
  const requestLine = 'GET / HTTP/1.1'.length;
  const host = 'a.example';
  const rest = 10_240 - requestLine - host.length;

  test('may have 10,240 bytes together; the names of the headers do not count', async () => {
    const { url } = await setUp();
    const headers = { host, 'x-long': 'a'.repeat(rest - 100), 'x-longer-name': 'b'.repeat(100) };

    expect(await bareRequest(url, '/', headers)).toEqual([200, 'ok']);
  });

  test.each([
    ['the headers have', '/', 1],
    ['the path has', '/a', 0],
  ])('get 431 when %s one byte more, and reach no function', async (_, path, more) => {
    const { url, events } = await setUp();
    const headers = { host, 'x-long': 'a'.repeat(rest + more) };

    expect(await bareRequest(url, path, headers)).toEqual([
      431,
      '{"message":"Request Header Fields Too Large"}',
    ]);
    expect(events).toEqual([]);
  });

  const tooLarge = [431, '{"message":"Request Header Fields Too Large"}'];

  test.each([
    ['17 KB', 17_000],
    ['more than Node would ever read', 2_000_000],
  ])('get 431 in the words of the gateway with %s, and are reported', async (_, bytes) => {
    const reported: HandledRequest[] = [];
    const { url, events } = await setUp({ onRequest: (request) => reported.push(request) });

    expect(await bareRequest(url, '/', { host, 'x-long': 'a'.repeat(bytes) })).toEqual(tooLarge);
    expect(reported).toMatchObject([{ status: 431, requestId: expect.any(String) }]);
    expect(events).toEqual([]);
  });

  test('may have names of any length and number', async () => {
    const { url, events } = await setUp();
    const names = Array.from({ length: 2500 }, (_, index) => `x-${'n'.repeat(180)}-${index}`);
    const headers = { host, ...Object.fromEntries(names.map((name) => [name, 'v'])) };

    expect(await bareRequest(url, '/', headers)).toEqual([200, 'ok']);
    expect(
      Object.keys(z.object({ headers: z.object({}).loose() }).parse(events[0]).headers),
    ).toEqual(expect.arrayContaining(names));
  });
});

test('what is no HTTP request gets 400 in the words of the gateway, and is reported', async () => {
  const reported: HandledRequest[] = [];
  const { url } = await setUp({ onRequest: (request) => reported.push(request) });
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.end('nonsense\r\n\r\n');

  expect(await text(socket)).toMatch(
    /^HTTP\/1\.1 400 Bad Request\r\n.*\{"message":"Bad Request"\}$/s,
  );
  expect(reported).toMatchObject([{ status: 400 }]);
});

describe('a throttled route', () => {
  const throttling = {
    default: { rate: 2, burst: 3 },
    routes: { 'GET /slow': { rate: 1, burst: 1 } },
  };
  const routes = ['GET /a', 'GET /b', 'GET /slow'].map(route);
  const tooMany = [429, '{"message":"Too Many Requests"}'];

  test('responds with 429 beyond its burst, in the words of the gateway, and calls no function', async () => {
    const { send, events } = await setUp({ routes, throttling });
    for (const _ of [1, 2, 3]) expect(await send('/a')).toEqual([200, 'ok']);

    expect(await send('/a')).toEqual(tooMany);
    expect(events).toHaveLength(3);
  });

  test('gets new tokens at its rate, up to its burst', async () => {
    const { send, clock } = await setUp({ routes, throttling });
    const statuses = async (...paths: string[]) => {
      const all: unknown[] = [];
      for (const path of paths) all.push((await send(path))[0]);
      return all;
    };
    expect(await statuses('/a', '/a', '/a', '/a')).toEqual([200, 200, 200, 429]);

    clock.now = 500;
    expect(await statuses('/a', '/a')).toEqual([200, 429]);
    clock.now = 60_000;
    expect(await statuses('/a', '/a', '/a', '/a')).toEqual([200, 200, 200, 429]);
  });

  test('has a bucket of its own, and settings of its own where the stage has them', async () => {
    const { send } = await setUp({ routes, throttling });
    for (const _ of [1, 2, 3, 4]) await send('/a');

    expect(await send('/b')).toEqual([200, 'ok']);
    expect(await send('/slow')).toEqual([200, 'ok']);
    expect(await send('/slow')).toEqual(tooMany);
  });

  test('gets its tokens faster in a stack that runs faster', () => {
    const clock = { now: 0 };
    const take = throttle(throttling, () => clock.now, 8);
    for (const _ of [1, 2, 3]) expect(take('GET /a')).toBe(true);
    expect(take('GET /a')).toBe(false);

    clock.now = 62.5;

    expect(take('GET /a')).toBe(true);
    expect(take('GET /a')).toBe(false);
  });

  test('without settings has the limits of an account', async () => {
    const { send } = await setUp();

    expect(await send('/')).toEqual([200, 'ok']);
  });
});

test('every request is reported with its id, its route and the response, and without its query', async () => {
  const reported: HandledRequest[] = [];
  const { send, events } = await setUp({
    routes: [route('GET /tasks/{id}')],
    onRequest: (request) => reported.push(request),
  });
  await send('/tasks/a%20b?secret=1');
  await send('/nothing', { method: 'POST' });

  const milliseconds = expect.any(Number);
  expect(reported).toEqual([
    {
      requestId: expect.any(String),
      method: 'GET',
      path: '/tasks/a%20b',
      routeKey: 'GET /tasks/{id}',
      pathParameters: { id: 'a b' },
      status: 200,
      milliseconds,
    },
    {
      requestId: expect.any(String),
      method: 'POST',
      path: '/nothing',
      routeKey: undefined,
      pathParameters: undefined,
      status: 404,
      milliseconds,
    },
  ]);
  expect(events).toMatchObject([{ requestContext: { requestId: reported[0]?.requestId } }]);
});
