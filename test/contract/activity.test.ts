import { marshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keyActivity } from '../../functions/adapters/aws/dynamodb/key-activity.ts';
import { memoryActivity } from '../support/activity.ts';
import { reasonToSkip } from '../support/dynamodb-local.ts';
import { sampleTime } from '../support/tasks.ts';
import { activityContract } from './activity-contract.ts';
import { dynamoDb, dynamoDbClient } from './dynamodb.ts';
import { startDynamoDbLocalForTests } from './dynamodb-local-for-tests.ts';
import { interceptingProxy } from './intercepting-proxy.ts';
import { tableNames } from './template-resources.ts';

const at = sampleTime;
const key = 'key-1';
const table = tableNames.activity;

describe('the in-memory store', () => {
  activityContract(async () => {
    const activity = memoryActivity();
    return () => activity;
  });
});

describe('DynamoDB in the local stack', () => {
  activityContract(async () => {
    const { client } = await dynamoDb();
    return () => keyActivity(client, table);
  });
});

const reason = reasonToSkip();

describe.skipIf(reason !== undefined)("AWS's own DynamoDB Local", () => {
  let dynamoDbLocal: Awaited<ReturnType<typeof startDynamoDbLocalForTests>>;

  beforeAll(async () => {
    dynamoDbLocal = await startDynamoDbLocalForTests();
  }, 60_000);
  afterAll(() => dynamoDbLocal?.stop());

  activityContract(async () => {
    const client = await dynamoDbLocal.database();
    return () => keyActivity(client, table);
  });
});

/** Function instances that share one table, and every request they send to it. */
async function setUp(intercept?: Parameters<typeof interceptingProxy>[1]) {
  const { url } = await dynamoDb();
  const proxy = await interceptingProxy(url, intercept);
  const client = dynamoDbClient(proxy.url);
  return { another: () => keyActivity(client, table), calls: proxy.requests };
}

const refusedBy = (row: Record<string, number>) => ({
  response: {
    status: 400,
    body: {
      __type: 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException',
      message: 'The conditional request failed',
      Item: marshall({ keyId: key, ...row }),
    },
  },
});

test('counting a request takes one write, whether its key was busy or idle', async () => {
  const { another, calls } = await setUp();
  const activity = another();

  for (const ms of [0, 0, 100, 4000, 4000, 90_000, 90_001])
    await activity.consume(key, 20, at + ms);

  expect(calls.map(({ operation }) => operation)).toEqual(Array(7).fill('UpdateItem'));
});

test('the first request of a busy key in a new function instance takes one more write', async () => {
  const { another, calls } = await setUp();
  await another().consume(key, 20, at);
  const newcomer = another();

  await newcomer.consume(key, 20, at);
  await newcomer.consume(key, 20, at);

  expect(calls).toHaveLength(1 + 2 + 1);
});

test('a request above the limit takes no write when the function knows the key, and one write when it does not', async () => {
  const { another, calls } = await setUp();
  const activity = another();
  for (let request = 0; request < 30; request += 1) await activity.consume(key, 20, at);

  expect(await another().consume(key, 20, at)).toHaveProperty('waitMs', 3000);

  expect(calls).toHaveLength(20 + 1);
});

test('touching a key again within a minute takes no write, also in a function that only counted requests', async () => {
  const { another, calls } = await setUp();
  await another().touchLastUsed(key, at - 60_000);
  const activity = another();
  await activity.consume(key, 20, at);
  for (const ms of [0, 1, 59_999]) await activity.touchLastUsed(key, at + ms);

  expect(calls).toHaveLength(2);
});

test('a key that another function has touched is not touched again', async () => {
  const { another, calls } = await setUp();
  await another().touchLastUsed(key, at);
  const activity = another();
  for (const ms of [1, 2, 3]) await activity.touchLastUsed(key, at + ms);

  expect(calls).toHaveLength(2);
  expect((await activity.lastUsed([key])).get(key)).toBe(at);
});

test('a request that loses every race passes, since the limit had room for it', async () => {
  const soon = (at + 1) * 1000;
  const { another, calls } = await setUp((nth) =>
    refusedBy(nth % 2 ? { theoreticalArrivalMicros: soon } : { lastUsedAt: at }),
  );

  expect(await another().consume(key, 20, at)).toEqual({
    rate: { limit: 20, remaining: 19, resetAt: at + 1 },
  });
  expect(calls).toHaveLength(3);
});

test('a failed write is an error, and the request does not pass', async () => {
  const { client } = await dynamoDb();
  const activity = keyActivity(client, 'absent');
  const missing = { name: 'ResourceNotFoundException' };

  await expect(activity.consume(key, 20, at)).rejects.toMatchObject(missing);
  await expect(activity.touchLastUsed(key, at)).rejects.toMatchObject(missing);
  await expect(activity.lastUsed([key])).rejects.toMatchObject(missing);
});

test('keys that DynamoDB left unprocessed are requested again', async () => {
  const half = {
    Responses: { [table]: [marshall({ keyId: 'key-2', lastUsedAt: at + 5 })] },
    UnprocessedKeys: { [table]: { Keys: [marshall({ keyId: key })] } },
  };
  const { another, calls } = await setUp((nth) =>
    nth === 2 ? { response: { status: 200, body: half } } : {},
  );
  const activity = another();
  await activity.touchLastUsed(key, at);

  const used = await activity.lastUsed([key, 'key-2']);

  expect([used.get(key), used.get('key-2')]).toEqual([at, at + 5]);
  expect(calls).toHaveLength(1 + 2);
});

test('more keys than the cache can hold are counted correctly', async () => {
  const row = {
    Attributes: marshall({ keyId: key, theoreticalArrivalMicros: (at + 60_000) * 1000 }),
  };
  const { another, calls } = await setUp(() => ({ response: { status: 200, body: row } }));
  const activity = another();
  const many = Array.from({ length: 1001 }, (_, index) => `key-${index}`);
  for (const id of many) await activity.consume(id, 20, at);

  await activity.consume('key-1000', 20, at);
  await activity.consume('key-0', 20, at);

  expect(calls).toHaveLength(1001 + 1);
});
