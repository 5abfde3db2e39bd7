import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { complaintsAbout, complaintsOf, describedRoutes } from '../support/openapi.ts';
import { type Receiver, servePictures, startReceiver } from './receiver.ts';
import { type Body, painting, startWorld, until, type World } from './world.ts';

// What the API really answers, held against what the document says of it.

let world: World;
let pictures: Receiver;
const succeeded = new Set<string>();

beforeAll(async () => {
  pictures = await servePictures({ '/sample.jpg': readFileSync('cli/sample.jpg') });
  world = await startWorld();
});
afterAll(async () => {
  await world?.close();
  await pictures?.close();
});

type More = {
  /** What stands for the `{}` of the path. */
  readonly at?: readonly string[];
  readonly query?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
};

const isAdmin = (key: string) => key.includes('/admin/');
const as = (key: string) => ({ authorization: `Bearer ${key}` });

/** Calls a route, and has the document judge what it answers. */
async function call(key: string, expected: number, { at = [], query, body, headers }: More = {}) {
  const [method = '', path = ''] = key.split(' ');
  const parts = [...at];
  const place = path.replaceAll(/\{\w+\}/g, () => parts.shift() ?? '') + (query ? `?${query}` : '');
  const caller = isAdmin(key) ? as(world.keys.adminKey) : {};
  const answer = await world.call(method, place, body, { ...caller, ...headers });
  expect(complaintsAbout(key, answer)).toEqual([]);
  expect([key, answer.status]).toEqual([key, expected]);
  if (answer.status < 400) succeeded.add(key);
  return answer;
}

const create = 'POST /v1/images/generations';
const wish = (more: object = {}) => ({
  ...{ prompt: 'Make it snow', size: '768x768', image_urls: [`${pictures.url}/sample.jpg`] },
  ...more,
});
const uploads = { prompt: 'Make it snow', image_uploads: [{ content_type: 'image/png' }] };
const readUntil = (id: string, isSo: (task: Body) => boolean) =>
  until(() => call('GET /v1/tasks/{task_id}', 200, { at: [id] }).then(({ body }) => body), isSo);
const ended = (id: string) => readUntil(id, ({ status }) => /^(completed|failed)$/.test(status));

/** What a path needs, of things that are not there. */
const nobody: Readonly<Record<string, readonly string[]>> = {
  task_id: ['task-unified-1757156493-imcg5zqt'],
  account: ['nobody'],
  key_id: ['key-0123456789abcdef'],
  task: ['task-unified-1757156493-imcg5zqt', '1'],
};
const nowhere = (key: string) => nobody[/\{(\w+)\}/.exec(key)?.[1] ?? ''] ?? [];

const routes = Object.entries(describedRoutes);
const withKey = routes.filter(([, { security }]) => security.length > 0).map(([key]) => key);
const withBody = routes.filter(([, { requestBody }]) => requestBody).map(([key]) => key);
const withQuery = routes
  .filter(([, { parameters }]) => parameters.some(({ name }) => name === 'cursor'))
  .map(([key]) => key);
const about = (name: string) => routes.map(([key]) => key).filter((key) => key.includes(name));

