import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadRoutes } from '../../functions/api/routes.ts';
import { auditedOperations } from '../../functions/domain/model/audit.ts';
import { type Body, type TestStack, until } from './open-stack.ts';
import { type Receiver, serveImages, startReceiver } from './receiver.ts';
import { controlProvider, openOwnStack } from './start-stack.ts';

// Every route of the operator that changes something leaves an entry: who did what to whom, before and after, and nothing secret.
// The routes are those that are declared, so that a new one without an entry fails.

let stack: TestStack;
let receiver: Receiver;
let imageServer: Receiver;

beforeAll(async () => {
  stack = await openOwnStack();
  receiver = await startReceiver(503);
  imageServer = await serveImages({ '/sample.jpg': readFileSync('cli/sample.jpg') });
});
afterAll(async () => {
  await stack?.close();
  await receiver?.close();
  await imageServer?.close();
});

const changing = (await loadRoutes()).flatMap(({ route, docs }) =>
  // This route asks a provider, and changes nothing.
  route.path.startsWith('/v1/admin/') && route.method !== 'GET' && !route.path.endsWith('/try')
    ? [{ ...route, id: docs?.().id ?? '' }]
    : [],
);
const operations = changing.map(({ id }) => id).sort();

const send = (method: string, path: string, body?: unknown, headers = {}) =>
  stack.call(method, path, body, { authorization: `Bearer ${stack.keys.adminKey}`, ...headers });
const admin = (method: string, path: string, body?: unknown) =>
  send(method, `/v1/admin${path}`, body);
const read = async (query = ''): Promise<readonly Body[]> => {
  const { status, body } = await admin('GET', `/audit?limit=100&${query}`);
  expect(status).toBe(200);
  return body.data;
};

let accounts = 0;
/** An account with credits and a key, and a task of it that waits for its upload, or that was cancelled and has ended. */
async function customer() {
  accounts += 1;
  const id = `audited-${accounts}`;
  await admin('POST', '/accounts', { id });
  await admin('POST', `/accounts/${id}/credits`, { credits: 10 });
  const { body: key } = await admin('POST', '/keys', { account: id, name: 'web' });
  const headers = { authorization: `Bearer ${key.api_key}` };
  const create = async () => {
    const image_uploads = [{ content_type: 'image/jpeg' }];
    const sent = { prompt: 'Make it snow', image_uploads, callback_url: receiver.url };
    return (await stack.create(sent, headers)).body.id as string;
  };
  const ended = async () => {
    const task = await create();
    await stack.call('POST', `/v1/tasks/${task}/cancel`, undefined, headers);
    const tried = (body: Body) => body.callback?.attempt_count > 0;
    await until(
      async () => (await stack.call('GET', `/v1/tasks/${task}`, undefined, headers)).body,
      tried,
    );
    return task;
  };
  return { id, keyId: key.id as string, headers, create, ended };
}

type Customer = Awaited<ReturnType<typeof customer>>;
/** A request that changes something, with what its entry says; and one that is refused. */
type Sample = {
  readonly act: (of: Customer) => Promise<{
    readonly path: string;
    readonly body?: unknown;
    readonly target?: object;
    readonly before: unknown;
    readonly after: unknown;
  }>;
  readonly refused: { readonly path: (of: Customer) => string; readonly body?: unknown };
};

const any = expect.anything();
const noTask = 'task-unified-1757156493-imcg5zqt';
const noKey = 'key-0000000000000000';
const keyFields = {
  mode: 'live',
  name: 'web',
  enabled: true,
  scopes: ['generate'],
  expires_at: null,
  total_limit_credits: null,
  daily_limit_credits: null,
  reset_timezone: 'UTC',
  allowed_models: null,
  disabled_by_operator: false,
  // The operator has made it.
  set_by_operator: [
    'scopes',
    'expires_at',
    'total_limit_credits',
    'daily_limit_credits',
    'reset_timezone',
    'allowed_models',
  ],
};

