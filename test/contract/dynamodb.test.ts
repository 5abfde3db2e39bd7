import { describe, expect, test } from 'vitest';
import { IssueKeyRequest, issueKey } from '../../functions/domain/accounts/issue-key.ts';
import { idempotencyTtlMs } from '../../functions/domain/billing/idempotency.ts';
import { hashOfKey } from '../../functions/domain/model/api-key.ts';
import { latencyPause } from '../../local/aws/dynamodb/pause.ts';
import { keyFor } from '../support/money.ts';
import { completed, deleted, failed, keyOf, sampleTime } from '../support/tasks.ts';
import { isThorough } from '../support/thorough.ts';
import { dynamoDb, dynamoDbClient } from './dynamodb.ts';
import { rowsOf, storeOf, withShards } from './dynamodb-store.ts';
import { interceptingProxy } from './intercepting-proxy.ts';
import { ledgerContract } from './ledger-contract.ts';
import { auditedFunds } from './ledger-invariants.ts';
import { parallelWritesContract } from './parallel-writes-contract.ts';
import { retryWhileBusy } from './retry-while-busy.ts';
import { storeContract } from './store-contract.ts';
import {
  draft,
  entriesOf,
  findTask,
  fundedStore,
  fundsOf,
  grant,
  listPage,
  openTask,
  reserve,
  type Store,
  settle,
} from './stores.ts';
import { tableNames } from './template-resources.ts';

const make = async (): Promise<Store> => storeOf((await dynamoDb()).client);

describe('DynamoDB in the local stack', () => {
  storeContract(make);
});

const shardCounts = isThorough ? [3, 16] : [3];

describe.each(shardCounts)('DynamoDB with accounts that are spread over %i shards', (shards) => {
  const spread = async (): Promise<Store> => withShards((await dynamoDb()).client, shards);

  ledgerContract(spread);
  parallelWritesContract(spread);
});

describe('an account that spends its last credits', () => {
  const price = 1200;
  const latency = () => latencyPause({ read: 1, write: 1, transaction: 4 });

  const ask = (store: Store, count: number) =>
    Promise.all(
      Array.from({ length: count }, async () => {
        const task = draft();
        const { state } = await retryWhileBusy(() => reserve(store, task));
        return { state, id: task.id };
      }),
    );

  // How many tasks can be paid. A thorough run has six times as many.
  const enough = isThorough ? 60 : 10;
  const limit = enough * price + 700;

  test.each([
    ['one shard', 1, 'insufficient', {}],
    ['four shards', 4, 'insufficient', {}],
    ['sixteen shards', 16, 'insufficient', {}],
    ['four shards, with a limit of the key', 4, 'key_exhausted', { totalLimit: limit }],
    ['four shards, with a daily limit of the key', 4, 'key_exhausted_today', { dailyLimit: limit }],
  ])(
    'in %s exactly as many parallel tasks are opened as can be paid, and one more for each refund',
    async (_, shards, refused, limits) => {
      const { client } = await dynamoDb(latency());
      const credits = 'totalLimit' in limits || 'dailyLimit' in limits ? 1000 * price : limit;
      const store = await fundedStore(async () => withShards(client, shards), credits, limits);
      const countOf = (results: Awaited<ReturnType<typeof ask>>, of: string) =>
        results.filter(({ state }) => state === of).length;

      const first = await ask(store, 1.5 * enough);
      expect([countOf(first, 'reserved'), countOf(first, refused)]).toEqual([enough, enough / 2]);
      const opened = first.filter(({ state }) => state === 'reserved');
      const back = opened.slice(0, enough / 2);
      await Promise.all(back.map(({ id }) => settle(store, failed({ id }))));
      const again = await ask(store, enough);

      expect([countOf(again, 'reserved'), countOf(again, refused)]).toEqual([
        enough / 2,
        enough / 2,
      ]);
      expect(await auditedFunds(store)).toMatchObject({
        reserved: enough * price,
        inFlight: enough,
      });
    },
    300_000,
  );

  test('a fresh account with 100 credits opens 50 tasks at once, each at the first request', async () => {
    const { client } = await dynamoDb(latency());
    const store = await fundedStore(async () => storeOf(client), 100_000);

    const results = await Promise.all(Array.from({ length: 50 }, () => reserve(store, draft())));

    expect(new Set(results.map(({ state }) => state))).toEqual(new Set(['reserved']));
    expect(await auditedFunds(store)).toMatchObject({ reserved: 50 * price, inFlight: 50 });
  });
});

