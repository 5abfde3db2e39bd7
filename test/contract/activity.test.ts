import { marshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keyActivity } from '../../functions/aws/key-activity.ts';
import { memoryActivity } from '../support/activity.ts';
import { whyNot } from '../support/dynamodb-local.ts';
import { sampleTime } from '../support/tasks.ts';
import { activityContract } from './activity-contract.ts';
import { dynamoDb, dynamoDbClient } from './dynamodb.ts';
import { startReferee } from './dynamodb-local.ts';
import { front } from './front.ts';
import { tableOf } from './stage.ts';

const at = sampleTime;
const key = 'key-1';
const table = tableOf.activity;

describe('the fake', () => {
  activityContract(async () => {
    const activity = memoryActivity();
    return () => activity;
  });
});

describe('the table', () => {
  activityContract(async () => {
    const { client } = await dynamoDb();
    return () => keyActivity(client, table);
  });
});

const reason = whyNot();

describe.skipIf(reason !== undefined)("the table in AWS's own DynamoDB Local", () => {
  let dynamoDbLocal: Awaited<ReturnType<typeof startReferee>>;

  beforeAll(async () => {
    dynamoDbLocal = await startReferee();
  }, 60_000);
  afterAll(() => dynamoDbLocal?.stop());

  activityContract(async () => {
    const client = await dynamoDbLocal.database();
    return () => keyActivity(client, table);
  });
});

/** Functions in front of one table, and every call they make to it. */
async function world(fate?: Parameters<typeof front>[1]) {
  const { url } = await dynamoDb();
  const between = await front(url, fate);
  const client = dynamoDbClient(between.url);
  return { another: () => keyActivity(client, table), calls: between.seen };
}

const refusedBy = (row: Record<string, number>) => ({
  answer: {
    status: 400,
    body: {
      __type: 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException',
      message: 'The conditional request failed',
      Item: marshall({ keyId: key, ...row }),
    },
  },
});

test('a request takes one write, whether its key was busy or idle', async () => {
  const { another, calls } = await world();
  const activity = another();

  for (const ms of [0, 0, 100, 4000, 4000, 90_000, 90_001]) await activity.take(key, 20, at + ms);

  expect(calls.map(({ operation }) => operation)).toEqual(Array(7).fill('UpdateItem'));
});

test('a function that knows nothing of a busy key takes one write more, once', async () => {
  const { another, calls } = await world();
  await another().take(key, 20, at);
  const newcomer = another();

  await newcomer.take(key, 20, at);
  await newcomer.take(key, 20, at);

  expect(calls).toHaveLength(1 + 2 + 1);
});

test('requests above the limit cost nothing once it is known, and one write when it is not', async () => {
  const { another, calls } = await world();
  const activity = another();
  for (let request = 0; request < 30; request += 1) await activity.take(key, 20, at);

  expect(await another().take(key, 20, at)).toHaveProperty('waitMs', 3000);

  expect(calls).toHaveLength(20 + 1);
});

test('a use within the minute costs nothing, also in a function that only counted requests', async () => {
  const { another, calls } = await world();
  await another().noteUse(key, at);
  const activity = another();
  await activity.take(key, 20, at);
  for (const ms of [0, 1, 59_999]) await activity.noteUse(key, at + ms);

  expect(calls).toHaveLength(2);
});

test('a use that another function noted is not noted again', async () => {
  const { another, calls } = await world();
  await another().noteUse(key, at);
  const activity = another();
  for (const ms of [1, 2, 3]) await activity.noteUse(key, at + ms);

  expect(calls).toHaveLength(2);
  expect((await activity.lastUsed([key])).get(key)).toBe(at);
});

test('a request that others always outran passes, since there was room for it', async () => {
  const soon = (at + 1) * 1000;
  const { another, calls } = await world((nth) =>
    refusedBy(nth % 2 ? { fullAtMicros: soon } : { lastUsedAt: at }),
  );

  expect(await another().take(key, 20, at)).toEqual({
    ...{ rate: { limit: 20, remaining: 19, fullAt: at + 1 } },
  });
  expect(calls).toHaveLength(3);
});

test('a table that cannot be asked is an error, and not a request that passes', async () => {
  const { client } = await dynamoDb();
  const activity = keyActivity(client, 'absent');
  const missing = { name: 'ResourceNotFoundException' };

  await expect(activity.take(key, 20, at)).rejects.toMatchObject(missing);
  await expect(activity.noteUse(key, at)).rejects.toMatchObject(missing);
  await expect(activity.lastUsed([key])).rejects.toMatchObject(missing);
});

test('keys that DynamoDB did not get to are asked for again', async () => {
  const half = {
    Responses: { [table]: [marshall({ keyId: 'key-2', lastUsedAt: at + 5 })] },
    UnprocessedKeys: { [table]: { Keys: [marshall({ keyId: key })] } },
  };
  const { another, calls } = await world((nth) =>
    nth === 2 ? { answer: { status: 200, body: half } } : {},
  );
  const activity = another();
  await activity.noteUse(key, at);

  const used = await activity.lastUsed([key, 'key-2']);

  expect([used.get(key), used.get('key-2')]).toEqual([at, at + 5]);
  expect(calls).toHaveLength(1 + 2);
});

test('more keys than it remembers are counted all the same', async () => {
  const row = { Attributes: marshall({ keyId: key, fullAtMicros: (at + 60_000) * 1000 }) };
  const { another, calls } = await world(() => ({ answer: { status: 200, body: row } }));
  const activity = another();
  const many = Array.from({ length: 1001 }, (_, index) => `key-${index}`);
  for (const id of many) await activity.take(id, 20, at);

  await activity.take('key-1000', 20, at);
  await activity.take('key-0', 20, at);

  expect(calls).toHaveLength(1001 + 1);
});
