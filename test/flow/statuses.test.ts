import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { loadRoutes } from '../../functions/api/routes.ts';
import { maxUploadBytes } from '../../functions/domain/model/hosted-file.ts';
import { statusOf } from '../../functions/openapi/problems.ts';
import { codesOf } from '../../functions/openapi/responses.ts';
import { type AnyRoute, maxJsonBytes, routeKey } from '../../functions/runtime/route.ts';
import { invokeIssueKey, issueKey } from '../../local/local-keys.ts';
import type { Body, TestStack } from './open-stack.ts';
import { type Receiver, serveImages, startReceiver } from './receiver.ts';
import { startStack } from './start-stack.ts';

// What every route can answer: a status a `describe`, and in it the code of the problem. The statuses come from the
// declarations. What a response says besides is in the tests of each route.

type Caller = 'caller' | 'operator' | 'reader' | 'poor' | 'nobody';
type Sent = {
  /** Without it, the path of the route with ids of things that do not exist. */
  readonly path?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly as?: Caller;
};
type Row = readonly [
  status: number,
  code: string | null,
  sentence: string,
  request: (made: Made) => Sent | Promise<Sent>,
];
type Made = Awaited<ReturnType<typeof makeThings>>;

const sample = readFileSync('cli/sample.jpg');
const ids: Readonly<Record<string, string>> = {
  task_id: 'task-unified-1757156493-imcg5zqt',
  file_id: 'file_0123456789abcdefghijk',
  key_id: 'key-0123456789abcdef',
  account: 'nobody',
  provider: 'nobody',
};
const pathOf = (path: string, values: Readonly<Record<string, string>> = ids) =>
  path.replace(/\{(\w+)\+?\}/g, (_, name: string) => values[name] ?? 'unknown');

let stack: TestStack;
let images: Receiver;
let receiver: Receiver;
let made: Made;

beforeAll(async () => {
  images = await serveImages({ '/sample.jpg': sample, '/page.html': Buffer.from('<html>') });
  receiver = await startReceiver();
  stack = await startStack();
  made = await makeThings();
});
afterAll(async () => {
  await stack?.close();
  await images?.close();
  await receiver?.close();
});

const uploads = '/api/v1/files/upload';
const waiting = { prompt: 'A sky of mine', image_uploads: [{ content_type: 'image/png' }] };

/** One of everything that the routes are about. */
async function makeThings() {
  const keyOf = async (request: object) => (await issueKey(stack, request)).api_key;
  const account = 'statuses';
  const keys: Readonly<Record<Caller, string>> = {
    caller: stack.keys.apiKey,
    operator: stack.keys.adminKey,
    reader: await keyOf({ account, scopes: ['read'] }),
    poor: await keyOf({ account, scopes: ['generate'] }),
    nobody: '',
  };
  const callback_url = `${receiver.url}/done`;
  const generation = { prompt: 'Snow', image_urls: [`${images.url}/sample.jpg`], size: '768x768' };
  const tasks = [generation, generation, { ...waiting, callback_url }, waiting];
  const [kept, deleted, cancelled, running] = (
    await Promise.all(tasks.map(async (task) => (await stack.create(task)).body))
  ).map(({ id }) => String(id));
  await stack.call('POST', `/v1/tasks/${cancelled}/cancel`);
  const ended = await Promise.all(
    [kept, deleted, cancelled].map((id) => stack.endedTask(id ?? '')),
  );
  const [link, lostLink] = ended.map(({ results }) => String(results?.[0]));
  const [file, deletedFile] = await Promise.all(
    [1, 2].map(async () => {
      const body = { base64_data: asBase64(sample) };
      return (await stack.call('POST', `${uploads}/base64`, body)).body.data;
    }),
  );
  const large = (await stack.call('POST', '/v1/files', { content_type: 'image/jpeg' })).body;
  await fill(large.upload, sample, Buffer.alloc(4 * 1024 * 1024));
  const { body: small } = await stack.call('POST', '/v1/files', { content_type: 'image/jpeg' });
  await fill(small.upload, sample);
  const [key, deletedKey] = await Promise.all(
    ['made', 'deleted'].map(async (name) => {
      const authorization = `Bearer ${keys.operator}`;
      return (await stack.call('POST', '/v1/admin/keys', { account, name }, { authorization }))
        .body;
    }),
  );
  return {
    keys,
    account,
    key: String(key.id),
    deletedKey: String(deletedKey.id),
    deletedFile: deletedFile.file_id,
    smallFile: new URL(small.url).pathname,
    kept,
    deleted,
    cancelled,
    running,
    link: relative(link),
    lostLink: relative(lostLink),
    file,
    largeFile: new URL(large.url).pathname,
    image: `${images.url}/sample.jpg`,
    page: `${images.url}/page.html`,
  };
}

