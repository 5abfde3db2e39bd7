import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { invokeIssueKey } from '../../local/local-keys.ts';
import { describedRoutes, namedSchemaErrors, responseErrors } from '../support/openapi.ts';
import { type Body, type TestStack, until, upload } from './open-stack.ts';
import { type Receiver, serveImages, startReceiver } from './receiver.ts';
import { controlProvider, openOwnStack } from './start-stack.ts';

// Every response of the running API is checked against the OpenAPI document.

let stack: TestStack;
let imageServer: Receiver;
const succeeded = new Set<string>();

beforeAll(async () => {
  imageServer = await serveImages({ '/sample.jpg': readFileSync('cli/sample.jpg') });
  stack = await openOwnStack();
});
afterAll(async () => {
  await stack?.close();
  await imageServer?.close();
});

type RequestOptions = {
  /** The path parameters, in their order. */
  readonly params?: readonly string[];
  readonly query?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
};

/** Whether a route takes a key that manages. */
const isAdmin = (key: string) =>
  describedRoutes[key]?.security.some(({ apiKey = [] }) =>
    apiKey.some((scope) => scope === 'manage' || scope === 'admin'),
  ) ?? false;
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

/** Calls a route, and checks the response against the document. */
async function call(
  key: string,
  expected: number,
  { params = [], query, body, headers }: RequestOptions = {},
) {
  const [method = '', path = ''] = key.split(' ');
  const left = [...params];
  const target = path.replaceAll(/\{\w+\}/g, () => left.shift() ?? '') + (query ? `?${query}` : '');
  const caller = isAdmin(key) ? bearer(stack.keys.adminKey) : {};
  const response = await stack.call(method, target, body, { ...caller, ...headers });
  expect(responseErrors(key, response)).toEqual([]);
  expect([key, response.status]).toEqual([key, expected]);
  if (response.status < 400) succeeded.add(key);
  return response;
}

const create = 'POST /v1/images/generations';
const generation = (more: object = {}) => ({
  prompt: 'Make it snow',
  size: '768x768',
  image_urls: [`${imageServer.url}/sample.jpg`],
  ...more,
});
const uploadRequest = { prompt: 'Make it snow', image_uploads: [{ content_type: 'image/png' }] };
const readUntil = (id: string, isDone: (task: Body) => boolean) =>
  until(
    () => call('GET /v1/tasks/{task_id}', 200, { params: [id] }).then(({ body }) => body),
    isDone,
  );
const ended = (id: string) => readUntil(id, ({ status }) => /^(completed|failed)$/.test(status));

/** Path parameters of resources that do not exist, by the name of the first parameter. */
const missing: Readonly<Record<string, readonly string[]>> = {
  task_id: ['task-unified-1757156493-imcg5zqt'],
  account: ['nobody'],
  key_id: ['key-0123456789abcdef'],
  file_id: ['file-0123456789abcdefghijklmnop'],
  model: ['no-model'],
  provider: ['dashscope'],
  task: ['task-unified-1757156493-imcg5zqt', '1'],
  file: [`file_${'0'.repeat(26)}`],
};
const missingParams = (key: string) => missing[/\{(\w+)\}/.exec(key)?.[1] ?? ''] ?? [];

const routes = Object.entries(describedRoutes);
const securedRoutes = routes.filter(([, { security }]) => security.length > 0).map(([key]) => key);
/** Every key may read, so no key lacks the scope of the other ones. */
const scopedRoutes = routes
  .filter(([, { security }]) => security.some(({ apiKey }) => !apiKey?.includes('read')))
  .map(([key]) => key);
const bodyRoutes = routes
  .filter(([, { requestBody }]) => requestBody && 'application/json' in requestBody.content)
  .map(([key]) => key);
/** A picture as Base64 is far longer than any other body. */
const shortBodyRoutes = bodyRoutes.filter((key) => !key.endsWith('/base64'));
const listRoutes = routes
  .filter(([, { parameters }]) => parameters.some(({ name }) => name === 'cursor'))
  .map(([key]) => key);
const routesWith = (name: string) => routes.map(([key]) => key).filter((key) => key.includes(name));

const resources = ['{account}', '{key_id}', '{file_id}', '{model}'];
const resourceRoutes = resources.flatMap(routesWith);

