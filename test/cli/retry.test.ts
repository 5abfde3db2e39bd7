import { describe, expect, test } from 'vitest';
import { errorReply } from './admin-responses.ts';
import { cliContext } from './cli-context.ts';
import { storageErrorReply } from './fake-api.ts';
import { taskId } from './task-responses.ts';

const busy = (headers = {}) => ({ status: 503, headers, body: 'busy' });

describe('the create request', () => {
  test('is repeated under the same idempotency key when the API is busy', async () => {
    const { api, generate, pauses } = await cliContext({
      create: [busy(), { status: 429 }, 'hang up'],
    });

    await generate();

    const attempts = api.calls('/v1/images');
    expect(attempts).toHaveLength(4);
    const [first, ...others] = attempts.map(({ headers }) => headers['idempotency-key']);
    expect(first).toMatch(/^[A-Za-z0-9._-]{16,96}$/);
    expect(others).toEqual([first, first, first]);
    expect(pauses).toEqual([1000, 2000, 4000]);
  });

  test('has another idempotency key for every task', async () => {
    const { api, generate } = await cliContext();

    await generate();
    await generate();

    const keys = api.calls('/v1/images').map(({ headers }) => headers['idempotency-key']);
    expect(new Set(keys).size).toBe(2);
  });

  test.each([
    ['seconds', '7', 7000],
    ['a date', 'Sun, 01 Mar 2026 12:00:30 GMT', 30_000],
    ['a date in the past', 'Sun, 01 Mar 2026 11:00:00 GMT', 0],
    ['nonsense', 'soon', 1000],
  ])('waits as long as Retry-After says: %s', async (_, after, pause) => {
    const { generate, pauses } = await cliContext({ create: [busy({ 'retry-after': after })] });

    await generate();

    expect(pauses).toEqual([pause]);
  });

  test('is repeated after the rate limit of the key, when Retry-After has passed', async () => {
    const tooMany = errorReply(429, 'rate_limit_exceeded', 'At most 300 requests a minute.');
    const reply = { ...tooMany, headers: { 'retry-after': '42' } };
    const { api, generate, pauses } = await cliContext({ create: [reply] });

    await generate();

    expect(api.calls('/v1/images')).toHaveLength(2);
    expect(pauses).toEqual([42_000]);
  });

  test('fails with the words of the API when the last attempt is refused too', async () => {
    const tooMany = errorReply(429, 'rate_limit_exceeded', 'At most 100 tasks at once.');
    const { generate } = await cliContext({ create: Array(4).fill(tooMany) });

    await expect(generate()).rejects.toThrow('At most 100 tasks at once.');
  });

  test('is not repeated when Retry-After is longer than a minute', async () => {
    const body = { error: { message: 'Come back tomorrow.' } };
    const { generate, pauses } = await cliContext({
      create: [{ status: 429, headers: { 'retry-after': '86400' }, body }],
    });

    await expect(generate()).rejects.toThrow('Come back tomorrow.');
    expect(pauses).toEqual([]);
  });

  test('is sent at most four times', async () => {
    const { api, generate } = await cliContext({ create: Array(9).fill(busy()) });

    await expect(generate()).rejects.toThrow('/v1/images/generations answered 503');
    expect(api.calls()).toHaveLength(4);
  });

  test('fails with the address that cannot be reached', async () => {
    const { api, generate, pauses } = await cliContext();
    await api.close();

    await expect(generate()).rejects.toThrow(`Cannot reach ${api.url} (ECONNREFUSED)`);
    expect(pauses).toEqual([1000, 2000, 4000]);
  });

  test('is not repeated after a 500', async () => {
    const { api, generate } = await cliContext({ create: [{ status: 500, body: 'oops' }] });

    await expect(generate()).rejects.toThrow('answered 500');
    expect(api.calls()).toHaveLength(1);
  });
});

test('an upload is repeated when the storage is busy, and not when it is refused', async () => {
  const { api, generate } = await cliContext({
    upload: [
      busy(),
      storageErrorReply('AccessDenied', 'Invalid according to Policy: Policy expired.'),
    ],
  });

  await expect(generate()).rejects.toThrow('Policy expired. (AccessDenied)');
  expect(api.calls('/storage')).toHaveLength(2);
});

test('reading the task is repeated when the API is busy', async () => {
  const { api, generate } = await cliContext({ polls: [busy(), { status: 'completed' }] });

  await generate();

  expect(api.calls(`/v1/tasks/${taskId}`)).toHaveLength(2);
});

test('a result whose transfer breaks off is downloaded again', async () => {
  const { generate, saved } = await cliContext();
  let breaks = 1;
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const response = await globalThis.fetch(input, init);
    if (!response.url.includes('/bucket/') || breaks-- === 0) return response;
    const body = new ReadableStream({
      pull: (controller) => controller.error(new TypeError('terminated')),
    });
    return new Response(body, { headers: response.headers });
  };

  await generate({ fetch });

  expect(await saved()).toEqual([`${taskId}-1.png`]);
});