/** Uploads a picture with the form that a response gave. */
async function fill(
  { url, fields }: Body,
  ...parts: readonly Buffer<ArrayBuffer>[]
): Promise<void> {
  const form = new FormData();
  for (const [name, value] of Object.entries<string>(fields)) form.set(name, value);
  form.set('file', new Blob([...parts]));
  const sent = await fetch(url, { method: 'POST', body: form });
  expect(sent.status).toBe(204);
}

const asBase64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
const relative = (link = '') => {
  const { pathname, search } = new URL(link, 'http://host.invalid');
  return pathname + search;
};

const formWith = (bytes: Uint8Array) => {
  const boundary = 'boundary';
  const head = 'Content-Disposition: form-data; name="file"; filename="a.jpg"';
  return {
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    body: Buffer.concat([
      Buffer.from(`--${boundary}\r\n${head}\r\n\r\n`),
      bytes,
      Buffer.from(`\r\n--${boundary}--\r\n`),
    ]),
  };
};

async function send(method: string, path: string, { body, headers, as = 'nobody' }: Sent) {
  stack.tripwire.addRequest(body instanceof Uint8Array ? undefined : body);
  const response = await fetch(new URL(path, stack.url), {
    method,
    redirect: 'manual',
    headers: {
      'content-type': 'application/json',
      ...(made.keys[as] !== '' && { authorization: `Bearer ${made.keys[as]}` }),
      ...headers,
    },
    ...(body !== undefined && { body: asBody(body) }),
  });
  const text = await response.text();
  stack.tripwire.addResponse(text);
  return { status: response.status, text };
}
const asBody = (body: unknown) =>
  typeof body === 'string' || body instanceof Uint8Array ? new Blob([body]) : JSON.stringify(body);

/** The code of a problem, in whichever of the two forms. */
const codeIn = ({ status, text }: { status: number; text: string }): string | null => {
  if (status < 400 && status !== 308) return null;
  const body: Body = JSON.parse(text);
  return body.error?.code ?? body.code ?? null;
};

const tooMuch = asBase64(Buffer.alloc(maxUploadBytes + 1, 1));
const Code = z.object({ code: z.string() });
const unknownTask = "an id that is not a task's is refused";
const notThere = 'what does not exist is not found';
const answered = 'a request that is right is answered';
const wrongQuery = 'a wrong value in the query is refused';
const stillRuns = 'a task that has not ended is refused';
const hasEnded = 'a task that has ended is refused';
const withoutSignature = 'a link without its signature is refused';
const tooLarge = 'a picture of more than 4 MB is refused to a client that would send its key along';
const noPicture = 'a file that is no picture is refused';
const nothing = (): Sent => ({});
const at =
  (path: string | ((things: Made) => string), sent: Omit<Sent, 'path'> = {}) =>
  (things: Made): Sent => ({ ...sent, path: typeof path === 'string' ? path : path(things) });
const sending = (body: unknown) => (): Sent => ({ body });

/** The rows of a route about one task; `path` leads to the task of this id. */
const aboutTask = (path: (id: string) => string): readonly Row[] => [
  [400, 'invalid_task_id', unknownTask, at(path('cgt-2026'))],
  [404, 'task_not_found', notThere, nothing],
];
const task = (id = '') => `/v1/tasks/${id}`;
const adminTask = (id = '') => `/v1/admin/tasks/${id}`;
const noAccount: Row = [404, 'account_not_found', notThere, nothing];
const wrongLimit = (path: string): Row => [
  400,
  'invalid_request',
  wrongQuery,
  at(`${path}?limit=0`),
];
const hostedFile: readonly Row[] = [
  [403, null, withoutSignature, at(({ file }) => new URL(file.file_url).pathname)],
];

