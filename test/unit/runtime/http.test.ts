import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { openRoute, readRoute, route } from '../../../functions/runtime/http.ts';
import { Problem } from '../../../functions/task/problem.ts';
import { sampleCaller } from '../../support/tasks.ts';
import { bodyOf, event } from './event.ts';
import { lines } from './lines.ts';

const written = lines();
const everybody = async () => sampleCaller;
const nobody = async () => {
  throw new Problem('unauthorized', 'The API key is not valid.');
};
const Body = z.object({ colour: z.string('colour must be a text') }, 'The body must be an object.');
const echo = route(everybody, Body, async ({ body }) => ({ status: 200, body }));

const envelope = (code: string, message: string, type: string, param: string | null = null) => ({
  error: { code, message, type, param },
});
const invalid = (message: string, param: string | null = null) =>
  envelope('invalid_request', message, 'invalid_request_error', param);

describe('200', () => {
  test('is JSON that nobody keeps, under the id of its request', async () => {
    expect(await echo(event({ body: { colour: 'red' } }))).toEqual({
      statusCode: 200,
      headers: {
        'content-type': 'application/json',
        'cache-control': 'no-store',
        'x-request-id': 'request-1',
      },
      body: '{"colour":"red"}',
    });
  });

  test('a body that came as base64 is the same body', async () => {
    const body = Buffer.from('{"colour":"grün"}').toString('base64');

    const answer = await echo(event({ body, isBase64Encoded: true }));

    expect(bodyOf(answer)).toEqual({ colour: 'grün' });
  });

  test('a route knows its caller, the path, the query and the headers', async () => {
    const tell = readRoute(everybody, async ({ caller, path, query, headers }) => ({
      ...{ status: 200, body: { caller, path, query, headers } },
    }));
    const pathParameters = { task_id: 't' };

    const asked = event({
      pathParameters,
      queryStringParameters: { page: '2' },
      headers: { a: 'b' },
    });

    expect(bodyOf(await tell(asked))).toEqual({
      ...{ caller: sampleCaller, path: pathParameters, query: { page: '2' }, headers: { a: 'b' } },
    });
  });

  test('a call without parameters has none', async () => {
    const tell = openRoute(async ({ path, query }) => ({ status: 200, body: { path, query } }));

    expect(bodyOf(await tell(event()))).toEqual({ path: {}, query: {} });
  });
});

test('whether a body may be left out is for the schema to say', async () => {
  const lenient = route(everybody, Body.prefault({ colour: 'red' }), async ({ body }) => ({
    ...{ status: 200, body },
  }));

  expect(bodyOf(await lenient(event()))).toEqual({ colour: 'red' });
  expect((await lenient(event({ body: ' ' }))).statusCode).toBe(400);
});

describe('302', () => {
  test('has headers of its own and no body', async () => {
    const move = openRoute(async () => ({ status: 302, headers: { location: 'https://a.b/' } }));

    expect(await move(event())).toEqual({
      statusCode: 302,
      headers: {
        ...{ location: 'https://a.b/', 'cache-control': 'no-store', 'x-request-id': 'request-1' },
      },
    });
  });
});

describe('400', () => {
  test.each([
    ['nothing', undefined, invalid('The body must be an object.')],
    ['an empty body', '', invalid('The body must be an object.')],
    ['half a body', '{"colour":', invalid('The body is not valid JSON.')],
    ['a list', [], invalid('The body must be an object.')],
    ['null', 'null', invalid('The body must be an object.')],
    ['a wrong type', { colour: 7 }, invalid('colour must be a text', 'colour')],
  ])('%s', async (_what, body, expected) => {
    const answer = await echo(event({ body }));

    expect(answer.statusCode).toBe(400);
    expect(bodyOf(answer)).toEqual(expected);
  });

  test('a field deep inside is named by its place, before a rule that lacks it', async () => {
    const Deep = z.object({ a: z.array(z.object({ b: z.string('must be a text') })) });
    const deep = route(everybody, Deep, async () => ({ status: 200 }));

    const answer = await deep(event({ body: { a: [{ b: '' }, { b: 1 }] } }));

    expect(bodyOf(answer)).toEqual(invalid('a[1].b must be a text', 'a[1].b'));
  });
});

