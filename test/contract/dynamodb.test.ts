import { describe, expect, test } from 'vitest';
import { IssueKeyRequest, issueKey } from '../../functions/domain/accounts/issue-key.ts';
import { idempotencyTtlMs } from '../../functions/domain/billing/idempotency.ts';
import { hashOfKey } from '../../functions/domain/model/api-key.ts';
import { latencyPause } from '../../local/aws/dynamodb/pause.ts';
import { keyFor } from '../support/money.ts';
import { completed, deleted, sampleTime } from '../support/tasks.ts';
import { dynamoDb, dynamoDbClient } from './dynamodb.ts';
import { rowsOf, storeOf } from './dynamodb-store.ts';
import { interceptingProxy } from './intercepting-proxy.ts';
import { auditedFunds } from './ledger-invariants.ts';
import { retryWhileBusy } from './retry-while-busy.ts';
import { storeContract } from './store-contract.ts';
import { draft, entriesOf, fundedStore, grant, openTask, type Store } from './stores.ts';
import { tableNames } from './template-resources.ts';

const make = async (): Promise<Store> => storeOf((await dynamoDb()).client);

describe('DynamoDB in the local stack', () => {
  storeContract(make);
});

test('reservations whose transactions are in conflict are each made once, when they are repeated', async () => {
  const latency = latencyPause({ read: 1, write: 2, transaction: 10 });
  const store = await fundedStore(async () => storeOf((await dynamoDb(latency)).client), 5 * 1200);
  const tasks = Array.from({ length: 6 }, () => draft());

  const results = await Promise.all(
    tasks.map((task) => retryWhileBusy(() => store.ledger.reserve(task))),
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
  const { ledger } = storeOf(dynamoDbClient(proxy.url));
  const task = draft();

  await ledger.credit({ account: 'default', amount: 5, at: 1 });
  await ledger.reserve(task);
  await ledger.settle(completed({ id: task.id }));

  const writes = proxy.requests.filter(({ operation }) => !operation.startsWith('Get'));
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
  await store.ledger.reserve(draft(), { id: 'key#1', requestHash: 'hash', expiresAt });

  expect(await rowsOf(client, tableNames.idempotency)).toEqual([
    expect.objectContaining({ id: 'key#1', expiresAt: Math.ceil(expiresAt / 1000) }),
  ]);
});

test('a task expires from the table with its record, in whole seconds, and one that has not ended never does', async () => {
  const { client } = await dynamoDb();
  const store = storeOf(client);
  const ttlNow = async () => (await rowsOf(client, tableNames.tasks)).map(({ ttl }) => ttl);
  const { id } = await openTask(store);
  expect(await ttlNow()).toEqual([undefined]);

  const expiresAt = sampleTime + 1;
  await store.ledger.settle(completed({ id, expiresAt }));
  expect(await ttlNow()).toEqual([sampleTime / 1000 + 1]);
  expect(await store.tasks.find(id)).toEqual(completed({ id, expiresAt }));

  await store.tasks.recordDeletion(deleted({ id, expiresAt }));
  expect(await ttlNow()).toEqual([sampleTime / 1000 + 1]);
});

test('a task whose time is over vanishes, also one that was deleted; one that has not ended stays, and so does the ledger', async () => {
  const { client, deleteExpired } = await dynamoDb();
  const store = storeOf(client);
  const made = [];
  for (let n = 0; n < 4; n += 1) made.push((await openTask(store)).id);
  const [over = '', overAndDeleted = '', kept = '', active = ''] = made;
  const past = Date.now() - 1000;
  await store.ledger.settle(completed({ id: over, expiresAt: past }));
  await store.ledger.settle(completed({ id: overAndDeleted, expiresAt: past }));
  await store.tasks.recordDeletion(deleted({ id: overAndDeleted, expiresAt: past }));
  await store.ledger.settle(completed({ id: kept, expiresAt: Date.now() + 3_600_000 }));
  const money = [await store.funds('default'), await entriesOf(store)];

  await deleteExpired();

  const found = await Promise.all(made.map((id) => store.tasks.findRecord(id)));
  expect(found.map((record) => record?.id)).toEqual([undefined, undefined, kept, active]);
  const { tasks } = await store.history.list('default', { limit: 10 });
  expect(tasks.map(({ id }) => id).toSorted()).toEqual([kept, active].toSorted());
  expect([await store.funds('default'), await entriesOf(store)]).toEqual(money);
});

test('a deletion whose response was lost is recognized', async () => {
  const { url, client } = await dynamoDb();
  const { id } = await openTask(storeOf(client));
  await storeOf(client).ledger.settle(completed({ id }));
  const proxy = await interceptingProxy(url, (nth) => ({ responseLost: nth === 1 }));
  const { tasks } = storeOf(dynamoDbClient(proxy.url));

  expect(await tasks.recordDeletion(deleted({ id }))).toEqual(deleted({ id }));

  expect(proxy.requests).toHaveLength(2);
});

test('no table contains an issued key, only its hash', async () => {
  const { client } = await dynamoDb();
  const { accounts, apiKeys, ledger } = storeOf(client);

  const issue = issueKey({ accounts, keys: apiKeys, ledger, now: () => 1 });
  const { api_key } = await issue(IssueKeyRequest.parse({ credits: 1 }));

  const rows = await Promise.all(Object.values(tableNames).map((table) => rowsOf(client, table)));
  expect(JSON.stringify(rows)).toContain(`"lastFour":"${api_key.slice(-4)}"`);
  expect(JSON.stringify(rows)).not.toContain(api_key.slice('sk-dr-'.length, -4));
});

test('a deleted key leaves its row, and its tasks are settled on it', async () => {
  const { client } = await dynamoDb();
  const store = storeOf(client);
  const { id, keyId } = await openTask(store);
  await store.apiKeys.remove(keyId);

  await store.ledger.settle(completed({ id }));

  expect(await rowsOf(client, tableNames.keys)).toEqual([
    expect.objectContaining({ keyId, deletedAt: sampleTime }),
  ]);
  expect(await store.funds('default')).toMatchObject({ reserved: 0, used: 1200 });
});
