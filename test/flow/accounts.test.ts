import { readFileSync } from 'node:fs';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { routesOf } from '../../local/template/read-http-api.ts';
import { type Receiver, servePictures, startReceiver } from './receiver.ts';
import { type Body, startWorld, until, type World } from './world.ts';

// The operator's side: accounts, keys and credits over HTTP, and what his callers come to feel of it.

let world: World;
let pictures: Receiver;

beforeAll(async () => {
  pictures = await servePictures({ '/sample.jpg': readFileSync('cli/sample.jpg') });
  world = await startWorld();
});
afterAll(async () => {
  await world?.close();
  await pictures?.close();
});

const admin = (method: string, path: string, body?: unknown, headers = {}) =>
  world.call(method, `/v1/admin${path}`, body, {
    authorization: `Bearer ${world.keys.adminKey}`,
    ...headers,
  });

/** An account of its own with these credits, and a key of it. */
async function customer(id: string, { credits = 10, limits = {}, key = {} } = {}) {
  const account = await admin('POST', '/accounts', { id, limits });
  if (credits > 0) await admin('POST', `/accounts/${id}/credits`, { credits });
  const made = await admin('POST', '/keys', { account: id, name: `${id}'s`, ...key });
  expect([account.status, made.status]).toEqual([200, 200]);
  const authorization = `Bearer ${made.body.api_key}`;
  return {
    secret: account.body.webhook_secret,
    keyId: made.body.id,
    call: (method: string, path: string, body?: unknown, headers = {}) =>
      world.call(method, path, body, { authorization, ...headers }),
    create: (more: object = {}, headers = {}) =>
      world.call(
        'POST',
        '/v1/images/generations',
        { ...wish(), ...more },
        { authorization, ...headers },
      ),
  };
}

const wish = () => ({
  ...{ prompt: 'Make it snow', size: '768x768', image_urls: [`${pictures.url}/sample.jpg`] },
});

const waiting = { image_urls: undefined, image_uploads: [{ content_type: 'image/jpeg' }] };

describe('an admin route', () => {
  const routes = () =>
    routesOf(world.context)
      .map(({ key }) => key)
      .filter((key) => key.includes('/v1/admin/'));

  test('is closed to a caller, and to whoever has no key', async () => {
    expect(routes()).toHaveLength(12);
    for (const route of routes()) {
      const [method = '', path = ''] = route.split(' ');
      const place = path
        .replace('{account}', 'default')
        .replace('{key_id}', 'key-0123456789abcdef');
      const body = method === 'GET' ? undefined : {};

      const asCaller = await world.call(method, place, body);
      const asNobody = await world.call(method, place, body, { authorization: 'none' });

      expect([route, asCaller.status, asCaller.body.error.code]).toEqual([
        ...[route, 403, 'permission_denied'],
      ]);
      expect([route, asNobody.status, asNobody.body.error.code]).toEqual([
        ...[route, 401, 'unauthorized'],
      ]);
    }
  });

  test.each([
    ['GET', '/accounts/nobody', 404, 'account_not_found', 'account'],
    ['PATCH', '/accounts/nobody', 404, 'account_not_found', 'account'],
    ['GET', '/accounts/nobody/entries', 404, 'account_not_found', 'account'],
    ['POST', '/accounts/nobody/credits', 404, 'account_not_found', 'account'],
    ['POST', '/accounts/nobody/webhook-secret', 404, 'account_not_found', 'account'],
    ['GET', '/keys?account=nobody', 404, 'account_not_found', 'account'],
    ['GET', '/keys/key-0123456789abcdef', 404, 'key_not_found', 'key_id'],
    ['PATCH', '/keys/key-0123456789abcdef', 404, 'key_not_found', 'key_id'],
    ['DELETE', '/keys/key-0123456789abcdef', 404, 'key_not_found', 'key_id'],
    ['POST', '/accounts', 409, 'account_exists', 'id'],
    ['GET', '/keys', 400, 'invalid_request', 'account'],
    ['GET', '/accounts?cursor=made-up', 400, 'invalid_request', 'cursor'],
    ['GET', '/accounts?limit=0', 400, 'invalid_request', 'limit'],
    ['POST', '/keys', 404, 'account_not_found', 'account'],
  ])('answers %s %s with %i %s', async (method, path, status, code, param) => {
    const sent: Record<string, object> = {
      'PATCH /accounts/nobody': { user_group: 'vip' },
      'POST /accounts/nobody/credits': { credits: 1 },
      'PATCH /keys/key-0123456789abcdef': { name: 'other' },
      'POST /accounts': { id: 'default' },
      'POST /keys': { account: 'nobody', name: 'first' },
    };
    const body = method === 'GET' || method === 'DELETE' ? undefined : sent[`${method} ${path}`];

    const answer = await admin(method, path, body);

    expect(answer.status).toBe(status);
    expect(answer.body.error).toMatchObject({ code, param });
  });
});