const samples: Readonly<Record<string, Sample>> = {
  createAccount: {
    act: async ({ id }) => ({
      path: '/accounts',
      body: { id: `${id}-new`, user_group: 'vip' },
      target: { account: `${id}-new` },
      before: null,
      after: {
        user_group: 'vip',
        requests_per_minute: 300,
        tasks_in_flight: 2000,
        enabled: true,
        daily_budget_credits: null,
        stop_at_budget: false,
      },
    }),
    refused: { path: () => '/accounts', body: { id: 'Not a name' } },
  },
  changeAccount: {
    act: async ({ id }) => ({
      path: `/accounts/${id}`,
      body: { enabled: false, limits: { tasks_in_flight: 7 } },
      before: { enabled: true, tasks_in_flight: 2000 },
      after: { enabled: false, tasks_in_flight: 7 },
    }),
    refused: { path: ({ id }) => `/accounts/${id}`, body: { enabled: 'no' } },
  },
  rotateSecret: {
    act: async ({ id }) => ({
      path: `/accounts/${id}/webhook-secret`,
      body: { overlap_hours: 1 },
      before: null,
      after: { previous_valid_until: any },
    }),
    refused: { path: ({ id }) => `/accounts/${id}/webhook-secret`, body: { overlap_hours: -1 } },
  },
  creditAccount: {
    act: async ({ id }) => ({
      path: `/accounts/${id}/credits`,
      body: { credits: -2.5, note: '<b>"refund"</b>\u202e' },
      before: null,
      after: { amount_credits: -2.5, note: '<b>"refund"</b>\u202e', ledger_entry: any },
    }),
    refused: { path: ({ id }) => `/accounts/${id}/credits`, body: { credits: -1000 } },
  },
  createKey: {
    act: async ({ id }) => ({
      path: '/keys',
      body: { account: id, name: '=cmd|"/c calc"!A1', scopes: ['read'], total_limit_credits: 5 },
      target: { key_id: expect.stringMatching(/^key-/) },
      before: null,
      after: { ...keyFields, name: '=cmd|"/c calc"!A1', scopes: ['read'], total_limit_credits: 5 },
    }),
    refused: { path: () => '/keys', body: { account: 'nobody', name: 'web' } },
  },
  changeKey: {
    act: async ({ keyId }) => ({
      path: `/keys/${keyId}`,
      body: { enabled: false, daily_limit_credits: 5 },
      target: { key_id: keyId },
      before: { enabled: true, daily_limit_credits: null, disabled_by_operator: false },
      after: { enabled: false, daily_limit_credits: 5, disabled_by_operator: true },
    }),
    refused: { path: ({ keyId }) => `/keys/${keyId}`, body: { enabled: 'no' } },
  },
  deleteKey: {
    act: async ({ keyId }) => ({
      path: `/keys/${keyId}`,
      target: { key_id: keyId },
      before: keyFields,
      after: null,
    }),
    refused: { path: () => `/keys/${noKey}` },
  },
  cancelAnyTask: {
    act: async ({ create }) => {
      const task = await create();
      return {
        path: `/tasks/${task}/cancel`,
        target: { task_id: task },
        before: { cancel_requested_at: null },
        after: { cancel_requested_at: any },
      };
    },
    refused: { path: () => `/tasks/${noTask}/cancel` },
  },
  redeliverAnyCallback: {
    act: async ({ ended }) => {
      const task = await ended();
      return {
        path: `/tasks/${task}/callback`,
        target: { task_id: task },
        before: { callback: 'retrying' },
        after: { callback: 'pending' },
      };
    },
    refused: { path: () => `/tasks/${noTask}/callback` },
  },
  redeliverAccountCallbacks: {
    act: async ({ id }) => ({
      path: `/accounts/${id}/callbacks`,
      body: { since: 5, before: 9 },
      before: null,
      after: { since: 5, before: 9, scheduled: 0, has_more: false },
    }),
    refused: { path: ({ id }) => `/accounts/${id}/callbacks`, body: { since: 9, before: 5 } },
  },
  checkTask: {
    act: async ({ headers }) => {
      controlProvider(stack, { seconds: 60 });
      const sent = { prompt: 'Make it snow', image_urls: [`${imageServer.url}/sample.jpg`] };
      const { body } = await stack.create(sent, headers);
      return {
        path: `/tasks/${body.id}/check`,
        target: { task_id: body.id },
        before: null,
        after: { result: any },
      };
    },
    refused: { path: () => `/tasks/${noTask}/check` },
  },
};

test('there is a sample of every declared route that changes something, and of no other', () => {
  expect(operations.length).toBeGreaterThan(10);
  expect(Object.keys(samples).sort()).toEqual(operations);
  // The link to the console has a test of its own.
  const others = ['issueKey', 'issueConsoleCode', 'openConsole'];
  expect([...operations, ...others].sort()).toEqual([...auditedOperations].sort());
});

