import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { Caller } from '../../../functions/domain/model/api-key.ts';
import { Problem, type ProblemCode } from '../../../functions/domain/model/problem.ts';
import { type CallerServices, dispatch, serve } from '../../../functions/runtime/http.ts';
import { defineRoute, formBody, jsonBody, rawBody } from '../../../functions/runtime/route.ts';
import { sampleCaller } from '../../support/tasks.ts';
import { bodyOf, event } from './event.ts';
import { lines } from './lines.ts';

const written = lines();

const Colour = z.object(
  { colour: z.string('colour must be a text') },
  'The body must be an object.',
);
const Anything = z.unknown();
const path = '/v1/images/generations';

const post = defineRoute<typeof Anything>()({
  method: 'POST',
  path,
  function: 'create-task',
  access: { scope: 'generate' },
  body: jsonBody(Colour),
  errors: [],
});
const counted = defineRoute<typeof Anything>()({
  method: 'POST',
  path,
  function: 'create-task',
  access: { scope: 'generate' },
  rateLimit: 'creates',
  body: jsonBody(Colour),
  errors: [],
});
const read = defineRoute<typeof Anything>()({
  method: 'GET',
  path: '/v1/tasks/{task_id}',
  function: 'get-task',
  access: { scope: 'admin' },
  params: { task_id: { description: '', schema: {}, example: '' } },
  query: z.object({ page: z.string().regex(/^\d$/, 'page must be a digit').default('1') }),
  errors: [],
});
const open = defineRoute<typeof Anything>()({
  method: 'GET',
  path: '/healthz',
  function: 'service',
  access: 'public',
  errors: [],
});
const redirect = defineRoute<undefined>()({
  method: 'GET',
  path: '/v1/results',
  function: 'get-result',
  access: 'signed-link',
  errors: [],
});

const failing = async (code: ProblemCode, headers: Record<string, string> = {}): Promise<never> => {
  throw new Problem(code, 'No.', { headers });
};
const anyCallerAllowed: CallerServices = {
  authenticate: async () => sampleCaller,
  admitCreate: async (caller) => ({ caller, headers: {} }),
  countCall: async () => {},
};
const noCallerAllowed: CallerServices = {
  ...anyCallerAllowed,
  authenticate: async () => {
    throw new Problem('unauthorized', 'The API key is not valid.');
  },
};
const echo = serve(post, async ({ body }) => ({ body }), anyCallerAllowed);

const envelope = (code: string, message: string, type: string, param: string | null = null) => ({
  error: { code, message, type, param },
});
const invalid = (message: string, param: string | null = null) =>
  envelope('invalid_request', message, 'invalid_request_error', param);
const red = event({ body: { colour: 'red' } });

test('a route with an envelope of its own puts every problem into it, also that of a missing key', async () => {
  const own = defineRoute<typeof Anything>()({
    method: 'POST',
    path,
    function: 'create-task',
    access: { scope: 'generate' },
    body: jsonBody(Colour),
    envelope: { name: 'Own', toBody: ({ code, status }) => ({ own: code, status }) },
    errors: [],
  });
  const handler = serve(own, () => failing('internal_error'), anyCallerAllowed);
  const refusing = serve(own, async ({ body }) => ({ body }), noCallerAllowed);

  const results = await Promise.all([handler(red), handler(event({ body: '{' })), refusing(red)]);

  expect(results.map(({ statusCode }) => statusCode)).toEqual([500, 400, 401]);
  expect(results.map(bodyOf)).toEqual([
    { own: 'internal_error', status: 500 },
    { own: 'invalid_request', status: 400 },
    { own: 'unauthorized', status: 401 },
  ]);
});