test('an operator makes accounts and keys, and sees them page by page', async () => {
  for (const id of ['page-a', 'page-b', 'page-c']) await customer(id, { credits: 0 });
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
    ...['second', "page-a's"],
  ]);
  expect(JSON.stringify([first.body, rest.body])).not.toMatch(/sk-dr-|hash/);
});

test('money is granted once under one Idempotency-Key, and no more is withdrawn than there is', async () => {
  await customer('grants', { credits: 0 });
  const headers = { 'idempotency-key': 'invoice-7-paid-1' };
  const grant = { credits: 10.5, note: 'invoice 7' };

  const first = await admin('POST', '/accounts/grants/credits', grant, headers);
  const again = await admin('POST', '/accounts/grants/credits', grant, headers);
  const other = await admin('POST', '/accounts/grants/credits', { credits: 1 }, headers);
  const tooMuch = await admin('POST', '/accounts/grants/credits', { credits: -11 });
  const { body: account } = await admin('GET', '/accounts/grants');

  expect(first.body).toMatchObject({ number: 1, kind: 'grant', balance_credits: 10.5 });
  expect([again.body, again.headers.get('idempotency-replayed')]).toEqual([first.body, 'true']);
  expect([other.status, other.body.error.code]).toEqual([409, 'idempotency_conflict']);
  expect([tooMuch.status, tooMuch.body.error]).toEqual([
    402,
    expect.objectContaining({ code: 'insufficient_quota', account_balance_credits: 10.5 }),
  ]);
  expect(account.credits).toEqual({ granted: 10.5, balance: 10.5, reserved: 0, used: 0 });
});