/** What each route answers, beside what all routes with a key or a body answer. The rows of a route are in order. */
const rows: Readonly<Record<string, readonly Row[]>> = {
  'POST /v1/images/generations': [
    [200, null, answered, sending(waiting)],
    [
      402,
      'insufficient_quota',
      'an account without credits is refused',
      () => ({ body: waiting, as: 'poor' }),
    ],
    [
      409,
      'idempotency_conflict',
      'a key of another request is refused',
      async () => {
        const headers = { 'idempotency-key': `statuses-${Date.now()}` };
        await stack.create(waiting, headers);
        return { body: { ...waiting, prompt: 'Another sky' }, headers };
      },
    ],
  ],
  'GET /v1/tasks/{task_id}': [
    [200, null, answered, at(({ kept }) => task(kept))],
    ...aboutTask(task),
  ],
  'GET /v1/tasks/{task_id}/wait': [
    [200, null, answered, at(({ kept }) => `${task(kept)}/wait`)],
    ...aboutTask((id) => `${task(id)}/wait`),
  ],
  'GET /v1/tasks': [[200, null, answered, nothing], wrongLimit('/v1/tasks')],
  'POST /v1/tasks/batch': [[200, null, answered, ({ kept }) => ({ body: { task_ids: [kept] } })]],
  'POST /v1/tasks/{task_id}/callback': [
    [200, null, answered, at(({ cancelled }) => `${task(cancelled)}/callback`)],
    ...aboutTask((id) => `${task(id)}/callback`),
    [409, 'task_running', stillRuns, at(({ running }) => `${task(running)}/callback`)],
  ],
  'POST /v1/tasks/callbacks': [[200, null, answered, sending({ since: 0, until: 1 })]],
  'POST /v1/tasks/{task_id}/cancel': [
    ...aboutTask((id) => `${task(id)}/cancel`),
    [409, 'task_ended', hasEnded, at(({ kept }) => `${task(kept)}/cancel`)],
    [
      200,
      null,
      answered,
      async () => ({ path: `${task((await stack.create(waiting)).body.id)}/cancel` }),
    ],
  ],
  'DELETE /v1/tasks/{task_id}': [
    ...aboutTask(task),
    [409, 'task_running', stillRuns, at(({ running }) => task(running))],
    [200, null, 'a task that has ended is deleted', at(({ deleted }) => task(deleted))],
  ],
  'GET /v1/results/{task}/{n}': [
    [302, null, 'a signed link leads to the picture', at(({ link }) => link)],
    [403, 'permission_denied', withoutSignature, nothing],
    [
      410,
      'result_expired',
      'the picture of a deleted task is gone',
      async ({ lostLink, deleted }) => {
        await send('DELETE', task(deleted), { as: 'caller' });
        return { path: lostLink };
      },
    ],
  ],
  'POST /v1/files': [[200, null, answered, sending({ content_type: 'image/png' })]],
  'GET /v1/files/{file_id}': [
    [200, null, 'an uploaded picture is returned', at(({ smallFile }) => smallFile)],
    [404, 'file_not_found', notThere, nothing],
    [409, 'picture_too_large', tooLarge, at(({ largeFile }) => largeFile)],
  ],
  'POST /api/v1/files/upload/base64': [
    [200, null, answered, sending({ base64_data: asBase64(sample) })],
    [413, null, 'a file of more than 4.4 MB is refused', sending({ base64_data: tooMuch })],
    [415, null, noPicture, sending({ base64_data: asBase64(Buffer.from('<html>')) })],
  ],
  'POST /api/v1/files/upload/stream': [
    [200, null, answered, () => formWith(sample)],
    [
      400,
      null,
      'a form without a file is refused',
      () => ({ ...formWith(sample), body: '--boundary--' }),
    ],
    [
      413,
      null,
      'a file of more than 4.4 MB is refused',
      () => formWith(Buffer.concat([sample, Buffer.alloc(4_400_000)])),
    ],
    [415, null, noPicture, () => formWith(Buffer.from('<html>'))],
  ],
  'POST /api/v1/files/upload/url': [
    [200, null, answered, ({ image }) => ({ body: { file_url: image } })],
    [415, null, noPicture, ({ page }) => ({ body: { file_url: page } })],
  ],
  'GET /api/v1/files/list': [
    [200, null, answered, nothing],
    [400, null, wrongQuery, at('/api/v1/files/list?pageSize=0')],
  ],
  'GET /api/v1/files/quota': [[200, null, answered, nothing]],
  'GET /api/v1/files/content/{file}': [
    [200, null, 'a signed link leads to the picture', at(({ file }) => relative(file.file_url))],
    ...hostedFile,
  ],
  'GET /api/v1/files/download/{file}': [
    [
      200,
      null,
      'a signed link leads to the picture',
      at(({ file }) => relative(file.download_url)),
    ],
    [403, null, withoutSignature, at(({ file }) => new URL(file.download_url).pathname)],
  ],
  'DELETE /api/v1/files/{file_id}': [
    [404, null, notThere, nothing],
    [200, null, answered, at(({ deletedFile }) => `/api/v1/files/${deletedFile}`)],
  ],
  'GET /v1/models': [[200, null, answered, nothing]],
  'GET /v1/models/{model}': [
    [200, null, answered, at('/v1/models/wan2.5-image-to-image')],
    [404, 'model_not_found', notThere, nothing],
  ],
  'GET /v1/credits': [[200, null, answered, nothing]],
  'GET /v1/usage': [[200, null, answered, nothing], wrongLimit('/v1/usage')],
  'GET /v1/webhooks/deliveries': [
    [200, null, answered, nothing],
    wrongLimit('/v1/webhooks/deliveries'),
  ],
  'POST /v1/webhooks/test': [
    [200, null, answered, () => ({ body: { url: `${receiver.url}/test` } })],
  ],
  'POST /v1/console/sessions': [
    [
      200,
      null,
      'the code of a link is exchanged for a session',
      async () => {
        const request = { console: { name: 'statuses' } };
        return { body: Code.parse(await invokeIssueKey(stack, request)) };
      },
    ],
    [401, 'unauthorized', 'a code that was never issued is refused', sending({ code: 'once-x' })],
  ],
  'POST /v1/providers/{provider}/callbacks/{job}/{secret}': [
    [200, null, 'whoever calls is told nothing', nothing],
  ],
  'GET /healthz': [[200, null, answered, nothing]],
  'GET /openapi.json': [[200, null, answered, nothing]],
  'GET /': [[200, null, answered, at('/', { headers: { accept: 'text/html' } })]],
  'GET /console': [[200, null, answered, nothing]],
  'GET /console/{file+}': [
    [200, null, answered, () => ({ path: '/console/index.html' })],
    [404, 'not_found', notThere, at('/console/unknown.js')],
  ],
  'GET /docs': [[200, null, answered, nothing]],
  'GET /docs/{page}': [
    [200, null, answered, at('/docs/errors')],
    [404, 'not_found', notThere, at('/docs/unknown.js')],
  ],
  $default: [
    [
      308,
      'moved_permanently',
      'a path that ends with a slash leads to the one without',
      at('/v1/tasks/'),
    ],
    [404, 'not_found', notThere, at('/v1/nothing')],
  ],
  'GET /v1/admin/tasks': [[200, null, answered, nothing], wrongLimit('/v1/admin/tasks')],
  'GET /v1/admin/tasks/{task_id}': [
    [200, null, answered, at(({ kept }) => adminTask(kept))],
    ...aboutTask(adminTask),
  ],
  'POST /v1/admin/tasks/{task_id}/cancel': [
    ...aboutTask((id) => `${adminTask(id)}/cancel`),
    [409, 'task_ended', hasEnded, at(({ kept }) => `${adminTask(kept)}/cancel`)],
    [
      200,
      null,
      answered,
      async () => ({ path: `${adminTask((await stack.create(waiting)).body.id)}/cancel` }),
    ],
  ],
  'POST /v1/admin/tasks/{task_id}/callback': [
    [200, null, answered, at(({ cancelled }) => `${adminTask(cancelled)}/callback`)],
    ...aboutTask((id) => `${adminTask(id)}/callback`),
    [409, 'task_running', stillRuns, at(({ running }) => `${adminTask(running)}/callback`)],
  ],
  'POST /v1/admin/tasks/{task_id}/check': [
    [200, null, answered, at(({ running }) => `${adminTask(running)}/check`)],
    ...aboutTask((id) => `${adminTask(id)}/check`),
    [409, 'task_ended', hasEnded, at(({ kept }) => `${adminTask(kept)}/check`)],
  ],
  'POST /v1/admin/accounts': [
    [
      409,
      'account_exists',
      'the id of another account is refused',
      ({ account }) => ({ body: { id: account } }),
    ],
    [200, null, answered, () => ({ body: { id: `statuses-${Date.now()}` } })],
  ],
  'GET /v1/admin/accounts': [[200, null, answered, nothing], wrongLimit('/v1/admin/accounts')],
  'GET /v1/admin/accounts/{account}': [
    [200, null, answered, at(({ account }) => `/v1/admin/accounts/${account}`)],
    noAccount,
  ],
  'PATCH /v1/admin/accounts/{account}': [
    [
      200,
      null,
      answered,
      at(({ account }) => `/v1/admin/accounts/${account}`, { body: { user_group: 'vip' } }),
    ],
    [404, 'account_not_found', notThere, sending({ user_group: 'vip' })],
  ],
  'POST /v1/admin/accounts/{account}/credits': [
    [
      402,
      'insufficient_quota',
      'more than the balance cannot be withdrawn',
      at(({ account }) => `/v1/admin/accounts/${account}/credits`, { body: { credits: -1000 } }),
    ],
    [404, 'account_not_found', notThere, sending({ credits: 1 })],
    [
      200,
      null,
      answered,
      at(({ account }) => `/v1/admin/accounts/${account}/credits`, {
        body: { credits: 0.001 },
        headers: { 'idempotency-key': 'statuses-credit' },
      }),
    ],
    [
      409,
      'idempotency_conflict',
      'a key of another request is refused',
      at(({ account }) => `/v1/admin/accounts/${account}/credits`, {
        body: { credits: 0.002 },
        headers: { 'idempotency-key': 'statuses-credit' },
      }),
    ],
  ],
  'GET /v1/admin/accounts/{account}/entries': [
    [200, null, answered, at(({ account }) => `/v1/admin/accounts/${account}/entries`)],
    [
      400,
      'invalid_request',
      wrongQuery,
      at(({ account }) => `/v1/admin/accounts/${account}/entries?limit=0`),
    ],
    noAccount,
  ],
  'POST /v1/admin/accounts/{account}/webhook-secret': [
    [200, null, answered, at(({ account }) => `/v1/admin/accounts/${account}/webhook-secret`)],
    noAccount,
  ],
  'POST /v1/admin/accounts/{account}/callbacks': [
    [
      200,
      null,
      answered,
      at(({ account }) => `/v1/admin/accounts/${account}/callbacks`, {
        body: { since: 0, until: 1 },
      }),
    ],
    [404, 'account_not_found', notThere, sending({ since: 0, until: 1 })],
  ],
  'GET /v1/admin/usage': [
    [200, null, answered, nothing],
    wrongLimit('/v1/admin/usage'),
    [404, 'account_not_found', notThere, at('/v1/admin/usage?account=nobody')],
  ],
  'GET /v1/admin/audit': [[200, null, answered, nothing], wrongLimit('/v1/admin/audit')],
  'GET /v1/admin/providers': [[200, null, answered, nothing]],
  'POST /v1/admin/providers/{provider}/try': [
    [200, null, answered, at('/v1/admin/providers/dashscope/try')],
    [400, 'invalid_request', 'a provider that does not exist is refused', nothing],
  ],
  'GET /v1/admin/keys': [
    [200, null, answered, at(({ account }) => `/v1/admin/keys?account=${account}`)],
    wrongLimit('/v1/admin/keys'),
    [404, 'account_not_found', notThere, at('/v1/admin/keys?account=nobody')],
  ],
  'POST /v1/admin/keys': [
    [200, null, answered, ({ account }) => ({ body: { account, name: 'another' } })],
    [404, 'account_not_found', notThere, sending({ account: 'nobody', name: 'first' })],
  ],
  'GET /v1/admin/keys/{key_id}': [
    [200, null, answered, at(({ key }) => `/v1/admin/keys/${key}`)],
    [404, 'key_not_found', notThere, nothing],
  ],
  'PATCH /v1/admin/keys/{key_id}': [
    [200, null, answered, at(({ key }) => `/v1/admin/keys/${key}`, { body: { name: 'renamed' } })],
    [404, 'key_not_found', notThere, sending({ name: 'renamed' })],
  ],
  'DELETE /v1/admin/keys/{key_id}': [
    [404, 'key_not_found', notThere, nothing],
    [200, null, 'a key is deleted', at(({ deletedKey }) => `/v1/admin/keys/${deletedKey}`)],
  ],
};

