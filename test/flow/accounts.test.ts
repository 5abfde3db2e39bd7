import { readFileSync } from 'node:fs';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { hashOfKey, keyIdOf } from '../../functions/domain/model/api-key.ts';
import { routesOf } from '../../local/aws/template/read-http-api.ts';
import { type Body, type TestStack, until } from './open-stack.ts';
import { type Receiver, serveImages, startReceiver } from './receiver.ts';
import { openOwnStack } from './start-stack.ts';

// The operator's routes (accounts, keys, credits), and their effect on the callers.

let stack: TestStack;
let imageServer: Receiver;

beforeAll(async () => {
  imageServer = await serveImages({ '/sample.jpg': readFileSync('cli/sample.jpg') });
  stack = await openOwnStack();
});
afterAll(async () => {
  await stack?.close();
  await imageServer?.close();
});

const admin = (method: string, path: string, body?: unknown, headers = {}) =>
  stack.call(method, `/v1/admin${path}`, body, {
    authorization: `Bearer ${stack.keys.adminKey}`,
    ...headers,
  });

/** Creates an account with these credits and a key. */
async function createCustomer(id: string, { credits = 10, limits = {}, key = {} } = {}) {
  const account = await admin('POST', '/accounts', { id, limits });
  if (credits > 0) await admin('POST', `/accounts/${id}/credits`, { credits });
  const made = await admin('POST', '/keys', { account: id, name: `${id}'s`, ...key });
  expect([account.status, made.status]).toEqual([200, 200]);
  const authorization = `Bearer ${made.body.api_key}`;
  return {
    secret: account.body.webhook_secret,
    keyId: made.body.id,
    call: (method: string, path: string, body?: unknown, headers = {}) =>
      stack.call(method, path, body, { authorization, ...headers }),
    create: (more: object = {}, headers = {}) =>
      stack.call(
        'POST',
        '/v1/images/generations',
        { ...generation(), ...more },
        { authorization, ...headers },
      ),
  };
}

const generation = () => ({
  prompt: 'Make it snow',
  size: '768x768',
  image_urls: [`${imageServer.url}/sample.jpg`],
});

/** A task that waits for its upload, so it stays in flight. */
const waitingTask = { image_urls: undefined, image_uploads: [{ content_type: 'image/jpeg' }] };

describe('an admin route', () => {
  const routes = () =>
    routesOf(stack.context)
      .map(({ key }) => key)
      .filter((key) => key.includes('/v1/admin/'));

  test('answers 403 to a key without the scope admin, and 401 without a key', async () => {
    expect(routes()).toHaveLength(22);
    for (const route of routes()) {
      const [method = '', path = ''] = route.split(' ');
      const target = path
        .replace('{account}', 'default')
        .replace('{key_id}', 'key-0123456789abcdef')
        .replace('{task_id}', 'task-unified-1757156493-imcg5zqt');
      const body = method === 'GET' ? undefined : {};

      const asCaller = await stack.call(method, target, body);
      const withoutKey = await stack.call(method, target, body, { authorization: 'none' });

      expect([route, asCaller.status, asCaller.body.error.code]).toEqual([
        route,
        403,
        'permission_denied',
      ]);
      expect([route, withoutKey.status, withoutKey.body.error.code]).toEqual([
        route,
        401,
        'unauthorized',
      ]);
    }
  });
});