test('every list of routes below has routes', () => {
  const lists = [
    ...[securedRoutes, scopedRoutes, bodyRoutes, shortBodyRoutes, listRoutes],
    ...[...resources, '{task_id}'].map(routesWith),
  ];

  expect(lists.filter(({ length }) => length === 0)).toEqual([]);
});

describe('the described error response', () => {
  test.each(securedRoutes)('is what %s sends without a key', async (key) => {
    await call(key, 401, { params: missingParams(key), headers: { authorization: 'none' } });
  });

  test.each(scopedRoutes)('is what %s sends to a key that lacks the scope', async (key) => {
    const other = isAdmin(key) ? stack.keys.apiKey : stack.keys.adminKey;
    await call(key, 403, { params: missingParams(key), headers: bearer(other) });
  });

  test.each(bodyRoutes)('is what %s sends for a body that is not JSON', async (key) => {
    await call(key, 400, { params: missingParams(key), body: '{' });
  });

  test.each(shortBodyRoutes)('is what %s sends for a body that is too large', async (key) => {
    await call(key, 413, { params: missingParams(key), body: { a: 'x'.repeat(256 * 1024) } });
  });

  test.each(listRoutes)('is what %s sends for an invalid cursor', async (key) => {
    await call(key, 400, { params: missingParams(key), query: 'cursor=made-up' });
  });

  test.each(routesWith('{task_id}'))(
    'is what %s sends for an invalid task id, and for the id of no task',
    async (key) => {
      await call(key, 400, { params: ['cgt-2026'] });
      await call(key, 404, { params: missingParams(key) });
    },
  );

  test.each([
    ...resourceRoutes.map((key) => [key, {}] as const),
    ['GET /v1/admin/keys', { query: 'account=nobody' }] as const,
    ['POST /v1/admin/keys', {}] as const,
  ])('is what %s sends for a resource that does not exist', async (key, options) => {
    const bodies: Readonly<Record<string, object>> = {
      'PATCH /v1/admin/accounts/{account}': { user_group: 'vip' },
      'POST /v1/admin/accounts/{account}/credits': { credits: 1 },
      'POST /v1/admin/accounts/{account}/callbacks': { since: 1 },
      'PATCH /v1/admin/keys/{key_id}': { name: 'other' },
      'POST /v1/admin/keys': { account: 'nobody', name: 'first' },
    };
    await call(key, 404, { params: missingParams(key), body: bodies[key], ...options });
  });

  test('is what a result link with a wrong signature gets', async () => {
    const key = 'GET /v1/results/{task}/{n}';
    await call(key, 403, {
      params: missingParams(key),
      query: 'expires=9999999999&signature=AAAA',
    });
  });

  test('is what a second create of the same account gets', async () => {
    await call('POST /v1/admin/accounts', 409, { body: { id: 'default' } });
  });

  test('is what a malformed Idempotency-Key gets, and one that was used with another request', async () => {
    const headers = { 'idempotency-key': 'one-key-two-requests' };
    const grants = 'POST /v1/admin/accounts/{account}/credits';

    await call(create, 400, {
      body: uploadRequest,
      headers: { 'idempotency-key': 'x'.repeat(256) },
    });
    await call(create, 200, { body: uploadRequest, headers });
    const repeated = await call(create, 200, { body: uploadRequest, headers });
    await call(create, 409, { body: { ...uploadRequest, prompt: 'Another' }, headers });
    await call(grants, 200, { params: ['default'], body: { credits: 1 }, headers });
    await call(grants, 200, { params: ['default'], body: { credits: 1 }, headers });
    await call(grants, 409, { params: ['default'], body: { credits: 2 }, headers });

    expect(repeated.headers.get('idempotency-replayed')).toBe('true');
  });
});

