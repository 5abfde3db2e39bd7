import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { webhookSecretOf } from '../../functions/aws/key-table.ts';
import { issueKey, KeyOrder } from '../../functions/task/issue-key.ts';
import { rememberedForMs } from '../../functions/task/remember.ts';
import { completed, sampleTime } from '../support/tasks.ts';
import { dynamoDb, dynamoDbClient } from './dynamodb.ts';
import { rowsOf, storeOf } from './dynamodb-store.ts';
import { front } from './front.ts';
import { keysContract } from './keys-contract.ts';
import { tableOf } from './stage.ts';
import { draft, grant, opened, type Store } from './stores.ts';
import { tasksContract } from './tasks-contract.ts';

const Movement = z.object({
  ...{ entry: z.string(), kind: z.enum(['grant', 'reserve', 'settle']), amount: z.number() },
  returned: z.number().default(0),
});

const make = async (): Promise<Store> => storeOf((await dynamoDb()).client);

describe('the tables', () => {
  tasksContract(make);
  keysContract(make);
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

test('a key works from the moment it is issued', async () => {
  const { url } = await dynamoDb();
  const between = await front(url);
  const { keys, keyStore: store } = storeOf(dynamoDbClient(between.url));
  await grant(storeOf(dynamoDbClient(url)), 'studio', 0);
  const key = { keyId: 'key-1', lastFour: 'abcd', account: 'studio', name: 'first', at: 1 };
  await store.add({ ...key, hash: 'hash', scopes: ['generate'] });

  await keys.find('hash');

  const reads = between.seen.filter(({ operation }) => operation === 'GetItem');
  expect(reads).toHaveLength(2);
  for (const { body } of reads) {
    expect(JSON.parse(String(body))).toMatchObject({ ConsistentRead: true });
  }
});

test('the entries of an account add up to what it has, in the order of their time', async () => {
  const { client } = await dynamoDb();
  const store = storeOf(client);
  await grant(store, 'default', 5000);
  const [partly, running] = [await opened(store), await opened(store)];
  await store.ledger.settle(completed({ id: partly.id, charged: 400 }));

  const rows = await rowsOf(client, tableOf.accounts);
  const entries = rows
    .filter(({ entry }) => entry !== 'account')
    .map((row) => Movement.parse(row))
    .sort((a, b) => (a.entry < b.entry ? -1 : 1));

  expect(entries.at(-1)).toMatchObject({ kind: 'settle', amount: 400, returned: 800 });
  const sum = (kind: string, of: (entry: z.infer<typeof Movement>) => number) =>
    entries.filter((entry) => entry.kind === kind).reduce((total, entry) => total + of(entry), 0);
  const granted = sum('grant', ({ amount }) => amount);
  const used = sum('settle', ({ amount }) => amount);
  const reserved =
    sum('reserve', ({ amount }) => amount) -
    sum('settle', ({ amount, returned }) => amount + returned);
  expect(await store.funds('default')).toEqual({
    ...{ granted, used, reserved, balance: granted - used - reserved },
  });
  expect(reserved).toBe(running.reserved);
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
  const { keyStore: store } = storeOf(client);

  const { api_key } = await issueKey({ store, now: () => 1 })(KeyOrder.parse({ credits: 1 }));

  const rows = await Promise.all(Object.values(tableOf).map((table) => rowsOf(client, table)));
  expect(JSON.stringify(rows)).toContain(`"lastFour":"${api_key.slice(-4)}"`);
  expect(JSON.stringify(rows)).not.toContain(api_key.slice('sk-dr-'.length, -4));
});

test('callbacks are signed with the secret of their account', async () => {
  const { client } = await dynamoDb();
  await grant(storeOf(client), 'studio', 0);
  const secretOf = webhookSecretOf(client, tableOf.accounts);

  expect(await secretOf('studio')).toBe('whsec_first');
  await expect(secretOf('nobody')).rejects.toThrow();
});