/** Requests to admin routes that are rejected: route, status, path below `/v1/admin`, code, param. */
const rejected = [
  ['GET /accounts/{account}', 404, '/accounts/nobody', 'account_not_found', 'account'],
  ['PATCH /accounts/{account}', 404, '/accounts/nobody', 'account_not_found', 'account'],
  [
    'GET /accounts/{account}/entries',
    404,
    '/accounts/nobody/entries',
    'account_not_found',
    'account',
  ],
  [
    'POST /accounts/{account}/credits',
    404,
    '/accounts/nobody/credits',
    'account_not_found',
    'account',
  ],
  [
    'POST /accounts/{account}/webhook-secret',
    404,
    '/accounts/nobody/webhook-secret',
    'account_not_found',
    'account',
  ],
  ['POST /accounts', 409, '/accounts', 'account_exists', 'id'],
  ['GET /accounts', 400, '/accounts?cursor=made-up', 'invalid_request', 'cursor'],
  ['GET /accounts', 400, '/accounts?limit=0', 'invalid_request', 'limit'],
  ['GET /keys', 400, '/keys?account=Studio', 'invalid_request', 'account'],
  ['PATCH /keys/{key_id}', 403, '/keys/{own}', 'permission_denied', 'key_id'],
  ['DELETE /keys/{key_id}', 403, '/keys/{own}', 'permission_denied', 'key_id'],
  ['GET /keys', 404, '/keys?account=nobody', 'account_not_found', 'account'],
  ['POST /keys', 404, '/keys', 'account_not_found', 'account'],
  ['GET /keys/{key_id}', 404, '/keys/key-0123456789abcdef', 'key_not_found', 'key_id'],
  ['PATCH /keys/{key_id}', 404, '/keys/key-0123456789abcdef', 'key_not_found', 'key_id'],
  ['DELETE /keys/{key_id}', 404, '/keys/key-0123456789abcdef', 'key_not_found', 'key_id'],
] as const;

/** Valid bodies, so that nothing else is wrong with the request. */
const bodies: Readonly<Record<string, object>> = {
  'PATCH /accounts/{account}': { user_group: 'vip' },
  'POST /accounts/{account}/credits': { credits: 1 },
  'POST /accounts': { id: 'default' },
  'POST /keys': { account: 'nobody', name: 'first' },
  'PATCH /keys/{key_id}': { name: 'other' },
};

for (const [route, requests] of Map.groupBy(rejected, ([first]) => first)) {
  describe(route.replace(' ', ' /v1/admin'), () => {
    for (const [status, cases] of Map.groupBy(requests, ([, second]) => second)) {
      describe(String(status), () => {
        test.each(cases)(
          '%s: %i for %s, with the code %s and the param %s',
          async (_route, _status, path, code, param) => {
            const [method = ''] = route.split(' ');

            const own = keyIdOf(hashOfKey(stack.keys.adminKey));

            const response = await admin(method, path.replace('{own}', own), bodies[route]);

            expect(response.status).toBe(status);
            expect(response.body.error).toMatchObject({ code, param });
          },
        );
      });
    }
  });
}

test('accounts and keys that an operator creates are listed page by page', async () => {
  for (const id of ['page-a', 'page-b', 'page-c']) await createCustomer(id, { credits: 0 });
  await admin('POST', '/keys', { account: 'page-a', name: 'second' });

  const names: string[] = [];
  let cursor = '';
  do {
    const { body } = await admin('GET', `/accounts?limit=2${cursor && `&cursor=${cursor}`}`);
    names.push(...body.data.map(({ id }: Body) => id));
    cursor = body.next_cursor ?? '';
  } while (cursor);
  const first = await admin('GET', '/keys?account=page-a&limit=1');
  const rest = await admin('GET', `/keys?account=page-a&cursor=${first.body.next_cursor}`);

  expect(names).toEqual([...new Set(names)].sort());
  expect(names).toEqual(expect.arrayContaining(['default', 'page-a', 'page-b', 'page-c']));
  expect([...first.body.data, ...rest.body.data].map(({ name }: Body) => name)).toEqual([
    'second',
    "page-a's",
  ]);
  expect(JSON.stringify([first.body, rest.body])).not.toMatch(/sk-dr-|hash/);
});