/** Statuses that no request of this test brings about, each with the reason. */
const elsewhere: Readonly<Record<number, string>> = {
  429: 'a limit is used up only by many requests: test/unit/runtime/http.test.ts and accounts.test.ts',
  500: 'needs a fault: test/faults',
  503: 'needs many transactions at once: test/contract',
};
const elsewhereAt: Readonly<Record<string, string>> = {
  'POST /api/v1/files/upload/base64 409':
    'needs an account that is full: test/unit/domain/files/files.test.ts',
  'POST /api/v1/files/upload/stream 409': 'the same',
  'POST /api/v1/files/upload/url 409': 'the same',
  'GET /api/v1/files/content/{file} 404': 'needs a file that is deleted: files.test.ts',
  'GET /api/v1/files/download/{file} 404': 'the same',
  'GET /api/v1/files/content/{file} 409':
    'needs a stored file of 4 MB: test/unit/domain/files/files.test.ts',
  'GET /api/v1/files/download/{file} 409': 'the same',
  'GET /v1/results/{task}/{n} 409': 'needs a result of 4 MB: clients.test.ts',
};

const loaded = (await loadRoutes()).map(({ route }) => route);

/** Whose key a request has unless its row says otherwise. */
function usualCaller({ access }: AnyRoute): Caller {
  if (typeof access !== 'object') return 'nobody';
  return access.scope === 'admin' || access.scope === 'manage' ? 'operator' : 'caller';
}

