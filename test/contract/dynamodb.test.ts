import { describe, expect, test } from 'vitest';
import { hashOfKey } from '../../functions/task/api-key.ts';
import { issueKey, KeyOrder } from '../../functions/task/issue-key.ts';
import { rememberedForMs } from '../../functions/task/remember.ts';
import { keyFor } from '../support/money.ts';
import { completed, sampleTime } from '../support/tasks.ts';
import { dynamoDb, dynamoDbClient } from './dynamodb.ts';
import { rowsOf, storeOf } from './dynamodb-store.ts';
import { front } from './front.ts';
import { tableOf } from './stage.ts';
import { storeContract } from './store-contract.ts';
import { draft, grant, opened, type Store } from './stores.ts';

const make = async (): Promise<Store> => storeOf((await dynamoDb()).client);

describe('the tables', () => {
  storeContract(make);
});

test('a task is read as it is now, not as it was a moment ago', async () => {
  const { url } = await dynamoDb();
  const between = await front(url);
  const { tasks } = storeOf(dynamoDbClient(between.url));

  await tasks.find(draft().id);

  expect(between.seen.map(({ body }) => JSON.parse(String(body)))).toEqual([
    expect.objectContaining({ ConsistentRead: true }),
  ]);
});

test('a mark whose answer was lost is known again, and not taken for one of a try before', async () => {
  const { url, client } = await dynamoDb();
  const task = await opened(storeOf(client));
  const between = await front(url, (nth) => ({ answerLost: nth === 1 }));
  const { tasks } = storeOf(dynamoDbClient(between.url));

  const first = await tasks.submitting(task.id, 'dashscope', sampleTime);
  const second = await tasks.submitting(task.id, 'dashscope', sampleTime);

  expect(between.seen).toHaveLength(3);
  expect([first.marked, second.marked]).toEqual([true, false]);
});

test.each<[string, (store: Store) => Promise<unknown>]>([
  ['a key that is used', ({ keys }) => keys.find(hashOfKey('sk-dr-one'))],
  ['a key that is looked at', ({ apiKeys }) => apiKeys.find(keyFor('sk-dr-one').keyId)],
  ['an account', ({ accounts }) => accounts.find('default')],
  ['a webhook secret', ({ accounts }) => accounts.secrets('default')],
  ['a ledger', ({ accounts }) => accounts.entries('default', { limit: 1 })],
  ['the accounts in a list', ({ accounts }) => accounts.list({ limit: 1 })],
])('%s is read as it is now', async (_, read) => {
  const { url, client } = await dynamoDb();
  const store = storeOf(client);
  await grant(store, 'default', 1);
  await store.apiKeys.add(keyFor('sk-dr-one'));
  const between = await front(url);

  await read(storeOf(dynamoDbClient(between.url)));

  // An index cannot be read like that: it only says which accounts there are.
  const bodies = between.seen
    .map(({ body }) => String(body))
    .filter((body) => !body.includes('"IndexName"'));
  expect(bodies.length).toBeGreaterThan(0);
  for (const body of bodies) expect(body).toContain('"ConsistentRead":true');
});

test('money that moves is written with its entry, whole or not at all', async () => {
  const { url, client } = await dynamoDb();
  await grant(storeOf(client), 'default', 1200);
  const between = await front(url);
  const { ledger } = storeOf(dynamoDbClient(between.url));
  const task = draft();

  await ledger.credit({ account: 'default', amount: 5, at: 1 });
  await ledger.open(task);
  await ledger.settle(completed({ id: task.id }));

  const writes = between.seen.filter(({ operation }) => !operation.startsWith('Get'));
  expect(writes.map(({ operation }) => operation)).toEqual(Array(3).fill('TransactWriteItems'));
});

test('an account and a key whose answers were lost are made all the same, once', async () => {
  const { url, client } = await dynamoDb();
  const between = await front(url, (nth) => ({ answerLost: nth % 2 === 1 }));
  const { accounts, apiKeys } = storeOf(dynamoDbClient(between.url));
  const account = { account: 'studio', userGroup: 'default', limits: {}, createdAt: sampleTime };

  expect(await accounts.add({ ...account, webhookSecret: 'whsec_first' })).toBe(true);
  await apiKeys.add(keyFor('sk-dr-one'));

  expect(between.seen).toHaveLength(4);
  const store = storeOf(client);
  expect(await store.accounts.secrets('studio')).toEqual({ newest: 'whsec_first' });
  expect(await store.apiKeys.find(keyFor('sk-dr-one').keyId)).toEqual(keyFor('sk-dr-one'));
});

test('a rotation whose answer was lost keeps the secret before it', async () => {
  const { url, client } = await dynamoDb();
  await grant(storeOf(client), 'default', 0);
  const between = await front(url, (nth) => ({ answerLost: nth === 1 }));
  const { accounts } = storeOf(dynamoDbClient(between.url));

  expect(await accounts.rotateSecret('default', 'whsec_second', 7)).toBe(true);

  expect(between.seen).toHaveLength(2);
  expect(await storeOf(client).accounts.secrets('default')).toEqual({
    ...{ newest: 'whsec_second', previous: { secret: 'whsec_first', until: 7 } },
  });
});

test('an idempotency key leaves the table by itself, a day after it was used', async () => {
  const { client } = await dynamoDb();
  const store = storeOf(client);
  await grant(store, 'default', 1200);
  const expiresAt = sampleTime + rememberedForMs;
  await store.ledger.open(draft(), { id: 'key#1', requestHash: 'hash', expiresAt });

  expect(await rowsOf(client, tableOf.idempotency)).toEqual([
    expect.objectContaining({ id: 'key#1', expiresAt: Math.ceil(expiresAt / 1000) }),
  ]);
});

test('no table holds a key that was issued, only what it hashes to', async () => {
  const { client } = await dynamoDb();
  const { accounts, apiKeys, ledger } = storeOf(client);

  const issue = issueKey({ accounts, keys: apiKeys, ledger, now: () => 1 });
  const { api_key } = await issue(KeyOrder.parse({ credits: 1 }));

  const rows = await Promise.all(Object.values(tableOf).map((table) => rowsOf(client, table)));
  expect(JSON.stringify(rows)).toContain(`"lastFour":"${api_key.slice(-4)}"`);
  expect(JSON.stringify(rows)).not.toContain(api_key.slice('sk-dr-'.length, -4));
});

test('a key that was deleted leaves its row, on which its tasks are still settled', async () => {
  const { client } = await dynamoDb();
  const store = storeOf(client);
  const { id, keyId } = await opened(store);
  await store.apiKeys.remove(keyId);

  await store.ledger.settle(completed({ id }));

  expect(await rowsOf(client, tableOf.keys)).toEqual([
    expect.objectContaining({ keyId, deletedAt: sampleTime }),
  ]);
  expect(await store.funds('default')).toMatchObject({ reserved: 0, used: 1200 });
});