describe('a refusal is as described', () => {
  test.each(withKey)('%s without a key', async (key) => {
    await call(key, 401, { at: nowhere(key), headers: { authorization: 'none' } });
  });

  test.each(withKey)('%s with a key for something else', async (key) => {
    const other = isAdmin(key) ? world.keys.apiKey : world.keys.adminKey;
    await call(key, 403, { at: nowhere(key), headers: as(other) });
  });

  test.each(withBody)('%s with what is not JSON', async (key) => {
    await call(key, 400, { at: nowhere(key), body: '{' });
  });

  test.each(withBody)('%s with far too much', async (key) => {
    await call(key, 413, { at: nowhere(key), body: { a: 'x'.repeat(256 * 1024) } });
  });

  test.each(withQuery)('%s with a cursor that is none', async (key) => {
    await call(key, 400, { at: nowhere(key), query: 'cursor=made-up' });
  });

  test.each(about('{task_id}'))('%s of what is no task, and of none that there is', async (key) => {
    await call(key, 400, { at: ['cgt-2026'] });
    await call(key, 404, { at: nowhere(key) });
  });

  test.each([
    ...[...about('{account}'), ...about('{key_id}')].map((key) => [key, {}] as const),
    ['GET /v1/admin/keys', { query: 'account=nobody' }] as const,
    ['POST /v1/admin/keys', {}] as const,
  ])('%s of what is not there', async (key, more) => {
    const bodies: Readonly<Record<string, object>> = {
      'PATCH /v1/admin/accounts/{account}': { user_group: 'vip' },
      'POST /v1/admin/accounts/{account}/credits': { credits: 1 },
      'PATCH /v1/admin/keys/{key_id}': { name: 'other' },
      'POST /v1/admin/keys': { account: 'nobody', name: 'first' },
    };
    await call(key, 404, { at: nowhere(key), body: bodies[key], ...more });
  });

  test('a link to a result that nobody was given', async () => {
    const key = 'GET /v1/results/{task}/{n}';
    await call(key, 403, { at: nowhere(key), query: 'expires=9999999999&signature=AAAA' });
  });

  test('an account that is there already', async () => {
    await call('POST /v1/admin/accounts', 409, { body: { id: 'default' } });
  });

  test('an Idempotency-Key that has the wrong form, or comes with another request', async () => {
    const headers = { 'idempotency-key': 'one-key-two-requests' };
    const grants = 'POST /v1/admin/accounts/{account}/credits';

    await call(create, 400, { body: uploads, headers: { 'idempotency-key': 'short' } });
    await call(create, 200, { body: uploads, headers });
    const again = await call(create, 200, { body: uploads, headers });
    await call(create, 409, { body: { ...uploads, prompt: 'Another' }, headers });
    await call(grants, 200, { at: ['default'], body: { credits: 1 }, headers });
    await call(grants, 200, { at: ['default'], body: { credits: 1 }, headers });
    await call(grants, 409, { at: ['default'], body: { credits: 2 }, headers });

    expect(again.headers.get('idempotency-replayed')).toBe('true');
  });
});

describe('a key that', () => {
  const made = async (account: object, key: object) => {
    const { body } = await call('POST /v1/admin/accounts', 200, { body: account });
    const { body: made } = await call('POST /v1/admin/keys', 200, {
      body: { account: body.id, name: 'first', ...key },
    });
    return { at: [body.id], keyId: made.id, headers: as(made.api_key) };
  };

  test.each([
    ['is disabled', { enabled: false }, 401, 'KEY_DISABLED'],
    ['has expired', { expires_at: 1_700_000_000 }, 401, 'KEY_EXPIRED'],
    ['has spent what it may', { total_limit_credits: 1 }, 402, 'KEY_QUOTA_EXHAUSTED'],
    ['has spent it for today', { daily_limit_credits: 1 }, 402, 'KEY_DAILY_QUOTA_EXHAUSTED'],
    ['nobody paid for', { name: 'poor' }, 402, 'insufficient_quota'],
  ])('%s is told so as described', async (what, change, status, code) => {
    const { keyId, headers } = await made({ id: what.replaceAll(/\W+/g, '-') }, {});
    await call('PATCH /v1/admin/keys/{key_id}', 200, { at: [keyId], body: change });

    const { body } = await call(create, status, { body: uploads, headers });

    expect(body.error.code).toBe(code);
  });

  test('asks too often, or for too much at once', async () => {
    const hasty = await made({ id: 'hasty', limits: { requests_per_minute: 1 } }, {});
    const busy = await made({ id: 'busy', limits: { tasks_in_flight: 1 } }, {});
    await call('POST /v1/admin/accounts/{account}/credits', 200, {
      ...{ at: busy.at, body: { credits: 9 } },
    });

    await call(create, 400, { body: {}, headers: hasty.headers });
    await call(create, 429, { body: {}, headers: hasty.headers });
    await call(create, 200, { body: uploads, headers: busy.headers });
    await call(create, 429, { body: uploads, headers: busy.headers });
  });
});