const withKey: Row = [
  401,
  'unauthorized',
  'a request without a key is refused',
  () => ({ as: 'nobody' }),
];
const withScope: Row = [
  403,
  'permission_denied',
  'a key without the scope is refused',
  () => ({ as: 'reader' }),
];
const withJson: readonly Row[] = [
  [400, 'invalid_request', 'a body that is no JSON is refused', sending('{')],
  [
    415,
    'unsupported_media_type',
    'a body of another type is refused',
    () => ({ body: '{}', headers: { 'content-type': 'text/plain' } }),
  ],
];
const withUsualSize: Row = [
  413,
  'request_too_large',
  'a body that is too large is refused',
  sending('x'.repeat(maxJsonBytes + 1)),
];

/** What all routes with a key, and all with a JSON body, answer. */
function rowsOfKind({ access, body }: AnyRoute): readonly Row[] {
  const scope = typeof access === 'object' ? access.scope : undefined;
  const maxBytes = body?.kind === 'json' ? body.maxBytes : undefined;
  return [
    ...(scope ? [withKey] : []),
    ...(scope && scope !== 'read' ? [withScope] : []),
    ...(maxBytes ? withJson : []),
    // A larger body than this does not get as far as the function.
    ...(maxBytes === maxJsonBytes ? [withUsualSize] : []),
  ];
}