test('reservations whose transactions are in conflict are each made once, when they are repeated', async () => {
  const latency = latencyPause({ read: 1, write: 2, transaction: 10 });
  const store = await fundedStore(async () => storeOf((await dynamoDb(latency)).client), 5 * 1200);
  const tasks = Array.from({ length: 6 }, () => draft());

  const results = await Promise.all(
    tasks.map((task) => retryWhileBusy(() => reserve(store, task))),
  );

  expect(results.map(({ state }) => state).sort()).toEqual([
    'insufficient',
    ...Array(5).fill('reserved'),
  ]);
  expect(await auditedFunds(store)).toEqual({ balance: 0, reserved: 6000, used: 0, inFlight: 5 });
});

test('a task is read with a consistent read', async () => {
  const { url } = await dynamoDb();
  const proxy = await interceptingProxy(url);
  const { tasks } = storeOf(dynamoDbClient(proxy.url));

  await tasks.find(draft().id);

  expect(proxy.requests.map(({ body }) => JSON.parse(String(body)))).toEqual([
    expect.objectContaining({ ConsistentRead: true }),
  ]);
});

test('a submit lock whose response was lost is recognized, and not taken for that of an earlier attempt', async () => {
  const { url, client } = await dynamoDb();
  const task = await openTask(storeOf(client));
  const proxy = await interceptingProxy(url, (nth) => ({ responseLost: nth === 1 }));
  const { tasks } = storeOf(dynamoDbClient(proxy.url));

  const first = await tasks.acquireSubmitLock(task.id, 'dashscope', sampleTime);
  const second = await tasks.acquireSubmitLock(task.id, 'dashscope', sampleTime);

  expect(proxy.requests).toHaveLength(3);
  expect([first.acquired, second.acquired]).toEqual([true, false]);
});

test.each<[string, (store: Store) => Promise<unknown>]>([
  ['a key by its hash', ({ keys }) => keys.find(hashOfKey('sk-dr-one'))],
  ['a key by its id', ({ apiKeys }) => apiKeys.find(keyFor('sk-dr-one').keyId)],
  ['an account', ({ accounts }) => accounts.find('default')],
  ['a webhook secret', ({ accounts }) => accounts.secrets('default')],
  ['a ledger', ({ accounts }) => accounts.entries('default', { limit: 1 })],
  ['the accounts in a list', ({ accounts }) => accounts.list({ limit: 1 })],
])('%s is read with a consistent read', async (_, read) => {
  const { url, client } = await dynamoDb();
  const store = storeOf(client);
  await grant(store, 'default', 1);
  await store.apiKeys.add(keyFor('sk-dr-one'));
  const proxy = await interceptingProxy(url);

  await read(storeOf(dynamoDbClient(proxy.url)));

  // An index has no consistent reads: it only says which accounts there are.
  const bodies = proxy.requests
    .map(({ body }) => String(body))
    .filter((body) => !body.includes('"IndexName"'));
  expect(bodies.length).toBeGreaterThan(0);
  for (const body of bodies) expect(body).toContain('"ConsistentRead":true');
});

test('every posting is written in one transaction with its entry', async () => {
  const { url, client } = await dynamoDb();
  await grant(storeOf(client), 'default', 1200);
  const proxy = await interceptingProxy(url);
  const store = storeOf(dynamoDbClient(proxy.url));
  const task = draft();

  await store.ledger.credit({ account: 'default', amount: 5, at: 1 });
  await reserve(store, task);
  await settle(store, completed({ id: task.id }));

  const writes = proxy.requests.filter(({ operation }) => !/Get|Query/.test(operation));
  expect(writes.map(({ operation }) => operation)).toEqual(Array(3).fill('TransactWriteItems'));
});

test('an account and a key are created once when the responses are lost', async () => {
  const { url, client } = await dynamoDb();
  const proxy = await interceptingProxy(url, (nth) => ({ responseLost: nth % 2 === 1 }));
  const { accounts, apiKeys } = storeOf(dynamoDbClient(proxy.url));
  const account = { account: 'studio', userGroup: 'default', limits: {}, createdAt: sampleTime };

  expect(await accounts.add({ ...account, webhookSecret: 'whsec_first' })).toBe(true);
  await apiKeys.add(keyFor('sk-dr-one'));

  expect(proxy.requests).toHaveLength(4);
  const store = storeOf(client);
  expect(await store.accounts.secrets('studio')).toEqual({ newest: 'whsec_first' });
  expect(await store.apiKeys.find(keyFor('sk-dr-one').keyId)).toEqual(keyFor('sk-dr-one'));
});