test('credits are granted once for one Idempotency-Key, and no more can be withdrawn than the balance', async () => {
  await createCustomer('grants', { credits: 0 });
  const headers = { 'idempotency-key': 'invoice-7-paid-1' };
  const grant = { credits: 10.5, note: 'invoice 7' };

  const first = await admin('POST', '/accounts/grants/credits', grant, headers);
  const repeated = await admin('POST', '/accounts/grants/credits', grant, headers);
  const conflict = await admin('POST', '/accounts/grants/credits', { credits: 1 }, headers);
  const tooMuch = await admin('POST', '/accounts/grants/credits', { credits: -11 });
  const { body: account } = await admin('GET', '/accounts/grants');

  expect(first.body).toMatchObject({ kind: 'grant', balance_credits: 10.5 });
  expect([repeated.body, repeated.headers.get('idempotency-replayed')]).toEqual([
    first.body,
    'true',
  ]);
  expect([conflict.status, conflict.body.error.code]).toEqual([409, 'idempotency_conflict']);
  expect([tooMuch.status, tooMuch.body.error]).toEqual([
    402,
    expect.objectContaining({ code: 'insufficient_quota', account_balance_credits: 10.5 }),
  ]);
  expect(account.credits).toEqual({ granted: 10.5, balance: 10.5, reserved: 0, used: 0 });
});

test('credits are reserved by a task, charged when it has ended, and the ledger has an entry for each', async () => {
  const { call, create } = await createCustomer('ledger', {
    credits: 10,
    key: { total_limit_credits: 5 },
  });

  const { body: task } = await create({ n: 2 });
  const during = await call('GET', '/v1/credits');
  await until(
    () => call('GET', `/v1/tasks/${task.id}`).then(({ body }) => body.status),
    (status) => status === 'completed',
  );
  const after = await call('GET', '/v1/credits');
  const { body: entries } = await admin('GET', '/accounts/ledger/entries');

  const spender = {
    id: expect.stringMatching(/^key-[0-9a-f]{16}$/),
    name: expect.any(String),
    scopes: ['generate'],
  };
  expect(during.body).toEqual({
    data: {
      token: {
        ...spender,
        remaining_credits: 2.6,
        unlimited_credits: false,
        used_credits: 0,
      },
      user: { remaining_credits: 7.6, used_credits: 0 },
    },
    message: '',
    success: true,
  });
  expect(after.body.data).toEqual({
    token: {
      ...spender,
      remaining_credits: 2.6,
      unlimited_credits: false,
      used_credits: 2.4,
    },
    user: { remaining_credits: 7.6, used_credits: 2.4 },
  });
  expect(
    entries.data.map(({ kind, amount_credits, balance_credits, charged_credits }: Body) => [
      kind,
      amount_credits,
      balance_credits,
      charged_credits,
    ]),
  ).toEqual([
    ['settle', 0, 7.6, 2.4],
    ['reserve', -2.4, 7.6, null],
    ['grant', 10, 10, null],
  ]);
});

