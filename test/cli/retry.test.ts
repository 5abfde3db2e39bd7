import { describe, expect, test } from 'vitest';
import { refusal } from './admin-answers.ts';
import { storageRefusal, taskId } from './fake-api.ts';
import { world } from './world.ts';

const busy = (headers = {}) => ({ status: 503, headers, body: 'busy' });

describe('a request for a task', () => {
  test('is repeated under the same idempotency key when the API is busy', async () => {
    const { api, generate, slept } = await world({ create: [busy(), { status: 429 }, 'hang up'] });

    await generate();

    const tries = api.seen('/v1/images');
    expect(tries).toHaveLength(4);
    const [first, ...others] = tries.map(({ headers }) => headers['idempotency-key']);
    expect(first).toMatch(/^[A-Za-z0-9._-]{16,96}$/);
    expect(others).toEqual([first, first, first]);
    expect(slept).toEqual([1000, 2000, 4000]);
  });

  test('is another one for every task', async () => {
    const { api, generate } = await world();

    await generate();
    await generate();

    const keys = api.seen('/v1/images').map(({ headers }) => headers['idempotency-key']);
    expect(new Set(keys).size).toBe(2);
  });

  test.each([
    ['seconds', '7', 7000],
    ['a date', 'Sun, 01 Mar 2026 12:00:30 GMT', 30_000],
    ['a date that is over', 'Sun, 01 Mar 2026 11:00:00 GMT', 0],
    ['nonsense', 'soon', 1000],
  ])('waits as long as it is asked to: %s', async (_, after, pause) => {
    const { generate, slept } = await world({ create: [busy({ 'retry-after': after })] });

    await generate();

    expect(slept).toEqual([pause]);
  });

  test('is repeated when the key has asked too often, as soon as it may ask again', async () => {
    const tooMany = refusal(429, 'rate_limit_exceeded', 'At most 300 requests a minute.');
    const reply = { ...tooMany, headers: { 'retry-after': '42' } };
    const { api, generate, slept } = await world({ create: [reply] });

    await generate();

    expect(api.seen('/v1/images')).toHaveLength(2);
    expect(slept).toEqual([42_000]);
  });

  test('that is turned away again and again ends in the words of the API', async () => {
    const tooMany = refusal(429, 'rate_limit_exceeded', 'At most 100 tasks at once.');
    const { generate } = await world({ create: Array(4).fill(tooMany) });

    await expect(generate()).rejects.toThrow('At most 100 tasks at once.');
  });

  test('is given up when it shall come back much later', async () => {
    const refusal = { error: { message: 'Come back tomorrow.' } };
    const { generate, slept } = await world({
      create: [{ status: 429, headers: { 'retry-after': '86400' }, body: refusal }],
    });

    await expect(generate()).rejects.toThrow('Come back tomorrow.');
    expect(slept).toEqual([]);
  });

  test('is given up after four tries', async () => {
    const { api, generate } = await world({ create: Array(9).fill(busy()) });

    await expect(generate()).rejects.toThrow('/v1/images/generations answered 503');
    expect(api.seen()).toHaveLength(4);
  });

  test('that reaches nobody says whom', async () => {
    const { api, generate, slept } = await world();
    await api.close();

    await expect(generate()).rejects.toThrow(`Cannot reach ${api.url} (ECONNREFUSED)`);
    expect(slept).toEqual([1000, 2000, 4000]);
  });

  test('is not repeated after a clear no', async () => {
    const { api, generate } = await world({ create: [{ status: 500, body: 'oops' }] });

    await expect(generate()).rejects.toThrow('answered 500');
    expect(api.seen()).toHaveLength(1);
  });
});

test('an upload is repeated when the storage is busy, and not when it refuses', async () => {
  const { api, generate } = await world({
    upload: [
      busy(),
      storageRefusal('AccessDenied', 'Invalid according to Policy: Policy expired.'),
    ],
  });

  await expect(generate()).rejects.toThrow('Policy expired. (AccessDenied)');
  expect(api.seen('/storage')).toHaveLength(2);
});

test('asking for the task survives a busy moment', async () => {
  const { api, generate } = await world({ polls: [busy(), { status: 'completed' }] });

  await generate();

  expect(api.seen(`/v1/tasks/${taskId}`)).toHaveLength(2);
});

test('a result whose transfer breaks off is fetched again', async () => {
  const { generate, saved } = await world();
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