describe('200', () => {
  test('the response is JSON that must not be cached, with the id of its request', async () => {
    expect(await echo(red)).toEqual({
      statusCode: 200,
      headers: {
        'content-type': 'application/json',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'x-request-id': 'request-1',
      },
      body: '{"colour":"red"}',
    });
  });

  test('a handler can set headers of its own', async () => {
    const headers = { 'cache-control': 'public, max-age=3600' };
    const cached = serve(open, async () => ({ headers, body: {} }));

    expect((await cached(event())).headers).toMatchObject(headers);
  });

  test('a body that is sent as base64 is decoded', async () => {
    const body = Buffer.from('{"colour":"grün"}').toString('base64');

    const result = await echo(event({ body, isBase64Encoded: true }));

    expect(bodyOf(result)).toEqual({ colour: 'grün' });
  });

  test('a handler gets the caller, the path parameters, the query and the headers', async () => {
    const handler = serve(
      read,
      async ({ caller, params, query, headers }) => ({ body: { caller, params, query, headers } }),
      anyCallerAllowed,
    );

    const result = await handler(
      event({
        pathParameters: { task_id: 't' },
        queryStringParameters: { page: '2' },
        headers: { a: 'b' },
      }),
    );

    expect(bodyOf(result)).toEqual({
      caller: sampleCaller,
      params: { task_id: 't' },
      query: { page: '2' },
      headers: { a: 'b' },
    });
  });

  test('a request without path parameters and query gets empty parameters and the defaults of the schema', async () => {
    const handler = serve(
      read,
      async ({ params, query }) => ({ body: { params, query } }),
      anyCallerAllowed,
    );

    expect(bodyOf(await handler(event()))).toEqual({ params: {}, query: { page: '1' } });
  });

  test('a form is passed to the handler as its bytes, also when it was not sent as base64', async () => {
    const form = defineRoute<typeof Anything>()({
      method: 'POST',
      path: '/v1/form',
      function: 'service',
      access: 'public',
      body: formBody(z.object({ file: z.file() })),
      errors: [],
    });
    const bytes = Buffer.from([0, 255, 13, 10]);
    const handler = serve(form, async ({ body }) => ({ body: body.toString('hex') }));

    const encoded = event({ body: bytes.toString('base64'), isBase64Encoded: true });
    expect(bodyOf(await handler(encoded))).toBe('00ff0d0a');
    expect(bodyOf(await handler(event({ body: 'ü' })))).toBe('c3bc');
    expect(bodyOf(await handler(event()))).toBe('');
  });

  test('a raw body is passed to the handler unchanged, also when it was sent as base64 or is missing', async () => {
    const raw = defineRoute<typeof Anything>()({
      method: 'POST',
      path: '/v1/webhook',
      function: 'provider-webhook',
      access: 'provider-secret',
      body: rawBody,
      errors: [],
    });
    const handler = serve(raw, async ({ body }) => ({ body: { text: body } }));
    const text = '{"a": ü';
    const base64 = Buffer.from(text).toString('base64');

    expect(bodyOf(await handler(event({ body: text })))).toEqual({ text });
    expect(bodyOf(await handler(event({ body: base64, isBase64Encoded: true })))).toEqual({ text });
    expect(bodyOf(await handler(event()))).toEqual({ text: '' });
  });

  test('an optional body may be missing, but not be blank', async () => {
    const lenient = defineRoute<typeof Anything>()({
      method: 'POST',
      path,
      function: 'create-task',
      access: { scope: 'generate' },
      body: jsonBody(Colour.prefault({ colour: 'red' }), { optional: true }),
      errors: [],
    });
    const handler = serve(lenient, async ({ body }) => ({ body }), anyCallerAllowed);

    expect(bodyOf(await handler(event()))).toEqual({ colour: 'red' });
    expect((await handler(event({ body: ' ' }))).statusCode).toBe(400);
  });
});