const rowsOf = (route: AnyRoute): readonly Row[] => [
  ...rowsOfKind(route),
  ...(rows[routeKey(route)] ?? []),
];

test('every route has a row for every status that it declares and for its success, or a reason why it has none', () => {
  expect(loaded.length).toBeGreaterThan(50);
  const missing = loaded.flatMap((route) => {
    const covered = new Set(rowsOf(route).map(([status]) => status));
    const declared = new Set(codesOf(route).map(statusOf));
    return [
      ...[...declared]
        .filter((status) => !covered.has(status) && !elsewhere[status])
        .map((status) => `${routeKey(route)} ${status}`),
      ...([...covered].some((status) => status < 400) ? [] : [`${routeKey(route)} success`]),
    ];
  });

  expect(missing.sort()).toEqual(Object.keys(elsewhereAt).sort());
  const keys = loaded.map(routeKey);
  expect(Object.keys(rows).filter((key) => !keys.includes(key))).toEqual([]);
});

for (const route of loaded) {
  describe(routeKey(route), () => {
    for (const [status, cases] of Map.groupBy(rowsOf(route), ([one]) => one)) {
      describe(String(status), () => {
        test.each(cases.map(([, code, sentence, request]) => ({ code, sentence, request })))(
          '$sentence',
          async ({ code, request }) => {
            const {
              path = pathOf(route.path),
              as = usualCaller(route),
              ...sent
            } = await request(made);

            const response = await send(route.method, path, { ...sent, as });

            const said = response.text.slice(0, 300);
            expect({ status: response.status, said }).toEqual({ status, said });
            // The Files API has numbers in place of codes.
            if (!route.envelope) expect(codeIn(response)).toBe(code);
          },
        );
      });
    }
  });
}
