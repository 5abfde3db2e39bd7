import {
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { expect, test } from 'vitest';
import {
  accountShardKey,
  dayShardKey,
  keyShardKey,
} from '../../functions/adapters/aws/dynamodb/shards.ts';
import { sampleKey, sampleTime } from '../support/tasks.ts';
import { dynamoDb, dynamoDbClient } from './dynamodb.ts';
import { rowsOf, storeOf, withShards } from './dynamodb-store.ts';
import { interceptingProxy } from './intercepting-proxy.ts';
import {
  account,
  draft,
  findKeyOf,
  fundedStore,
  keyId,
  reserve,
  type Store,
  spendingOf,
  storeWithAccount,
} from './stores.ts';
import { tableNames } from './template-resources.ts';

// Other writes, each at exactly the moment at which it could do harm.

const price = 1200;
const denied = {
  status: 400,
  body: { __type: 'com.amazonaws.dynamodb.v20120810#AccessDeniedException', message: 'denied' },
};
const writes = ['UpdateItem', 'TransactWriteItems'];

type Interruption = {
  /** Before calls of these operations. */
  readonly before: readonly string[];
  readonly run: () => Promise<unknown>;
  readonly once?: boolean;
};

/** A DynamoDB that runs something else before some calls. The calls of that interruption are not interrupted. */
async function interruptedDynamoDb(shards = 1) {
  let interruption: Interruption | undefined;
  const { client } = await dynamoDb(({ operation, at }) => {
    const current = interruption;
    if (at !== 'received' || !current?.before.includes(operation)) return undefined;
    interruption = undefined;
    return current.run().then(() => {
      if (!current.once) interruption = current;
    });
  });
  return {
    client,
    store: withShards(client, shards),
    interrupt: (by: Interruption | undefined) => {
      interruption = by;
    },
  };
}

const statesOf = async (store: Store, count: number, createdAt = sampleTime) => {
  const states: string[] = [];
  for (let n = 0; n < count; n += 1) {
    states.push((await reserve(store, draft({ createdAt }))).state);
  }
  return states;
};

test.each([
  ['lowered', 3 * price, price, ['key_exhausted_today']],
  ['raised', price, 3 * price, ['reserved', 'reserved', 'key_exhausted_today']],
])(
  'a daily limit that is %s while the day begins applies to that day',
  async (_, before, after, states) => {
    const { store, interrupt } = await interruptedDynamoDb();
    await fundedStore(async () => store, 20 * price, { dailyLimit: before });
    interrupt({ before: writes, run: () => statesOf(store, 1), once: true });

    await store.apiKeys.change(keyId, { dailyLimit: after });

    expect(await statesOf(store, states.length)).toEqual(states);
  },
);

test('a daily limit that is changed while a day begins applies to the task that begins the day', async () => {
  const { store, interrupt } = await interruptedDynamoDb();
  await fundedStore(async () => store, 20 * price, { dailyLimit: 3 * price });
  const run = () => store.apiKeys.change(keyId, { dailyLimit: price });
  interrupt({ before: ['TransactWriteItems'], run, once: true });

  expect(await statesOf(store, 2)).toEqual(['reserved', 'key_exhausted_today']);
});

test('a daily limit that is changed applies to a day that has begun in another time zone', async () => {
  const { store } = await interruptedDynamoDb();
  const [evening, tomorrow] = [sampleTime, sampleTime + 24 * 3_600_000];
  await fundedStore(async () => store, 20 * price, { dailyLimit: 3 * price });
  // In that time zone it is already tomorrow.
  expect(await statesOf(store, 1, tomorrow)).toEqual(['reserved']);

  await store.apiKeys.change(keyId, { dailyLimit: 2 * price });

  expect(await statesOf(store, 3, evening)).toEqual([
    'reserved',
    'reserved',
    'key_exhausted_today',
  ]);
  expect(await statesOf(store, 2, tomorrow)).toEqual(['reserved', 'key_exhausted_today']);
});

test('both limits of a key are lowered at once, however many shards they lie in', async () => {
  const { client, store } = await interruptedDynamoDb(64);
  const limit = 64 * price;
  await fundedStore(async () => store, 20 * price, { totalLimit: limit, dailyLimit: limit });
  await statesOf(store, 1);
  for (let shard = 0; shard < 64; shard += 1) {
    for (const key of [keyShardKey(keyId, shard), dayShardKey(keyId, '2025-09-06', shard)]) {
      await addToRow(client, tableNames.keys, key, shard === 0 ? -63 * price : price);
    }
  }

  await store.apiKeys.change(keyId, { totalLimit: price, dailyLimit: price });

  expect(await statesOf(store, 1)).toEqual(['key_exhausted']);
  await store.apiKeys.change(keyId, { totalLimit: 3 * price, dailyLimit: 2 * price });
  expect(await statesOf(store, 2)).toEqual(['reserved', 'key_exhausted_today']);
});

test('a task collects its price from all shards, also when other shards owe something, however many there are', async () => {
  const { client, store } = await interruptedDynamoDb(64);
  await fundedStore(async () => store, 0, { totalLimit: 2 * price });
  await addToRow(client, tableNames.keys, keyShardKey(keyId, 0), -2 * price);
  for (let shard = 0; shard < 64; shard += 1) {
    const left = shard < 31 ? -price : price;
    await addToRow(client, tableNames.keys, keyShardKey(keyId, shard), left);
    await addToRow(client, tableNames.accounts, accountShardKey(account, shard), 30);
  }

  expect(await statesOf(store, 2)).toEqual(['reserved', 'insufficient']);
});

test.each([
  ['key_exhausted', { totalLimit: price }],
  ['key_exhausted_today', { dailyLimit: price }],
])(
  'a key whose limit is reached is refused with %s, however busy its account is',
  async (state, limit) => {
    const { client, store, interrupt } = await interruptedDynamoDb();
    await fundedStore(async () => store, 20 * price, limit);
    await statesOf(store, 1);
    interrupt({ before: ['BatchGetItem'], run: () => touch(client, 0) });

    expect(await statesOf(store, 1)).toEqual([state]);
  },
);

test('a task is not refused because of a limit that is being removed', async () => {
  const { client, store, interrupt } = await interruptedDynamoDb();
  await fundedStore(async () => store, 20 * price, { totalLimit: 20 * price });
  await statesOf(store, 1);
  const before = await rowOf(client, { keyId });
  await store.apiKeys.change(keyId, { totalLimit: null });
  const after = await rowOf(client, { keyId });
  // A read may find the key as it was before the change, and its shard as it is after it.
  await putRow(client, before);
  interrupt({
    before: ['BatchGetItem'],
    once: true,
    run: async () => {
      interrupt({ before: ['BatchGetItem'], once: true, run: () => putRow(client, after) });
    },
  });

  expect(await store.ledger.reserve(draft(), { totalLimit: 20 * price, timeZone: 'UTC' })).toEqual({
    state: 'reserved',
  });
});

test('a limit that is lowered while its shards are read opens none of them for tasks that do not read them', async () => {
  const { client, store, interrupt } = await interruptedDynamoDb(2);
  await fundedStore(async () => store, 60 * price, { totalLimit: 32 * price });
  const [first, second] = [keyShardKey(keyId, 0), keyShardKey(keyId, 1)];
  await addToRow(client, tableNames.keys, first, -32 * price);
  await addToRow(client, tableNames.keys, second, 15 * price);
  const before = await rowOf(client, first);
  await store.apiKeys.change(keyId, { totalLimit: 24 * price });
  const after = await rowOf(client, first);
  // A read may find the key as it is after the change, and its first shard, which owes something, as it was before.
  await putRow(client, before);
  interrupt({
    before: ['BatchGetItem'],
    once: true,
    run: async () => {
      interrupt({ before: ['TransactWriteItems'], once: true, run: () => putRow(client, after) });
    },
  });

  await store.ledger.reserve(draft(), { totalLimit: 32 * price, timeZone: 'UTC', revision: 1 });

  const opened = await rowOf(client, second);
  expect(opened && unmarshall(opened)).toMatchObject({ reserved: price, revision: 1 });
});

test('a limit of open tasks that is lowered takes from a shard only what is still there at the write', async () => {
  const { client, store, interrupt } = await interruptedDynamoDb(2);
  await fundedStore(async () => store, 20 * price);
  await store.accounts.change(account, { limits: { tasksInFlight: 6 } });
  await addOpenTasks(client, 1, -3);
  await addOpenTasks(client, 0, 3);
  // A ledger that does not know yet that there are two shards takes the first one.
  const run = () => reserve(storeOf(client), draft());
  interrupt({ before: ['TransactWriteItems'], run, once: true });

  await store.accounts.change(account, { limits: { tasksInFlight: 3 } });

  const rows = await rowsOf(client, tableNames.accounts);
  const left = rows.flatMap(({ inFlightLeft }) => inFlightLeft ?? []);
  expect(left.toSorted()).toEqual([0, 2]);
});

test.each([
  [{ totalLimit: 9 * price }, 1 + 4],
  [{ dailyLimit: 9 * price }, 1 + 4],
  [{ totalLimit: 9 * price, dailyLimit: 9 * price }, 1 + 4 + 4],
])('a create reads the rows of the limits that its key has: %j', async (limits, count) => {
  const { url, client } = await dynamoDb();
  await fundedStore(async () => withShards(client, 4), 20 * price, limits);
  await statesOf(storeOf(client), 1);
  const proxy = await interceptingProxy(url);
  const { ledger } = storeOf(dynamoDbClient(proxy.url));

  await ledger.reserve(draft(), { ...limits, timeZone: 'UTC' });

  const read = proxy.requests
    .filter(({ operation }) => operation === 'BatchGetItem')
    .map(({ body }) => JSON.parse(String(body)).RequestItems[tableNames.keys].Keys.length);
  expect(read.at(-1)).toBe(count);
});

test.each([{ totalLimit: 3 * price }, { dailyLimit: 3 * price }])(
  'a key whose limit is reached is refused without a transaction, and pays again when its limit is raised: %j',
  async (limit) => {
    const { url, client } = await dynamoDb();
    const store = storeOf(client);
    await fundedStore(async () => store, 20 * price, limit);
    const proxy = await interceptingProxy(url);
    const { ledger } = storeOf(dynamoDbClient(proxy.url));
    const create = async () => {
      const { totalLimit, dailyLimit, revision } = await findKeyOf(store);
      const before = proxy.requests.length;
      const limits = { totalLimit, dailyLimit, revision, timeZone: 'UTC' };
      const { state } = await ledger.reserve(draft(), limits);
      const transactions = proxy.requests
        .slice(before)
        .filter(({ operation }) => operation === 'TransactWriteItems');
      return [state.replace(/_today$/, ''), transactions.length];
    };
    for (let n = 0; n < 3; n += 1) await create();
    await create(); // reads that nothing is left

    expect(await create()).toEqual(['key_exhausted', 0]);

    await store.apiKeys.change(keyId, { totalLimit: 9 * price, dailyLimit: 9 * price });
    await create(); // reads that there is more
    expect(await create()).toEqual(['reserved', 1]);
  },
);

test('a key whose limit lies in fewer shards than its account has uses the shards of its limit', async () => {
  const { url, client } = await dynamoDb();
  const store = await storeWithAccount(async () => withShards(client, 16));
  await store.ledger.credit({ account, amount: 400 * price, at: sampleTime });
  const totalLimit = 40 * price; // in four of the sixteen
  await store.apiKeys.add(sampleKey({ account, totalLimit }));
  const proxy = await interceptingProxy(url);

  for (let functions = 0; functions < 10; functions += 1) {
    const { ledger } = storeOf(dynamoDbClient(proxy.url));
    const limits = { totalLimit, timeZone: 'UTC', accountShards: 16 };
    expect(await ledger.reserve(draft(), limits)).toEqual({ state: 'reserved' });
  }

  expect(new Set(proxy.requests.map(({ operation }) => operation))).toEqual(
    new Set(['TransactWriteItems']),
  );
});

test('a grant whose credits cannot be spread over the shards counts all the same', async () => {
  const { url, client } = await dynamoDb();
  await fundedStore(async () => storeOf(client), 0);
  // The account is read and gets the credits. Every request after that is refused.
  const proxy = await interceptingProxy(url, (nth) => (nth > 2 ? { response: denied } : {}));
  const { ledger } = storeOf(dynamoDbClient(proxy.url));

  expect(await ledger.credit({ account, amount: 100 * price, at: sampleTime })).toMatchObject({
    state: 'credited',
  });
});

test('a limit of a key is changed, however busy its account is', async () => {
  const { client, store, interrupt } = await interruptedDynamoDb();
  await fundedStore(async () => store, 20 * price, { totalLimit: price });
  interrupt({ before: ['BatchGetItem'], run: () => touch(client, 0) });

  expect(await store.apiKeys.change(keyId, { totalLimit: 2 * price, dailyLimit: 0 })).toMatchObject(
    {
      totalLimit: 2 * price,
    },
  );

  interrupt(undefined);
  expect(await spendingOf(store)).toEqual({ used: 0, reserved: 0, today: 0 });
});

const rowOf = async (client: DynamoDBClient, key: object) => {
  const { Item } = await client.send(
    new GetItemCommand({ TableName: tableNames.keys, Key: marshall(key) }),
  );
  return Item;
};

const putRow = (client: DynamoDBClient, Item: Awaited<ReturnType<typeof rowOf>>) =>
  client.send(new PutItemCommand({ TableName: tableNames.keys, Item }));

/** Adds to what is left in a shard. */
const addToRow = (client: DynamoDBClient, table: string, key: object, size: number) =>
  client.send(
    new UpdateItemCommand({
      TableName: table,
      Key: marshall(key),
      UpdateExpression: 'ADD granted :size, balance :size, changes :one',
      ExpressionAttributeValues: marshall({ ':size': size, ':one': 1 }),
    }),
  );

/** Adds to the tasks that a shard may still have open. */
const addOpenTasks = (client: DynamoDBClient, shard: number, size: number) =>
  client.send(
    new UpdateItemCommand({
      TableName: tableNames.accounts,
      Key: marshall(accountShardKey(account, shard)),
      UpdateExpression: 'ADD inFlightLeft :size, changes :one',
      ExpressionAttributeValues: marshall({ ':size': size, ':one': 1 }),
    }),
  );

/** Somebody writes a shard of the account, and what is left there stays the same. */
const touch = (client: DynamoDBClient, shard: number) =>
  client.send(
    new UpdateItemCommand({
      TableName: tableNames.accounts,
      Key: marshall(accountShardKey(account, shard)),
      UpdateExpression: 'ADD changes :one',
      ExpressionAttributeValues: marshall({ ':one': 1 }),
    }),
  );