describe('303', () => {
  const body = { id: 'task-1' };
  const send = (seeOther: string | undefined) =>
    serve(open, async () => ({ body, seeOther, headers: { 'retry-after': '3' } }))(event());

  test('a response that leads on has its body and its headers, and where to go', async () => {
    const response = await send('/v1/tasks/task-1/wait');

    expect([response.statusCode, bodyOf(response)]).toEqual([303, body]);
    expect(response.headers).toMatchObject({
      location: '/v1/tasks/task-1/wait',
      'retry-after': '3',
      'content-type': 'application/json',
    });
  });

  test('a response that leads nowhere is a 200', async () => {
    const response = await send(undefined);

    expect(response.statusCode).toBe(200);
    expect(response.headers).not.toHaveProperty('location');
  });
});

describe('302', () => {
  test('the response has a location and no body', async () => {
    const handler = serve(redirect, async () => ({ redirectTo: 'https://a.b/' }));

    expect(await handler(event())).toEqual({
      statusCode: 302,
      headers: {
        location: 'https://a.b/',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'x-request-id': 'request-1',
      },
    });
  });
});

const withMethod = (method: string) => {
  const { requestContext } = event();
  return event({
    requestContext: { ...requestContext, http: { ...requestContext.http, method } },
  });
};

describe('a picture', () => {
  const details = { contentType: 'image/png', filename: 'cat.png' };
  const common = {
    'content-type': 'image/png',
    'content-length': '3',
    'content-disposition': 'inline; filename="cat.png"',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-request-id': 'request-1',
  };

  test('is sent as it is, with its type, and a browser must not guess another', async () => {
    const picture = Buffer.from([0xff, 0xd8, 0xff]);
    const handler = serve(redirect, async () => ({ ...details, picture }));

    expect(await handler(event())).toEqual({
      statusCode: 200,
      headers: common,
      body: picture.toString('base64'),
      isBase64Encoded: true,
    });
  });

  test('is described without being read, for HEAD', async () => {
    const handler = serve(redirect, async () => ({ ...details, picture: { length: 3 } }));

    expect(await handler(withMethod('HEAD'))).toEqual({ statusCode: 200, headers: common });
  });
});

describe('HEAD', () => {
  test.each<[string, () => Promise<{ body: object }>]>([
    ['a response', async () => ({ body: { colour: 'grün' } })],
    ['a problem', () => failing('task_not_found', { 'retry-after': '7' })],
  ])(
    '%s has the status and headers that GET would have, its length, and no body',
    async (_, run) => {
      const handler = serve(open, run);

      const { body = '', ...get } = await handler(withMethod('GET'));
      const head = await handler(withMethod('HEAD'));

      expect(head).toEqual({
        ...get,
        headers: { ...get.headers, 'content-length': String(Buffer.byteLength(body)) },
      });
    },
  );
});

describe('400', () => {
  test.each([
    ['missing', undefined, invalid('The body must be an object.')],
    ['empty', '', invalid('The body must be an object.')],
    ['cut off', '{"colour":', invalid('The body is not valid JSON.')],
    ['a list', [], invalid('The body must be an object.')],
    ['null', 'null', invalid('The body must be an object.')],
    [
      'an object with a field of another type',
      { colour: 7 },
      invalid('colour must be a text', 'colour'),
    ],
  ])(
    'a body that is %s is rejected, and the message says what is wrong',
    async (_what, body, expected) => {
      const result = await echo(event({ body }));

      expect(result.statusCode).toBe(400);
      expect(bodyOf(result)).toEqual(expected);
    },
  );

  test('the message names the query parameter that breaks its rule', async () => {
    const handler = serve(read, async () => ({ body: {} }), anyCallerAllowed);

    const result = await handler(event({ queryStringParameters: { page: 'x' } }));

    expect(result.statusCode).toBe(400);
    expect(bodyOf(result)).toEqual(invalid('page must be a digit', 'page'));
  });

  test('an unknown parameter is named, a long one by its first 64 characters', async () => {
    const strict = { ...read, query: z.strictObject({ page: z.string().optional() }) };
    const handler = serve(strict, async () => ({ body: {} }), anyCallerAllowed);
    const send = async (name: string) =>
      bodyOf(await handler(event({ queryStringParameters: { [name]: '1' } })));

    expect(await send('pages')).toEqual(invalid('There is no parameter pages here.', 'pages'));
    const long = 'x'.repeat(64);
    expect(await send(`${long}y`)).toEqual(invalid(`There is no parameter ${long} here.`, long));
  });

  test('a nested field is named by its path, in front of the message of its schema', async () => {
    const Deep = z.object({ a: z.array(z.object({ b: z.string('must be a text') })) });
    const deep = defineRoute<typeof Anything>()({
      method: 'POST',
      path,
      function: 'create-task',
      access: { scope: 'generate' },
      body: jsonBody(Deep),
      errors: [],
    });

    const result = await serve(
      deep,
      async () => ({ body: {} }),
      anyCallerAllowed,
    )(event({ body: { a: [{ b: '' }, { b: 1 }] } }));

    expect(bodyOf(result)).toEqual(invalid('a[1].b must be a text', 'a[1].b'));
  });
});

