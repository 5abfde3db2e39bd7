import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { apiCaller } from '../../cli/api/api-caller.ts';
import type { Send } from '../../cli/api/send.ts';
import { defineRoute, jsonBody } from '../../functions/runtime/route.ts';

const response = z.strictObject({ ok: z.boolean() });
const parameter = { description: '', schema: {}, example: '' };
const read = {
  response,
  route: defineRoute<typeof response>()({
    method: 'GET',
    path: '/v1/things/{thing}/parts/{part}',
    function: 'service',
    access: 'public',
    params: { thing: parameter, part: parameter },
    query: z.object({ limit: z.string(), cursor: z.string().optional() }),
    errors: [],
  }),
};
const write = {
  response,
  route: defineRoute<typeof response>()({
    method: 'PATCH',
    path: '/v1/things',
    function: 'service',
    access: 'public',
    body: jsonBody(z.object({ name: z.string() })),
    errors: [],
  }),
};
const create = { ...write, route: { ...write.route, idempotent: true } } as const;

/** A caller whose requests are recorded, and answered with this body. */
function setUp(body: unknown = { ok: true }) {
  const requests: unknown[] = [];
  const send: Send = (url, { headers, ...options }, parse) => {
    requests.push({ url, ...options, headers });
    return parse(Response.json(body));
  };
  return { requests, call: apiCaller({ url: 'https://api.example/', key: 'sk', send }) };
}

describe('a call of a declared route', () => {
  test('fills in its path, escapes it, and leaves out parameters without a value', async () => {
    const { call, requests } = setUp();

    await call(read, {
      params: { thing: 'a/b', part: 'c d' },
      query: { limit: 7, cursor: undefined },
    });

    expect(requests).toEqual([
      {
        url: 'https://api.example/v1/things/a%2Fb/parts/c%20d?limit=7',
        method: 'GET',
        isRepeatable: true,
        headers: { authorization: 'Bearer sk' },
      },
    ]);
  });

  test('sends its body as JSON', async () => {
    const { call, requests } = setUp();

    await call(write, { body: { name: 'x' }, isRepeatable: false });

    expect(requests).toEqual([
      {
        url: 'https://api.example/v1/things',
        method: 'PATCH',
        isRepeatable: false,
        headers: { 'content-type': 'application/json', authorization: 'Bearer sk' },
        body: '{"name":"x"}',
      },
    ]);
  });

  test.each([
    ['sends an idempotency key to a route that takes one', create, 'k'],
    ['sends no idempotency key to another route', write, undefined],
  ])('%s', async (_, declared, expected) => {
    const { call, requests } = setUp();

    await call(declared, { body: { name: 'x' }, idempotencyKey: 'k' });

    const headers = requests.map((request) => Object(request).headers['idempotency-key']);
    expect(headers).toEqual([expected]);
  });

  test('returns all fields of the response, also those that the API added later', async () => {
    const body = { ok: true, added_later: 1 };

    expect(await setUp(body).call(write, { body: { name: 'x' } })).toEqual(body);
  });

  test('fails when the response lacks a declared field', async () => {
    await expect(setUp({}).call(write, { body: { name: 'x' } })).rejects.toThrow(
      'does not answer like this API',
    );
  });
});