describe('a key that', () => {
  const createKey = async (account: object, key: object) => {
    const { body } = await call('POST /v1/admin/accounts', 200, { body: account });
    const { body: created } = await call('POST /v1/admin/keys', 200, {
      body: { account: body.id, name: 'first', ...key },
    });
    return { params: [body.id], keyId: created.id, headers: bearer(created.api_key) };
  };

  test.each([
    ['is disabled', { enabled: false }, 401, 'KEY_DISABLED'],
    ['has expired', { expires_at: 1_700_000_000 }, 401, 'KEY_EXPIRED'],
    ['has reached its total limit', { total_limit_credits: 1 }, 402, 'KEY_QUOTA_EXHAUSTED'],
    ['has reached its daily limit', { daily_limit_credits: 1 }, 402, 'KEY_DAILY_QUOTA_EXHAUSTED'],
    ['has an account without credits', { name: 'poor' }, 402, 'insufficient_quota'],
  ])('%s gets a response as described', async (description, change, status, code) => {
    const { keyId, headers } = await createKey({ id: description.replaceAll(/\W+/g, '-') }, {});
    await call('PATCH /v1/admin/keys/{key_id}', 200, { params: [keyId], body: change });

    const { body } = await call(create, status, { body: uploadRequest, headers });

    expect(body.error.code).toBe(code);
  });

  test('is above its rate limit, or has too many tasks in flight, gets a response as described', async () => {
    const rateLimited = await createKey({ id: 'hasty', limits: { requests_per_minute: 1 } }, {});
    const busy = await createKey({ id: 'busy', limits: { tasks_in_flight: 1 } }, {});
    await call('POST /v1/admin/accounts/{account}/credits', 200, {
      params: busy.params,
      body: { credits: 9 },
    });

    await call(create, 400, { body: {}, headers: rateLimited.headers });
    await call(create, 429, { body: {}, headers: rateLimited.headers });
    await call(create, 200, { body: uploadRequest, headers: busy.headers });
    await call(create, 429, { body: uploadRequest, headers: busy.headers });
  });
});

describe('a task matches the document', () => {
  test('while it is processed, when it is completed, and in its callback', async () => {
    controlProvider(stack, { seconds: 4 });
    const receiver = await startReceiver(200);
    onTestFinished(() => receiver.close());
    const body = generation({
      n: 2,
      callback_url: `${receiver.url}/done`,
      metadata: { order: '7' },
    });

    const { body: created } = await call(create, 200, { body });
    const params = [created.id];
    await readUntil(created.id, ({ status }) => status === 'processing');
    await call('POST /v1/tasks/{task_id}/callback', 409, { params });
    await call('DELETE /v1/tasks/{task_id}', 409, { params });
    const task = await ended(created.id);
    await readUntil(created.id, ({ callback }) => callback.status === 'delivered');
    await call('POST /v1/tasks/{task_id}/callback', 200, { params });
    await call('POST /v1/tasks/{task_id}/cancel', 409, { params });
    await readUntil(created.id, ({ callback }) => callback.status === 'delivered');
    await call('POST /v1/admin/tasks/{task_id}/callback', 200, { params });
    await call('GET /v1/admin/tasks/{task_id}', 200, { params });
    await call('GET /v1/admin/tasks', 200, { query: 'limit=5' });
    await call('POST /v1/tasks/batch', 200, { body: { task_ids: params } });
    await call('GET /v1/tasks', 200, { query: 'limit=5&status=completed' });
    const { pathname, search } = new URL(task.results[1]);
    await call('GET /v1/results/{task}/{n}', 200, {
      params: pathname.split('/').slice(-2),
      query: search.slice(1),
    });
    const image = await fetch(task.results[1], { redirect: 'manual' });
    const { status, headers } = image;
    expect(
      responseErrors('GET /v1/results/{task}/{n}', { status, headers, body: await image.text() }),
    ).toEqual([]);
    const [callback] = await until(
      () => receiver.received,
      ({ length }) => length > 0,
    );

    expect(namedSchemaErrors('CallbackBody', JSON.parse(callback?.body ?? ''))).toEqual([]);
    expect([status, (await fetch(headers.get('location') ?? '')).status]).toEqual([302, 200]);
    await call('DELETE /v1/tasks/{task_id}', 200, { params });
    await call('GET /v1/tasks/{task_id}', 404, { params });
    await call('GET /v1/results/{task}/{n}', 410, {
      params: pathname.split('/').slice(-2),
      query: search.slice(1),
    });
  });

  test('when one of its images was not generated, and when none was', async () => {
    controlProvider(stack, { outcome: 'partial', times: 1 });
    const { body: partial } = await call(create, 200, { body: generation({ n: 2 }) });
    const partialTask = await ended(partial.id);
    controlProvider(stack, { outcome: 'failed', code: 'DataInspectionFailed', times: 1 });
    const { body: failing } = await call(create, 200, { body: generation() });
    const failedTask = await ended(failing.id);
    await call('POST /v1/tasks/{task_id}/callback', 400, { params: [failing.id] });

    expect([partialTask.result_errors.length, failedTask.status]).toEqual([1, 'failed']);
  });

  test('when a request waits for it', async () => {
    const headers = { prefer: 'wait=25' };
    const created = await call(create, 303, { body: generation(), headers });
    const params = [created.body.id];
    const { search } = new URL(created.headers.get('location') ?? '', stack.url);
    const wait = 'GET /v1/tasks/{task_id}/wait';
    const waited = await call(wait, 200, { params, query: search.slice(1) });

    expect(waited.headers.get('preference-applied')).toBe('wait=25');
    await call(wait, 200, { params });
    await call(wait, 400, { params, query: 'seconds=26' });
    const { body } = await call(create, 200, { body: uploadRequest, headers });
    await call('GET /v1/tasks/{task_id}', 200, { params: [body.id], headers });
    await call('POST /v1/tasks/{task_id}/cancel', 200, { params: [body.id] });
  });

  test('while it waits for uploads, and when it is cancelled', async () => {
    const { body } = await call(create, 200, { body: uploadRequest });
    await call('GET /v1/tasks/{task_id}', 200, { params: [body.id] });
    await call('POST /v1/admin/tasks/{task_id}/check', 200, { params: [body.id] });
    await call('POST /v1/tasks/{task_id}/cancel', 200, { params: [body.id] });
    const { body: other } = await call(create, 200, { body: uploadRequest });
    await call('POST /v1/admin/tasks/{task_id}/cancel', 200, { params: [other.id] });

    expect((await ended(body.id)).error.code).toBe('request_cancelled');
  });
});