describe('401', () => {
  test('an invalid key is rejected before the body is parsed', async () => {
    const closed = serve(post, async () => ({ body: {} }), noCallerAllowed);

    const result = await closed(event({ body: 'no JSON at all' }));

    expect(result.statusCode).toBe(401);
    expect(bodyOf(result)).toEqual(
      envelope('unauthorized', 'The API key is not valid.', 'authentication_error'),
    );
  });

  test('the key in the header must have the scope that the route declares; a create records its use later', async () => {
    const calls: unknown[] = [];
    const services: CallerServices = {
      ...anyCallerAllowed,
      authenticate: async (...call) => {
        calls.push(call);
        return sampleCaller;
      },
    };

    await serve(post, async () => ({ body: {} }), services)(red);
    await serve(read, async () => ({ body: {} }), services)(event({ headers: {} }));
    await serve(counted, async () => ({ body: {} }), services)(red);

    expect(calls).toEqual([
      ['Bearer sk-dr-test', 'generate', { isRecordedByCount: false }],
      [undefined, 'admin', { isRecordedByCount: false }],
      ['Bearer sk-dr-test', 'generate', { isRecordedByCount: true }],
    ]);
  });

  test('a public route needs no key', async () => {
    expect(
      (await serve(open, async () => ({ body: {} }), noCallerAllowed)(event())).statusCode,
    ).toBe(200);
  });
});

describe('413', () => {
  const max = 256 * 1024;
  const ofBytes = (bytes: number) => `{"colour":"${'x'.repeat(bytes - 13)}"}`;

  test('a body of exactly the maximum size is accepted, and one byte more is rejected', async () => {
    expect((await echo(event({ body: ofBytes(max) }))).statusCode).toBe(200);

    const result = await echo(event({ body: ofBytes(max + 1) }));
    expect(result.statusCode).toBe(413);
    expect(bodyOf(result)).toEqual(
      envelope(
        'request_too_large',
        'The body is larger than 256 kB; send pictures as addresses or uploads.',
        'invalid_request_error',
      ),
    );
  });

  test('the size is counted in bytes, not in characters, and after base64 is decoded', async () => {
    const umlauts = `{"colour":"${'ü'.repeat(max / 2)}"}`;
    expect((await echo(event({ body: umlauts }))).statusCode).toBe(413);

    const body = Buffer.from(ofBytes(max)).toString('base64');
    expect((await echo(event({ body, isBase64Encoded: true }))).statusCode).toBe(200);
  });
});