describe('401', () => {
  test('comes before anything is said about the body', async () => {
    const closed = route(nobody, Body, async () => ({ status: 200 }));

    const answer = await closed(event({ body: 'no JSON at all' }));

    expect(answer.statusCode).toBe(401);
    expect(bodyOf(answer)).toEqual(
      envelope('unauthorized', 'The API key is not valid.', 'authentication_error'),
    );
  });

  test('the header is read, and the scope of the route is asked for: "generate" if it says none', async () => {
    const asked: unknown[] = [];
    const noting = async (...what: unknown[]) => {
      asked.push(what);
      return sampleCaller;
    };
    const run = async () => ({ status: 200 });
    const admin = { scope: 'admin' } as const;

    await route(noting, Body, run)(event({ body: { colour: '' } }));
    await readRoute(noting, run)(event({ headers: {} }));
    await route(noting, Body, run, admin)(event({ body: { colour: '' } }));
    await readRoute(noting, run, admin)(event());

    expect(asked).toEqual([
      ['Bearer sk-dr-test', 'generate'],
      [undefined, 'generate'],
      ['Bearer sk-dr-test', 'admin'],
      ['Bearer sk-dr-test', 'admin'],
    ]);
  });
});

describe('413', () => {
  const most = 256 * 1024;
  const ofBytes = (bytes: number) => `{"colour":"${'x'.repeat(bytes - 13)}"}`;
  const refused = envelope(
    'request_too_large',
    'The body is larger than 256 kB; send pictures as addresses or uploads.',
    'invalid_request_error',
  );

  test('a body of exactly 256 kB is taken, one byte more is not', async () => {
    expect((await echo(event({ body: ofBytes(most) }))).statusCode).toBe(200);

    const answer = await echo(event({ body: ofBytes(most + 1) }));
    expect(answer.statusCode).toBe(413);
    expect(bodyOf(answer)).toEqual(refused);
  });

  test('bytes are counted, not characters, and not what base64 makes of them', async () => {
    const umlauts = `{"colour":"${'ü'.repeat(most / 2)}"}`;
    expect((await echo(event({ body: umlauts }))).statusCode).toBe(413);

    const body = Buffer.from(ofBytes(most)).toString('base64');
    expect((await echo(event({ body, isBase64Encoded: true }))).statusCode).toBe(200);
  });
});

describe('500', () => {
  test.each([
    ['an error', new Error('table tasks-1234 refused sk-dr-secret')],
    ['a text', 'table tasks-1234 refused sk-dr-secret'],
    ['nothing', undefined],
  ])('%s that nobody foresaw tells the caller and the log nothing', async (_what, thrown) => {
    const broken = openRoute(() => Promise.reject(thrown));

    const answer = await broken(event());

    expect(answer.statusCode).toBe(500);
    expect(bodyOf(answer)).toEqual(
      envelope('internal_error', 'Something went wrong on our side.', 'api_error'),
    );
    expect(written.last()).toMatchObject({
      ...{ level: 'ERROR', message: 'request.refused', status: 500, code: 'internal_error' },
      ...{ requestId: 'request-1', route: 'POST /v1/images/generations' },
    });
    expect(written.text()).not.toMatch(/tasks-1234|sk-dr-/);
  });

  test('an answer that cannot be written as JSON is one of them', async () => {
    const broken = openRoute(async () => ({ status: 200, body: 1n }));

    expect((await broken(event())).statusCode).toBe(500);
  });
});

describe('503', () => {
  test('a problem brings its own headers', async () => {
    const headers = { 'retry-after': '1' };
    const busy = openRoute(async () => {
      throw new Problem('service_unavailable', 'Busy.', { headers });
    });

    const answer = await busy(event());

    expect(answer).toMatchObject({ statusCode: 503, headers: { ...headers } });
    expect(answer.headers).toHaveProperty('x-request-id', 'request-1');
    expect(bodyOf(answer)).toEqual(envelope('service_unavailable', 'Busy.', 'api_error'));
  });
});

test('figures of a refusal stand beside its code', async () => {
  const details = { key_name: 'website', expired_at: 7 };
  const closed = openRoute(async () => {
    throw new Problem('KEY_EXPIRED', 'Over.', { details });
  });

  expect(bodyOf(await closed(event()))).toEqual({
    error: {
      ...{ code: 'KEY_EXPIRED', message: 'Over.', type: 'authentication_error', param: null },
      ...details,
    },
  });
});

test('what the caller did wrong is no error in the log', async () => {
  await echo(event({ body: 'no JSON at all' }));

  expect(written.last()).toMatchObject({ level: 'INFO', code: 'invalid_request', status: 400 });
  expect(written.text()).not.toContain('no JSON at all');
});