test('the credits of a caller are what his tasks made of them, and the ledger says so line by line', async () => {
  const { call, create } = await customer('ledger', {
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

  expect(during.body).toEqual({
    data: {
      token: { remaining_credits: 2.6, unlimited_credits: false, used_credits: 0 },
      user: { remaining_credits: 7.6, used_credits: 0 },
    },
    ...{ message: '', success: true },
  });
  expect(after.body.data).toEqual({
    token: { remaining_credits: 2.6, unlimited_credits: false, used_credits: 2.4 },
    user: { remaining_credits: 7.6, used_credits: 2.4 },
  });
  expect(
    entries.data.map(({ number, kind, amount_credits, balance_credits, charged_credits }: Body) => [
      ...[number, kind, amount_credits, balance_credits, charged_credits],
    ]),
  ).toEqual([
    [3, 'settle', 0, 7.6, 2.4],
    [2, 'reserve', -2.4, 7.6, null],
    [1, 'grant', 10, 10, null],
  ]);
});

describe('a key', () => {
  test.each([
    ['that is disabled', { enabled: false }, 401, 'KEY_DISABLED', {}],
    [
      'that has expired',
      { expires_at: 1_700_000_000 },
      401,
      'KEY_EXPIRED',
      { expired_at: 1_700_000_000 },
    ],
    [
      'at its limit',
      { total_limit_credits: 1 },
      402,
      'KEY_QUOTA_EXHAUSTED',
      { total_limit_credits: 1, used_credits: 0, remaining_credits: 1, estimated_credits: 1.2 },
    ],
    [
      "at its day's limit",
      { daily_limit_credits: 1, reset_timezone: 'Asia/Shanghai' },
      402,
      'KEY_DAILY_QUOTA_EXHAUSTED',
      { daily_limit_credits: 1, daily_used_credits: 0, reset_timezone: 'Asia/Shanghai' },
    ],
    ['that may only administer', { scopes: ['admin'] }, 403, 'permission_denied', {}],
  ])('%s is refused, and nothing is reserved', async (what, patch, status, code, details) => {
    const id = `key-${what.replaceAll(/\W+/g, '-')}`;
    const { keyId, create } = await customer(id);
    await admin('PATCH', `/keys/${keyId}`, patch);

    const answer = await create();
    const { body: account } = await admin('GET', `/accounts/${id}`);

    expect([answer.status, answer.body.error.code]).toEqual([status, code]);
    expect(answer.body.error).toMatchObject(details);
    if (status !== 403) expect(answer.body.error.key_name).toBe(`${id}'s`);
    expect(account.credits).toMatchObject({ balance: 10, reserved: 0 });
  });

  test('that was deleted is none, and its tasks go on', async () => {
    const { keyId, create } = await customer('deleted');
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

  test('tells how far it is with its requests, and is stopped above them', async () => {
    const { create } = await customer('rate', { limits: { requests_per_minute: 2 } });
    const headersOf = ({ headers }: { headers: Headers }) =>
      ['limit', 'remaining'].map((name) => headers.get(`x-ratelimit-${name}`));

    const answers = [await create(waiting), await create({ prompt: '' }), await create(waiting)];

    expect(answers.map(({ status }) => status)).toEqual([200, 400, 429]);
    expect(answers.map(headersOf)).toEqual([
      ['2', '1'],
      ['2', '0'],
      ['2', '0'],
    ]);
    expect(answers[2]?.body.error).toMatchObject({
      ...{ code: 'rate_limit_exceeded', type: 'rate_limit_error' },
    });
    expect(Number(answers[2]?.headers.get('retry-after'))).toBeGreaterThan(20);
    expect(Number(answers[2]?.headers.get('x-ratelimit-reset'))).toBeGreaterThan(Date.now() / 1000);
  });
});

describe('an account', () => {
  test('has as many tasks that have not ended as it may', async () => {
    const { create } = await customer('crowd', { limits: { tasks_in_flight: 2 } });

    const answers = [await create(waiting), await create(waiting), await create(waiting)];

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(answers[2]?.headers.get('retry-after')).toMatch(/^\d+$/);
    const { body } = await admin('GET', '/accounts/crowd');
    expect([body.tasks_in_flight, body.credits.reserved]).toEqual([2, 2.4]);
  });

  test('that lacks the credits is told how many', async () => {
    const { create } = await customer('poor', { credits: 1 });

    const { status, body } = await create({ n: 2 });

    expect([status, body.error]).toEqual([
      402,
      {
        ...{ code: 'insufficient_quota', type: 'insufficient_quota', param: null },
        message: 'The account has too few credits: 2 image(s) need 2.4.',
        ...{ estimated_credits: 2.4, account_balance_credits: 1 },
      },
    ]);
  });

  test('that sends one request 50 times at once gets one task', async () => {
    const { create } = await customer('fifty', { credits: 1.2 });
    const headers = { 'idempotency-key': 'the-one-and-only' };

    const answers = await Promise.all(Array.from({ length: 50 }, () => create(waiting, headers)));
    const { body: account } = await admin('GET', '/accounts/fifty');

    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(answers.filter(({ headers: h }) => h.get('idempotency-replayed') === null)).toHaveLength(
      1,
    );
    expect(account).toMatchObject({ tasks_in_flight: 1, credits: { balance: 0, reserved: 1.2 } });
  });

  test('is called back under both secrets while they are rotated', async () => {
    const { secret, create } = await customer('rotating');
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