describe('429', () => {
  const headers = {
    'retry-after': '30',
    'x-ratelimit-limit': '2',
    'x-ratelimit-remaining': '0',
    'x-ratelimit-reset': '1757156553',
  };
  const withLimit = (countRequest: () => Promise<Record<string, string>>) => ({
    ...anyCallerAllowed,
    admitCreate: async (caller: Caller) => ({ caller, headers: await countRequest() }),
  });

  test('a request above the rate limit is refused before its body is parsed, and the handler does not run', async () => {
    const runs: string[] = [];
    const run = async () => {
      runs.push('run');
      return { body: {} };
    };
    const limited = serve(
      counted,
      run,
      withLimit(() => failing('rate_limit_exceeded', headers)),
    );

    const result = await limited(event({ body: 'no JSON at all' }));

    expect(result).toMatchObject({ statusCode: 429, headers });
    expect(bodyOf(result)).toEqual({
      error: { code: 'rate_limit_exceeded', message: 'No.', type: 'rate_limit_error', param: null },
    });
    expect(runs).toEqual([]);
  });

  test('a 429 of the handler has its own retry-after and the state of the rate limit', async () => {
    const rate = { 'x-ratelimit-remaining': '1' };
    const limited = serve(
      counted,
      () => failing('rate_limit_exceeded', { 'retry-after': '5' }),
      withLimit(async () => rate),
    );

    const result = await limited(red);

    expect(result).toMatchObject({ statusCode: 429, headers: { 'retry-after': '5', ...rate } });
  });

  test('a rate limit that cannot be read is an internal error', async () => {
    const limited = serve(
      counted,
      async () => ({ body: {} }),
      withLimit(() => Promise.reject(new Error('throttled'))),
    );

    expect((await limited(red)).statusCode).toBe(500);
  });
});

describe('a route that creates nothing', () => {
  const calls = defineRoute<typeof Anything>()({
    method: 'GET',
    path: '/v1/credits',
    function: 'read-account',
    access: { scope: 'read' },
    rateLimit: 'calls',
    errors: [],
  });

  test('counts each call, for its key, and its response has no state of a limit', async () => {
    const counted: string[] = [];
    const countCall = async ({ keyId }: Caller) => {
      counted.push(keyId);
    };
    const handler = serve(calls, async () => ({ body: {} }), { ...anyCallerAllowed, countCall });

    const { statusCode, headers } = await handler(event());

    expect([statusCode, counted]).toEqual([200, [sampleCaller.keyId]]);
    expect(headers).not.toHaveProperty('x-ratelimit-limit');
  });

  test('answers 429 to a call above the limit, and the handler does not run', async () => {
    const countCall = () => failing('rate_limit_exceeded', { 'retry-after': '7' });
    const run = () => Promise.reject(new Error('it ran'));
    const handler = serve(calls, run, { ...anyCallerAllowed, countCall });

    expect(await handler(event())).toMatchObject({
      statusCode: 429,
      headers: { 'retry-after': '7' },
    });
  });
});

describe('the state of the rate limit', () => {
  const rate = {
    'x-ratelimit-limit': '2',
    'x-ratelimit-remaining': '1',
    'x-ratelimit-reset': '1757156553',
  };
  const calls: string[] = [];
  const services: CallerServices = {
    ...anyCallerAllowed,
    admitCreate: async (caller) => {
      calls.push(caller.keyId);
      return { caller, headers: rate };
    },
  };
  const counting = (run: () => Promise<{ body: unknown; headers?: Record<string, string> }>) =>
    serve(counted, run, services);
  const good = async () => ({ body: {} });

  test.each([
    [200, 'a good request', counting(good), red],
    [400, 'an invalid body', counting(good), event({ body: {} })],
    [400, 'a body that is no JSON', counting(good), event({ body: 'red' })],
    [413, 'a body that is too large', counting(good), event({ body: 'x'.repeat(256 * 1024 + 1) })],
    [402, 'too few credits', counting(() => failing('insufficient_quota')), red],
    [500, 'an internal error', counting(() => Promise.reject(new Error('oh'))), red],
  ])('is in a response %i to %s', async (status, _what, handler, request) => {
    const result = await handler(request);

    expect(result.statusCode).toBe(status);
    expect(result.headers).toMatchObject({ ...rate, 'x-request-id': 'request-1' });
  });

  test('counts each request once, for its key', async () => {
    calls.length = 0;

    await counting(good)(red);

    expect(calls).toEqual([sampleCaller.keyId]);
  });

  test('is not in the responses of a route without a rate limit, and nothing is counted', async () => {
    await counting(good)(red);
    calls.length = 0;

    const result = await serve(post, good, services)(red);

    expect(result.headers).not.toHaveProperty('x-ratelimit-limit');
    expect(calls).toEqual([]);
  });

  test('is not in the response to a request without a valid key, and nothing is counted', async () => {
    calls.length = 0;
    const closed = serve(counted, good, {
      ...services,
      authenticate: noCallerAllowed.authenticate,
    });

    const result = await closed(red);

    expect(result.statusCode).toBe(401);
    expect(result.headers).not.toHaveProperty('x-ratelimit-limit');
    expect(calls).toEqual([]);
  });

  test('is overridden by a header that the handler sets', async () => {
    const headers = { 'x-ratelimit-remaining': '7' };

    const result = await counting(async () => ({ body: {}, headers }))(red);

    expect(result.headers).toMatchObject({ ...rate, ...headers });
  });
});