describe('a task is as described', () => {
  test('while it is painted, when it is completed, and when its caller is told', async () => {
    painting(world, { seconds: 4 });
    const caller = await startReceiver(200);
    onTestFinished(() => caller.close());
    const body = wish({ n: 2, callback_url: `${caller.url}/done`, metadata: { order: '7' } });

    const { body: created } = await call(create, 200, { body });
    const at = [created.id];
    await readUntil(created.id, ({ status }) => status === 'processing');
    await call('POST /v1/tasks/{task_id}/callback', 409, { at });
    const task = await ended(created.id);
    await readUntil(created.id, ({ callback }) => callback.status === 'delivered');
    await call('POST /v1/tasks/{task_id}/callback', 200, { at });
    await call('POST /v1/tasks/{task_id}/cancel', 409, { at });
    await call('POST /v1/tasks/batch', 200, { body: { task_ids: at } });
    await call('GET /v1/tasks', 200, { query: 'limit=5&status=completed' });
    const { pathname, search } = new URL(task.results[1]);
    const image = await call('GET /v1/results/{task}/{n}', 302, {
      ...{ at: pathname.split('/').slice(-2), query: search.slice(1) },
    });
    const [told] = await until(
      () => caller.received,
      ({ length }) => length > 0,
    );

    expect(complaintsOf('CallbackBody', JSON.parse(told?.body ?? ''))).toEqual([]);
    expect((await fetch(image.headers.get('location') ?? '')).status).toBe(200);
  });

  test('when an image of it was not made, and when none was', async () => {
    painting(world, { outcome: 'partial', times: 1 });
    const { body: partly } = await call(create, 200, { body: wish({ n: 2 }) });
    const some = await ended(partly.id);
    painting(world, { outcome: 'failed', code: 'DataInspectionFailed', times: 1 });
    const { body: failing } = await call(create, 200, { body: wish() });
    const none = await ended(failing.id);
    await call('POST /v1/tasks/{task_id}/callback', 400, { at: [failing.id] });

    expect([some.result_errors.length, none.status]).toEqual([1, 'failed']);
  });

  test('while it waits for uploads, and when it is cancelled', async () => {
    const { body } = await call(create, 200, { body: uploads });
    await call('GET /v1/tasks/{task_id}', 200, { at: [body.id] });
    await call('POST /v1/tasks/{task_id}/cancel', 200, { at: [body.id] });

    expect((await ended(body.id)).error.code).toBe('request_cancelled');
  });
});

test('what a caller reads beside tasks is as described', async () => {
  await call('GET /v1/credits', 200);
  await call('GET /v1/models', 200);
  await call('GET /healthz', 200);
  await call('POST /v1/providers/{provider}/callbacks/{job}/{secret}', 200, {
    at: ['evolink', 'task-unified-1757156493-imcg5zqt', 'guessed'],
  });
  await call('POST /v1/files', 200, { body: { content_type: 'image/png' } });
});

test('what the operator does is answered as described', async () => {
  const accounts = '/v1/admin/accounts';
  const at = ['described'];
  const limits = { requests_per_minute: 60, tasks_in_flight: 10 };
  await call(`POST ${accounts}`, 200, { body: { id: 'described', user_group: 'vip', limits } });
  await call(`PATCH ${accounts}/{account}`, 200, { at, body: { limits } });
  await call(`POST ${accounts}/{account}/credits`, 200, { at, body: { credits: 5, note: 'a' } });
  await call(`POST ${accounts}/{account}/credits`, 402, { at, body: { credits: -6 } });
  await call(`POST ${accounts}/{account}/webhook-secret`, 200, { at });
  await call(`GET ${accounts}/{account}`, 200, { at });
  const key = { account: 'described', name: 'all of it', daily_limit_credits: 3 };
  const { body: made } = await call('POST /v1/admin/keys', 200, { body: key });
  await call('GET /v1/credits', 200, { headers: as(made.api_key) });
  await call(create, 200, { body: uploads, headers: as(made.api_key) });
  await call(`GET ${accounts}/{account}/entries`, 200, { at });
  await call(`GET ${accounts}`, 200, { query: 'limit=1' });
  const body = {
    expires_at: 1_900_000_000,
    allowed_models: [made.allowed_models ?? 'wan2.5-image-to-image'],
  };
  await call('PATCH /v1/admin/keys/{key_id}', 200, { at: [made.id], body });
  await call('GET /v1/admin/keys/{key_id}', 200, { at: [made.id] });
  await call('GET /v1/admin/keys', 200, { query: 'account=described' });
  await call('DELETE /v1/admin/keys/{key_id}', 200, { at: [made.id] });
});

test('the document is there for everybody, and may be kept for an hour', async () => {
  const { body, headers } = await call('GET /openapi.json', 200, {
    headers: { authorization: '' },
  });

  expect(body).toEqual(JSON.parse(readFileSync('docs/openapi.json', 'utf8')));
  expect(headers.get('cache-control')).toBe('public, max-age=3600');
});

test('every route succeeded once', () => {
  expect(routes.map(([key]) => key).filter((key) => !succeeded.has(key))).toEqual([]);
});