describe('a key', () => {
  test.each([
    ['which is disabled', { enabled: false }, 401, 'KEY_DISABLED', {}],
    [
      'which has expired',
      { expires_at: 1_700_000_000 },
      401,
      'KEY_EXPIRED',
      { expired_at: 1_700_000_000 },
    ],
    [
      'at its total limit',
      { total_limit_credits: 1 },
      402,
      'KEY_QUOTA_EXHAUSTED',
      { total_limit_credits: 1, used_credits: 0, remaining_credits: 1, estimated_credits: 1.2 },
    ],
    [
      'at its daily limit',
      { daily_limit_credits: 1, reset_timezone: 'Asia/Shanghai' },
      402,
      'KEY_DAILY_QUOTA_EXHAUSTED',
      { daily_limit_credits: 1, daily_used_credits: 0, reset_timezone: 'Asia/Shanghai' },
    ],
    ['with the scope admin only', { scopes: ['admin'] }, 403, 'permission_denied', {}],
  ])(
    '%s is refused, and nothing is reserved',
    async (description, patch, status, code, details) => {
      const id = `key-${description.replaceAll(/\W+/g, '-')}`;
      const { keyId, create } = await createCustomer(id);
      await admin('PATCH', `/keys/${keyId}`, patch);

      const response = await create();
      const { body: account } = await admin('GET', `/accounts/${id}`);

      expect([response.status, response.body.error.code]).toEqual([status, code]);
      expect(response.body.error).toMatchObject(details);
      if (status !== 403) expect(response.body.error.key_name).toBe(`${id}'s`);
      expect(account.credits).toMatchObject({ balance: 10, reserved: 0 });
    },
  );

  test.each([
    ['disabled', 'KEY_DISABLED', (id: string) => admin('PATCH', `/keys/${id}`, { enabled: false })],
    ['expired', 'KEY_EXPIRED', (id: string) => admin('PATCH', `/keys/${id}`, { expires_at: 1 })],
    ['deleted', 'unauthorized', (id: string) => admin('DELETE', `/keys/${id}`)],
  ] as const)(
    'which was %s creates nothing from then on, although ten functions have just served it',
    async (what, code, revoke) => {
      const { keyId, create } = await createCustomer(`warm-${what}`, { credits: 100 });
      const ten = () => Promise.all(Array.from({ length: 10 }, () => create(waitingTask)));
      expect((await ten()).map(({ status }) => status)).toEqual(Array(10).fill(200));

      expect((await revoke(keyId)).status).toBe(200);

      const refused = await ten();
      expect(refused.map(({ status, body }) => [status, body.error?.code])).toEqual(
        Array(10).fill([401, code]),
      );
    },
  );

  test('which was disabled deletes nothing from then on, although its function has just served it', async () => {
    const { keyId, call, create } = await createCustomer('deleting', { credits: 100 });
    const [gone, kept] = [(await create(waitingTask)).body, (await create(waitingTask)).body];
    for (const { id } of [gone, kept]) {
      await call('POST', `/v1/tasks/${id}/cancel`);
      await until(
        () => call('GET', `/v1/tasks/${id}`),
        ({ body }) => body.status === 'failed',
      );
    }
    expect((await call('DELETE', `/v1/tasks/${gone.id}`)).status).toBe(200);

    await admin('PATCH', `/keys/${keyId}`, { enabled: false });

    const { status, body } = await call('DELETE', `/v1/tasks/${kept.id}`);
    expect([status, body.error.code]).toEqual([401, 'KEY_DISABLED']);
  });

  test('with the scope manage manages the keys of its account, and spends nothing', async () => {
    const { call, create } = await createCustomer('managed', { key: { scopes: ['manage'] } });
    await createCustomer('foreign');
    const keys = '/v1/admin/keys';

    const made = await call('POST', keys, { name: 'web', scopes: ['read'] });
    const listed = await call('GET', keys);
    const changed = await call('PATCH', `${keys}/${made.body.id}`, { scopes: ['generate'] });
    const secret = await call('POST', '/v1/admin/accounts/managed/webhook-secret');

    expect([made.status, listed.status, changed.status, secret.status]).toEqual(Array(4).fill(200));
    expect(listed.body.data.map(({ name }: Body) => name)).toEqual(['web', "managed's"]);
    expect(changed.body).toMatchObject({ account: 'managed', scopes: ['generate'] });
    const denied = [
      await create(),
      await call('POST', keys, { name: 'mine', scopes: ['manage'] }),
      await call('GET', '/v1/admin/accounts/managed'),
      await call('POST', '/v1/admin/accounts/managed/credits', { credits: 1 }),
      await call('POST', '/v1/admin/accounts/foreign/webhook-secret'),
      await call('GET', `${keys}?account=foreign`),
    ];
    expect(denied.map(({ status }) => status)).toEqual([403, 403, 403, 403, 404, 404]);
    expect((await call('DELETE', `${keys}/${made.body.id}`)).status).toBe(200);
  });

  test('which was deleted is not listed any more, and its tasks are finished and charged', async () => {
    const { keyId, create } = await createCustomer('deleted');
    const { body: task } = await create();
    await admin('DELETE', `/keys/${keyId}`);

    const listed = await admin('GET', '/keys?account=deleted');
    const { body: account } = await until(
      () => admin('GET', '/accounts/deleted'),
      ({ body }) => body.credits.reserved === 0,
    );

    expect(task.status).toBe('pending');
    expect(listed.body.data).toEqual([]);
    expect(account.credits).toEqual({ granted: 10, balance: 8.8, reserved: 0, used: 1.2 });
  });

  test('gets rate limit headers with every response, and 429 above its limit', async () => {
    const { create } = await createCustomer('rate', { limits: { requests_per_minute: 2 } });
    const headersOf = ({ headers }: { headers: Headers }) =>
      ['limit', 'remaining'].map((name) => headers.get(`x-ratelimit-${name}`));

    const responses = [
      await create(waitingTask),
      await create({ prompt: '' }),
      await create(waitingTask),
    ];

    expect(responses.map(({ status }) => status)).toEqual([200, 400, 429]);
    expect(responses.map(headersOf)).toEqual([
      ['2', '1'],
      ['2', '0'],
      ['2', '0'],
    ]);
    expect(responses[2]?.body.error).toMatchObject({
      code: 'rate_limit_exceeded',
      type: 'rate_limit_error',
    });
    expect(Number(responses[2]?.headers.get('retry-after'))).toBeGreaterThan(20);
    expect(Number(responses[2]?.headers.get('x-ratelimit-reset'))).toBeGreaterThan(
      Date.now() / 1000,
    );
  });
});