test('every response to a caller that is not about tasks matches the document', async () => {
  await call('GET /v1/credits', 200);
  await call('GET /v1/usage', 200, { query: 'group_by=day,key,model' });
  await call('GET /v1/admin/usage', 200, { query: 'account=default' });
  await call('POST /v1/tasks/callbacks', 200, { body: { since: 1 } });
  await call('POST /v1/admin/accounts/{account}/callbacks', 200, {
    params: ['default'],
    body: { since: 1 },
  });
  await call('GET /v1/models', 200);
  await call('GET /v1/models/{model}', 200, { params: ['wan2.5-image-to-image'] });
  await call('GET /v1/tasks', 200, { query: 'page=1&page_size=2' });
  await call('GET /healthz', 200);
  await call('POST /v1/providers/{provider}/callbacks/{job}/{secret}', 200, {
    params: ['evolink', 'task-unified-1757156493-imcg5zqt', 'guessed'],
  });
  const { body: file } = await call('POST /v1/files', 200, {
    body: { content_type: 'image/jpeg' },
  });
  expect(await upload(file.upload, readFileSync('cli/sample.jpg'))).toBe(204);
  await call('GET /v1/files/{file_id}', 200, { params: [file.id] });
});

test('every response of the Files API matches the document', async () => {
  const files = '/api/v1/files';
  const base64_data = readFileSync('cli/sample.jpg').toString('base64');
  const { body: stored } = await call(`POST ${files}/upload/base64`, 200, {
    body: { base64_data },
  });
  const body = { file_url: `${imageServer.url}/sample.jpg`, upload_path: 'photos' };
  await call(`POST ${files}/upload/url`, 200, { body });
  await call(`POST ${files}/upload/url`, 400, { body: { file_url: `${imageServer.url}/none` } });
  await call(`POST ${files}/upload/base64`, 415, { body: { base64_data: 'AAAA' } });
  await call(`GET ${files}/list`, 200, { query: 'page=1&pageSize=1' });
  await call(`GET ${files}/list`, 400, { query: 'page=0' });
  await call(`GET ${files}/quota`, 200);
  const { file_id, file_url, download_url } = stored.data;
  for (const [path, link] of [
    ['content', file_url],
    ['download', download_url],
  ]) {
    const { pathname, search } = new URL(link);
    const parts = { params: pathname.split('/').slice(-1), query: search.slice(1) };
    await call(`GET ${files}/${path}/{file}`, 200, parts);
    await call(`GET ${files}/${path}/{file}`, 403, { ...parts, query: '' });
  }
  await call(`DELETE ${files}/{file_id}`, 200, { params: [file_id] });
  await call(`DELETE ${files}/{file_id}`, 404, { params: [file_id] });
});