test('rotating a secret keeps the previous secret when the response is lost', async () => {
  const { url, client } = await dynamoDb();
  await grant(storeOf(client), 'default', 0);
  const proxy = await interceptingProxy(url, (nth) => ({ responseLost: nth === 1 }));
  const { accounts } = storeOf(dynamoDbClient(proxy.url));

  expect(await accounts.rotateSecret('default', 'whsec_second', 7)).toBe(true);

  expect(proxy.requests).toHaveLength(2);
  expect(await storeOf(client).accounts.secrets('default')).toEqual({
    newest: 'whsec_second',
    previous: { secret: 'whsec_first', until: 7 },
  });
});

test('an idempotency key expires from the table a day after it was used', async () => {
  const { client } = await dynamoDb();
  const store = storeOf(client);
  await grant(store, 'default', 1200);
  const expiresAt = sampleTime + idempotencyTtlMs;
  await reserve(store, draft(), { id: 'key#1', requestHash: 'hash', expiresAt });

  expect(await rowsOf(client, tableNames.idempotency)).toEqual([
    expect.objectContaining({ id: 'key#1', expiresAt: Math.ceil(expiresAt / 1000) }),
  ]);
});

test('what a key has spent on a day expires from the table a week later, and its limit never does', async () => {
  const { client } = await dynamoDb();
  const store = withShards(client, 4);
  await grant(store, 'default', 10 * 1200);
  await store.apiKeys.change(keyOf('default'), { dailyLimit: 5 * 1200, totalLimit: 9 * 1200 });
  await Promise.all(Array.from({ length: 5 }, () => reserve(store, draft())));

  const rows = await rowsOf(client, tableNames.keys);
  const expiring = rows.filter(({ ttl }) => ttl !== undefined).map(({ keyId }) => keyId);

  const days = rows.map(({ keyId }) => keyId).filter((id) => id.includes('#2025-09-06#'));
  expect(days.length).toBeGreaterThan(0);
  expect(expiring.toSorted()).toEqual(days.toSorted());
  expect(rows.find(({ ttl }) => ttl !== undefined)?.['ttl']).toBe(
    Math.ceil(sampleTime / 1000) + 7 * 24 * 60 * 60,
  );
});

test('all items of a task expire from the table at the same second, and those of a task that has not ended never expire', async () => {
  const { client } = await dynamoDb();
  const store = storeOf(client);
  const ttlNow = async () =>
    Object.fromEntries(
      (await rowsOf(client, tableNames.tasks)).map(({ part, ttl }) => [part, ttl]),
    );
  const { id } = await openTask(store);
  expect(await ttlNow()).toEqual({ request: undefined, state: undefined });

  const expiresAt = sampleTime + 1;
  const ended = completed({ id, expiresAt });
  await settle(store, ended);
  await store.tasks.recordCallbackAttempt(
    ended,
    { at: 1, milliseconds: 1 },
    { state: 'delivered', attempts: 1 },
  );
  const ttl = sampleTime / 1000 + 1;
  expect(await ttlNow()).toEqual({ request: ttl, state: ttl, 'attempt#01': ttl });
  expect(await findTask(store, id)).toMatchObject(ended);

  await store.tasks.recordDeletion(deleted({ id, expiresAt }));
  expect(await ttlNow()).toEqual({ state: ttl });
});

test('the request is in one item that never changes, and in no other', async () => {
  const { client } = await dynamoDb();
  const store = storeOf(client);
  const task = draft({
    prompt: 'Words of the caller',
    metadata: { order: 'Number of the caller' },
  });
  await grant(store, 'default', task.reserved);
  await reserve(store, task);
  const rows = async () =>
    Object.fromEntries((await rowsOf(client, tableNames.tasks)).map((row) => [row['part'], row]));
  const { request } = await rows();

  await store.tasks.recordStarted(task.id, { startedAt: 1, nextCheckAt: 3 });
  await settle(store, completed({ ...task, status: 'completed' }));

  const after = await rows();
  expect(Object.keys(after).toSorted()).toEqual(['request', 'state']);
  expect(after['request']).toEqual(request);
  expect(JSON.stringify(after['state'])).not.toContain('of the caller');
  expect(await store.tasks.find(task.id)).toMatchObject({
    status: 'completed',
    prompt: 'Words of the caller',
    metadata: { order: 'Number of the caller' },
  });
});