describe('an account', () => {
  test('at its limit of tasks in flight gets 429, and nothing is reserved for the refused task', async () => {
    const { create } = await createCustomer('crowd', { limits: { tasks_in_flight: 2 } });

    const responses = [
      await create(waitingTask),
      await create(waitingTask),
      await create(waitingTask),
    ];

    expect(responses.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(responses[2]?.headers.get('retry-after')).toMatch(/^\d+$/);
    const { body } = await admin('GET', '/accounts/crowd');
    expect([body.tasks_in_flight, body.credits.reserved]).toEqual([2, 2.4]);
  });

  test('without enough credits gets 402, which says how many are needed and how many there are', async () => {
    const { create } = await createCustomer('poor', { credits: 1 });

    const { status, body } = await create({ n: 2 });

    expect([status, body.error]).toEqual([
      402,
      {
        code: 'insufficient_quota',
        type: 'insufficient_quota',
        param: null,
        message: 'The account has too few credits: 2 image(s) need 2.4.',
        estimated_credits: 2.4,
        account_balance_credits: 1,
      },
    ]);
  });

  test('that sends one request 50 times at once with one Idempotency-Key gets one task', async () => {
    const { create } = await createCustomer('fifty', { credits: 1.2 });
    const headers = { 'idempotency-key': 'the-one-and-only' };

    const responses = await Promise.all(
      Array.from({ length: 50 }, () => create(waitingTask, headers)),
    );
    const { body: account } = await admin('GET', '/accounts/fifty');

    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(responses.map(({ body }) => body.id)).size).toBe(1);
    expect(
      responses.filter(({ headers: h }) => h.get('idempotency-replayed') === null),
    ).toHaveLength(1);
    expect(account).toMatchObject({ tasks_in_flight: 1, credits: { balance: 0, reserved: 1.2 } });
  });

  test('gets callbacks signed with both webhook secrets during a rotation', async () => {
    const { secret, create } = await createCustomer('rotating');
    const caller = await startReceiver(200);
    onTestFinished(() => caller.close());
    const { body: rotated } = await admin('POST', '/accounts/rotating/webhook-secret');

    await create({ callback_url: `${caller.url}/done` });
    const [call] = await until(
      () => caller.received,
      ({ length }) => length > 0,
    );

    const headers = Object.fromEntries(
      Object.entries(call?.headers ?? {}).map(([name, value]) => [name, String(value)]),
    );
    expect(rotated.webhook_secret).not.toBe(secret);
    for (const one of [secret, rotated.webhook_secret]) {
      expect(new Webhook(one).verify(call?.body ?? '', headers)).toMatchObject({
        status: 'completed',
      });
    }
  });
});
