import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { durations } from '../../functions/adapters/aws/dynamodb/durations.ts';
import { keyActivity } from '../../functions/adapters/aws/dynamodb/key-activity.ts';
import { reasonToSkip } from '../support/dynamodb-local.ts';
import { settableClock } from '../support/fakes.ts';
import { sampleTime } from '../support/tasks.ts';
import { durationsContract } from './durations-contract.ts';
import { dynamoDb, dynamoDbClient } from './dynamodb.ts';
import { startDynamoDbLocalForTests } from './dynamodb-local-for-tests.ts';
import { rowsOf } from './dynamodb-store.ts';
import { interceptingProxy } from './intercepting-proxy.ts';
import { tableNames } from './template-resources.ts';

const table = tableNames.activity;
const model = 'wan2.5-image-to-image';

describe('DynamoDB in the local stack', () => {
  durationsContract(async ({ now }) => {
    const { client } = await dynamoDb();
    return () => durations(client, table, now);
  });
});

const reason = reasonToSkip();

describe.skipIf(reason !== undefined)("AWS's own DynamoDB Local", () => {
  let dynamoDbLocal: Awaited<ReturnType<typeof startDynamoDbLocalForTests>>;

  beforeAll(async () => {
    dynamoDbLocal = await startDynamoDbLocalForTests();
  }, 60_000);
  afterAll(() => dynamoDbLocal?.stop());

  durationsContract(async ({ now }) => {
    const client = await dynamoDbLocal.database();
    return () => durations(client, table, now);
  });
});

/** Function instances that share one table, and every request they send to it. */
async function setUp(intercept?: Parameters<typeof interceptingProxy>[1]) {
  const { url, client } = await dynamoDb();
  const proxy = await interceptingProxy(url, intercept);
  const clock = settableClock(sampleTime);
  const instance = () => durations(dynamoDbClient(proxy.url), table, clock.now);
  return {
    client,
    clock,
    instance,
    operations: () => proxy.requests.map(({ operation }) => operation),
  };
}

test('a function reads the durations once a minute, however many tasks it submits', async () => {
  const { instance, operations, clock } = await setUp();
  const oneInstance = instance();
  await Promise.all([1, 2, 3].map(() => oneInstance.typicalSeconds(model, 'fal')));
  clock.advance(59_999);
  await oneInstance.typicalSeconds(model, 'fal');

  expect(operations()).toEqual(['GetItem']);
});

test('at most one duration is written in ten seconds, however many tasks end', async () => {
  const { instance, operations } = await setUp();
  for (const seconds of [1, 2, 3]) await instance().recordDuration(model, 'fal', seconds);

  expect(operations()).toEqual(['GetItem', 'UpdateItem', 'GetItem', 'GetItem']);
});

test('a failed read is an error, and it is not cached', async () => {
  const broken = { status: 400, body: { __type: 'ValidationException', message: 'no' } };
  const { instance } = await setUp((nth) => (nth === 1 ? { response: broken } : {}));
  const oneInstance = instance();

  await expect(oneInstance.typicalSeconds(model, 'fal')).rejects.toMatchObject({
    name: 'ValidationException',
  });
  expect(await oneInstance.typicalSeconds(model, 'fal')).toBeUndefined();
});

test('a duration whose response was lost is recorded once', async () => {
  const { instance, client, operations } = await setUp((nth) => ({ responseLost: nth === 2 }));

  await instance().recordDuration(model, 'fal', 30);

  expect(operations()).toEqual(['GetItem', 'UpdateItem', 'UpdateItem']);
  expect(await rowsOf(client, table)).toEqual([expect.objectContaining({ seconds: [30] })]);
});

test('durations and the activity of keys share a table without a collision', async () => {
  const { instance, client } = await setUp();
  await instance().recordDuration(model, 'fal', 30);
  const activity = keyActivity(client, table);
  await activity.touchLastUsed('key-1', sampleTime);

  expect(await activity.lastUsed(['key-1'])).toEqual(new Map([['key-1', sampleTime]]));
  expect(await rowsOf(client, table)).toHaveLength(2);
});