test('the index of the tasks of an account has keys only and is written once for each task; a deletion empties it', async () => {
  const { client } = await dynamoDb();
  const store = storeOf(client);
  const entries = () => rowsOf(client, tableNames.tasks, 'byAccount');
  const { id } = await openTask(store, { id: 'task-unified-1757156493-00000009' });

  const written = await entries();
  await store.tasks.recordStarted(id, { startedAt: 1, nextCheckAt: 3 });
  await store.tasks.acquireSubmitLock(id, 'dashscope', 1);
  await store.tasks.recordSubmitted(id, 'ticket', 1);
  const whileActive = await entries();
  await settle(store, completed({ id }));
  const whenEnded = await entries();
  await store.tasks.recordDeletion(deleted({ id }));

  expect(written).toEqual([
    { id, part: 'state', listShard: 'default#1', listPosition: `0001757156493000#${id}` },
  ]);
  expect([whileActive, whenEnded]).toEqual([written, written]);
  expect(await entries()).toEqual([]);
});

test('a page of a list is one query for each of 8 partitions, and one consistent read of its tasks', async () => {
  const { url, client } = await dynamoDb();
  for (let n = 0; n < 4; n += 1) await openTask(storeOf(client), { createdAt: n });
  const proxy = await interceptingProxy(url);

  const { tasks } = await listPage(storeOf(dynamoDbClient(proxy.url)), { limit: 3 });

  const operations = proxy.requests.map(({ operation }) => operation);
  expect(operations).toEqual([...Array(8).fill('Query'), 'BatchGetItem']);
  const shards = proxy.requests
    .slice(0, 8)
    .map(({ body }) => JSON.parse(String(body)).ExpressionAttributeValues[':shard'].S);
  expect(shards.toSorted()).toEqual(Array.from({ length: 8 }, (_, n) => `default#${n}`));
  const [read] = Object.values(JSON.parse(String(proxy.requests.at(-1)?.body)).RequestItems);
  expect(read).toEqual({
    ConsistentRead: true,
    Keys: tasks.map(({ id }) => ({ id: { S: id }, part: { S: 'state' } })),
  });
});

test('a task whose time is over vanishes, also one that was deleted; one that has not ended stays, and so does the ledger', async () => {
  const { client, deleteExpired } = await dynamoDb();
  const store = storeOf(client);
  const made = [];
  for (let n = 0; n < 4; n += 1) made.push((await openTask(store)).id);
  const [over = '', overAndDeleted = '', kept = '', active = ''] = made;
  const past = Date.now() - 1000;
  await settle(store, completed({ id: over, expiresAt: past }));
  await settle(store, completed({ id: overAndDeleted, expiresAt: past }));
  await store.tasks.recordDeletion(deleted({ id: overAndDeleted, expiresAt: past }));
  await settle(store, completed({ id: kept, expiresAt: Date.now() + 3_600_000 }));
  const money = [await fundsOf(store, 'default'), await entriesOf(store)];

  await deleteExpired();

  const found = await Promise.all(made.map((id) => store.tasks.findRecord(id)));
  expect(found.map((record) => record?.id)).toEqual([undefined, undefined, kept, active]);
  const { tasks } = await listPage(store, { limit: 10 });
  expect(tasks.map(({ id }) => id).toSorted()).toEqual([kept, active].toSorted());
  expect([await fundsOf(store, 'default'), await entriesOf(store)]).toEqual(money);
});

test('a deletion whose response was lost is recognized', async () => {
  const { url, client } = await dynamoDb();
  const { id } = await openTask(storeOf(client));
  await settle(storeOf(client), completed({ id }));
  const proxy = await interceptingProxy(url, (nth) => ({ responseLost: nth === 1 }));
  const { tasks } = storeOf(dynamoDbClient(proxy.url));

  expect(await tasks.recordDeletion(deleted({ id }))).toEqual(deleted({ id }));

  expect(proxy.requests).toHaveLength(2);
});

test('no table contains an issued key, only its hash', async () => {
  const { client } = await dynamoDb();
  const { accounts, apiKeys, ledger } = storeOf(client);

  const issue = issueKey({ accounts, keys: apiKeys, ledger, now: () => 1 });
  const { api_key } = await issue(IssueKeyRequest.parse({ credits: 1 }), 'request');

  const rows = await Promise.all(Object.values(tableNames).map((table) => rowsOf(client, table)));
  expect(JSON.stringify(rows)).toContain(`"lastFour":"${api_key.slice(-4)}"`);
  expect(JSON.stringify(rows)).not.toContain(api_key.slice('sk-dr-'.length, -4));
});

test('a deleted key leaves its row, and its tasks are settled on it', async () => {
  const { client } = await dynamoDb();
  const store = storeOf(client);
  const { id, keyId } = await openTask(store);
  await store.apiKeys.remove(keyId);

  await settle(store, completed({ id }));

  expect(await rowsOf(client, tableNames.keys)).toContainEqual(
    expect.objectContaining({ keyId, deletedAt: sampleTime }),
  );
  expect(await fundsOf(store, 'default')).toMatchObject({ reserved: 0, used: 1200 });
});
