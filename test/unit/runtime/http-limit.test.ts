import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { type Reply, route } from '../../../functions/runtime/http.ts';
import type { Caller } from '../../../functions/task/identify.ts';
import { Problem, type ProblemCode } from '../../../functions/task/problem.ts';
import { sampleCaller } from '../../support/tasks.ts';
import { bodyOf, event } from './event.ts';
import { lines } from './lines.ts';

lines();
const everybody = async () => sampleCaller;
const failing = async (code: ProblemCode, headers: Record<string, string> = {}): Promise<never> => {
  throw new Problem(code, 'No.', { headers });
};
const nobody = () => failing('unauthorized');
const Body = z.object({ colour: z.string() });

describe('a route that counts', () => {
  const rate = {
    ...{ 'x-ratelimit-limit': '2', 'x-ratelimit-remaining': '1' },
    'x-ratelimit-reset': '1757156553',
  };
  const counted: string[] = [];
  const limit = async ({ keyId }: Caller) => {
    counted.push(keyId);
    return rate;
  };
  const counting = (run: () => Promise<Reply>) => route(everybody, Body, run, { limit });
  const painted = event({ body: { colour: 'red' } });

  test.each([
    [200, 'what went well', counting(async () => ({ status: 200 })), painted],
    [400, 'a body it does not like', counting(async () => ({ status: 200 })), event({ body: {} })],
    [400, 'no JSON', counting(async () => ({ status: 200 })), event({ body: 'red' })],
    [
      413,
      'a body that is too large',
      counting(async () => ({ status: 200 })),
      event({ body: 'x'.repeat(256 * 1024 + 1) }),
    ],
    [402, 'too few credits', counting(() => failing('insufficient_quota')), painted],
    [500, 'an error of ours', counting(() => Promise.reject(new Error('oh'))), painted],
  ])('says how far its caller has got with a %i for %s', async (status, _what, handler, asked) => {
    const answer = await handler(asked);

    expect(answer.statusCode).toBe(status);
    expect(answer.headers).toMatchObject({ ...rate, 'x-request-id': 'request-1' });
  });

  test('counts once, for the key that called', async () => {
    counted.length = 0;

    await counting(async () => ({ status: 200 }))(painted);

    expect(counted).toEqual([sampleCaller.keyId]);
  });

  test('says nothing of it on the answers of a route that does not', async () => {
    const uncounted = route(everybody, Body, async () => ({ status: 200 }));
    await counting(async () => ({ status: 200 }))(painted);

    expect((await uncounted(painted)).headers).not.toHaveProperty('x-ratelimit-limit');
  });

  test('is silent to whom it does not know, and does not count him', async () => {
    counted.length = 0;
    const closed = route(nobody, Body, async () => ({ status: 200 }), { limit });

    const answer = await closed(painted);

    expect(answer.statusCode).toBe(401);
    expect(answer.headers).not.toHaveProperty('x-ratelimit-limit');
    expect(counted).toEqual([]);
  });

  test('lets an answer say it its own way', async () => {
    const headers = { 'x-ratelimit-remaining': '7' };

    const answer = await counting(async () => ({ status: 200, headers }))(painted);

    expect(answer.headers).toMatchObject({ ...rate, ...headers });
  });
});

describe('429', () => {
  const headers = {
    ...{ 'retry-after': '30', 'x-ratelimit-limit': '2', 'x-ratelimit-remaining': '0' },
    'x-ratelimit-reset': '1757156553',
  };

  test('comes before anything is said about the body, and nothing is run', async () => {
    const runs: string[] = [];
    const limit = () => failing('rate_limit_exceeded', headers);
    const run = async () => ({ status: runs.push('run') });

    const answer = await route(everybody, Body, run, { limit })(event({ body: 'no JSON at all' }));

    expect(answer).toMatchObject({ statusCode: 429, headers });
    expect(bodyOf(answer)).toEqual({
      error: { code: 'rate_limit_exceeded', message: 'No.', type: 'rate_limit_error', param: null },
    });
    expect(runs).toEqual([]);
  });

  test('carries both the wait of its own reason and how far the caller has got', async () => {
    const rate = { 'x-ratelimit-remaining': '1' };
    const crowded = route(
      everybody,
      Body,
      () => failing('rate_limit_exceeded', { 'retry-after': '5' }),
      { limit: async () => rate },
    );

    const answer = await crowded(event({ body: { colour: 'red' } }));

    expect(answer).toMatchObject({ statusCode: 429, headers: { 'retry-after': '5', ...rate } });
  });

  test('of a limit that could not be asked is an error of ours', async () => {
    const limit = () => Promise.reject(new Error('throttled'));
    const limited = route(everybody, Body, async () => ({ status: 200 }), { limit });

    expect((await limited(event({ body: { colour: 'red' } }))).statusCode).toBe(500);
  });
});