describe.each(changing.map(({ id, method }) => [id, method] as const))('%s', (id, method) => {
  const sample = samples[id];
  if (!sample) throw new Error(`${id} has no sample`);

  test('leaves one entry with who, what, before and after, and nothing secret', async () => {
    const shop = await customer();
    const { path, body, target, before, after } = await sample.act(shop);

    const response = await admin(method, path, body);

    expect(response.status).toBe(200);
    const entries = await read(`operation=${id}`);
    const own = entries.filter(
      ({ request_id }) => request_id === response.headers.get('x-request-id'),
    );
    expect(own).toEqual([
      {
        object: 'audit_entry',
        id: expect.stringMatching(/^audit-/),
        created: expect.any(Number),
        operation: id,
        actor: { key_id: expect.stringMatching(/^key-/), key_name: 'local-admin' },
        account: shop.id,
        task_id: null,
        key_id: null,
        ...target,
        before,
        after,
        request_id: expect.any(String),
      },
    ]);
    expect(JSON.stringify(entries)).not.toMatch(/sk-dr-|whsec_|hash|Make it snow/);
    expect(entries[0]).toEqual(own[0]);
  });

  test('leaves none when it is refused', async () => {
    const shop = await customer();
    const entries = await read(`account=${shop.id}`);
    const { path, body } = sample.refused;

    const { status, headers } = await admin(method, path(shop), body);
    const { status: unknown } = await stack.call(method, `/v1/admin${path(shop)}`, body, {
      authorization: 'Bearer sk-dr-nobody',
    });
    const { status: unscoped } = await stack.call(
      method,
      `/v1/admin${path(shop)}`,
      body,
      shop.headers,
    );

    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect([unknown, unscoped]).toEqual([401, 403]);
    expect(await read(`account=${shop.id}`)).toEqual(entries);
    const all = await read();
    expect(all.map(({ request_id }) => request_id)).not.toContain(headers.get('x-request-id'));
  });
});

test('a repeated grant, and a repeated cancellation, have the entry of the first one', async () => {
  const { id, create } = await customer();
  const task = await create();
  const headers = { 'idempotency-key': `grant-${id}` };

  for (const _ of [1, 2]) {
    await send('POST', `/v1/admin/accounts/${id}/credits`, { credits: 1, note: 'once' }, headers);
    await admin('POST', `/tasks/${task}/cancel`);
  }

  const entries = await read(`account=${id}`);
  expect(entries.filter(({ after }) => after?.note === 'once')).toHaveLength(1);
  expect(entries.filter(({ operation }) => operation === 'cancelAnyTask')).toHaveLength(1);
});

test('an act with the scope manage has an entry with its key, which that key cannot read', async () => {
  const { id } = await customer();
  const made = await admin('POST', '/keys', { account: id, name: 'boss', scopes: ['manage'] });
  const headers = { authorization: `Bearer ${made.body.api_key}` };

  const { body: key } = await stack.call(
    'POST',
    '/v1/admin/keys',
    { name: 'mine', scopes: ['read'] },
    headers,
  );

  expect(await read(`actor=${made.body.id}`)).toEqual([
    expect.objectContaining({
      operation: 'createKey',
      account: id,
      key_id: key.id,
      actor: { key_id: made.body.id, key_name: 'boss' },
    }),
  ]);
  expect((await stack.call('GET', '/v1/admin/audit', undefined, headers)).status).toBe(403);
});

test('an act with AWS credentials has an entry, too', async () => {
  const entries = await read('actor=operator&operation=issueKey');

  expect(entries.length).toBeGreaterThan(0);
  expect(entries[0]?.actor).toEqual({ key_id: 'operator', key_name: 'AWS credentials' });
});

test('pages lead through all entries, each once', async () => {
  const { id, keyId } = await customer();
  for (let n = 0; n < 5; n += 1) await admin('PATCH', `/keys/${keyId}`, { name: `web ${n}` });
  const ids: string[] = [];
  let cursor = '';
  do {
    const { body } = await admin('GET', `/audit?account=${id}&limit=3${cursor}`);
    ids.push(...body.data.map((entry: Body) => entry.id));
    cursor = body.next_cursor === null ? '' : `&cursor=${body.next_cursor}`;
  } while (cursor !== '');

  expect(ids).toHaveLength(8);
  expect(ids).toEqual((await read(`account=${id}`)).map((entry) => entry.id));
});

test.each([
  ['account', 'account=Not%20a%20name'],
  ['actor', 'actor=sk-dr-1'],
  ['operation', 'operation=getKey'],
  ['from', 'from=2026-01-01'],
  ['to', 'to=-1'],
  ['cursor', 'cursor=x'],
  ['limit', 'limit=0'],
])('a wrong %s answers 400 and names it', async (param, query) => {
  const { status, body } = await admin('GET', `/audit?${query}`);

  expect([status, body.error.code, body.error.param]).toEqual([400, 'invalid_request', param]);
});