test.each([
  ['a picture', readFileSync('cli/sample.jpg'), 200],
  ['no picture', Buffer.from('hello'), 415],
])('the response to a form with %s matches the document', async (_, file, expected) => {
  const key = 'POST /api/v1/files/upload/stream';
  const form = new FormData();
  form.append('file', new Blob([file]), 'a.jpg');
  const response = await fetch(new URL(key.slice(5), stack.url), {
    method: 'POST',
    headers: bearer(stack.keys.apiKey),
    body: form,
  });
  const { status, headers } = response;
  if (status < 400) succeeded.add(key);

  expect(responseErrors(key, { status, headers, body: await response.json() })).toEqual([]);
  expect(status).toBe(expected);
});

test('every response to an operator matches the document', async () => {
  const accounts = '/v1/admin/accounts';
  const params = ['described'];
  const limits = { requests_per_minute: 60, tasks_in_flight: 10 };
  await call(`POST ${accounts}`, 200, { body: { id: 'described', user_group: 'vip', limits } });
  await call(`PATCH ${accounts}/{account}`, 200, { params, body: { limits } });
  await call(`POST ${accounts}/{account}/credits`, 200, {
    params,
    body: { credits: 5, note: 'a' },
  });
  await call(`POST ${accounts}/{account}/credits`, 402, { params, body: { credits: -6 } });
  await call(`POST ${accounts}/{account}/webhook-secret`, 200, { params });
  await call(`GET ${accounts}/{account}`, 200, { params });
  const key = { account: 'described', name: 'first', daily_limit_credits: 3 };
  const { body: made } = await call('POST /v1/admin/keys', 200, { body: key });
  await call('GET /v1/credits', 200, { headers: bearer(made.api_key) });
  await call(create, 200, { body: uploadRequest, headers: bearer(made.api_key) });
  await call(`GET ${accounts}/{account}/entries`, 200, { params });
  await call(`GET ${accounts}`, 200, { query: 'limit=1' });
  const body = {
    expires_at: 1_900_000_000,
    allowed_models: [made.allowed_models ?? 'wan2.5-image-to-image'],
  };
  await call('PATCH /v1/admin/keys/{key_id}', 200, { params: [made.id], body });
  await call('GET /v1/admin/keys/{key_id}', 200, { params: [made.id] });
  await call('GET /v1/admin/keys', 200, { query: 'account=described' });
  await call('DELETE /v1/admin/keys/{key_id}', 200, { params: [made.id] });
  await call('GET /v1/admin/audit', 200, { query: 'account=described' });
  await call('GET /v1/admin/providers', 200);
  await call('POST /v1/admin/providers/{provider}/try', 200, { params: ['dashscope'] });
  const issued = (await invokeIssueKey(stack, { console: { name: 'described' } })) as Body;
  await call('POST /v1/console/sessions', 200, { body: { code: issued.code } });
  await call('POST /v1/console/sessions', 401, { body: { code: issued.code } });
  await call('GET /v1/webhooks/deliveries', 200, { query: 'limit=5' });
  for (const url of [imageServer.url, 'http://127.0.0.1:9/']) {
    await call('POST /v1/webhooks/test', 200, { body: { url } });
  }
});

test('the document needs no key, and may be cached for an hour', async () => {
  const { body, headers } = await call('GET /openapi.json', 200, {
    headers: { authorization: '' },
  });

  expect(body).toEqual(JSON.parse(readFileSync('docs/openapi.json', 'utf8')));
  expect(headers.get('cache-control')).toBe('public, max-age=3600');
});

test('every route of the document was called successfully at least once', () => {
  expect(routes.map(([key]) => key).filter((key) => !succeeded.has(key))).toEqual([]);
});