describe('500', () => {
  test.each([
    ['an error', new Error('table tasks-1234 refused sk-dr-secret')],
    ['a text', 'table tasks-1234 refused sk-dr-secret'],
    ['nothing', undefined],
  ])(
    '%s that is thrown unexpectedly reveals nothing in the response or in the log',
    async (_what, thrown) => {
      const broken = serve(open, () => Promise.reject(thrown));

      const result = await broken(event());

      expect(result.statusCode).toBe(500);
      expect(bodyOf(result)).toEqual(
        envelope('internal_error', 'Something went wrong on our side.', 'api_error'),
      );
      expect(written.last()).toMatchObject({
        level: 'ERROR',
        message: 'request.failed',
        status: 500,
        code: 'internal_error',
        requestId: 'request-1',
        route: 'POST /v1/images/generations',
      });
      expect(written.text()).not.toMatch(/tasks-1234|sk-dr-/);
    },
  );

  test('a body that cannot be written as JSON is an internal error', async () => {
    const broken = serve(open, async () => ({ body: 1n }));

    expect((await broken(event())).statusCode).toBe(500);
  });
});

describe('503', () => {
  test('a problem can have headers of its own', async () => {
    const headers = { 'retry-after': '1' };
    const busy = serve(open, async () => {
      throw new Problem('service_unavailable', 'Busy.', { headers });
    });

    const result = await busy(event());

    expect(result).toMatchObject({ statusCode: 503, headers: { ...headers } });
    expect(result.headers).toHaveProperty('x-request-id', 'request-1');
    expect(bodyOf(result)).toEqual(envelope('service_unavailable', 'Busy.', 'api_error'));
  });
});

test('the details of a problem are fields of the error, beside its code', async () => {
  const details = { key_name: 'website', expired_at: 7 };
  const closed = serve(open, async () => {
    throw new Problem('KEY_EXPIRED', 'Over.', { details });
  });

  expect(bodyOf(await closed(event()))).toEqual({
    error: {
      code: 'KEY_EXPIRED',
      message: 'Over.',
      type: 'authentication_error',
      param: null,
      key_name: 'website',
      expired_at: 7,
    },
  });
});

describe('a function that serves several routes', () => {
  const named = (name: string) => serve(open, async () => ({ body: { name } }));
  const handler = dispatch({ 'GET /a': named('a'), $default: named('default') });

  test('calls the handler of the route', async () => {
    expect(bodyOf(await handler(event({ routeKey: 'GET /a' })))).toEqual({ name: 'a' });
    expect(bodyOf(await handler(event({ routeKey: '$default' })))).toEqual({ name: 'default' });
  });

  test('calls it for HEAD as well', async () => {
    expect(bodyOf(await handler(event({ routeKey: 'HEAD /a' })))).toEqual({ name: 'a' });
  });

  test('throws for a route that it does not serve', () => {
    expect(() => handler(event({ routeKey: 'GET /b' }))).toThrow('no handler serves GET /b');
  });
});
