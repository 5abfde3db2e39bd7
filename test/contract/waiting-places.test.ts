import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keyActivity } from '../../functions/adapters/aws/dynamodb/key-activity.ts';
import { waitingPlaces } from '../../functions/adapters/aws/dynamodb/waiting-places.ts';
import { patterns } from '../../functions/domain/model/ids.ts';
import { reasonToSkip } from '../support/dynamodb-local.ts';
import { sampleTime } from '../support/tasks.ts';
import { memoryPlaces } from '../support/waiting-places.ts';
import { dynamoDb, dynamoDbClient } from './dynamodb.ts';
import { startDynamoDbLocalForTests } from './dynamodb-local-for-tests.ts';
import { interceptingProxy } from './intercepting-proxy.ts';
import { tableNames } from './template-resources.ts';
import { waitingPlacesContract } from './waiting-places-contract.ts';

const at = sampleTime;
const table = tableNames.activity;

describe('the in-memory store', () => {
  waitingPlacesContract(async () => {
    const places = memoryPlaces();
    return () => places;
  });
});

describe('DynamoDB in the local stack', () => {
  waitingPlacesContract(async () => {
    const { client } = await dynamoDb();
    return () => waitingPlaces(client, table);
  });
});

const reason = reasonToSkip();

describe.skipIf(reason !== undefined)("AWS's own DynamoDB Local", () => {
  let dynamoDbLocal: Awaited<ReturnType<typeof startDynamoDbLocalForTests>>;

  beforeAll(async () => {
    dynamoDbLocal = await startDynamoDbLocalForTests();
  }, 60_000);
  afterAll(() => dynamoDbLocal?.stop());

  waitingPlacesContract(async () => {
    const client = await dynamoDbLocal.database();
    return () => waitingPlaces(client, table);
  });
});

/** The places, and the operations that are sent to the table. */
async function setUp(intercept?: Parameters<typeof interceptingProxy>[1]) {
  const { url, client } = await dynamoDb();
  const proxy = await interceptingProxy(url, intercept);
  return {
    client,
    places: waitingPlaces(dynamoDbClient(proxy.url), table),
    operations: () => proxy.requests.map(({ operation }) => operation),
  };
}

test('a wait takes three writes when the first place that is tried is free', async () => {
  const { places, operations } = await setUp();

  const token = (await places.lease([3, 0], at, at + 10_000)) ?? '';
  await places.takeUp(token, at, at + 29_000);
  await places.free(token);

  expect(token).toMatch(patterns.waitingPlace);
  expect(operations()).toEqual(['UpdateItem', 'UpdateItem', 'UpdateItem']);
});

test('a take-up whose response was lost does not count: the request does not wait, and the lease ends by itself', async () => {
  const { places } = await setUp((nth) => ({ responseLost: nth === 2 }));
  const token = (await places.lease([0], at, at + 10_000)) ?? '';

  expect(await places.takeUp(token, at, at + 29_000)).toBe(false);
  expect(await places.lease([0], at + 29_000, at + 39_000)).toMatch(/^0-/);
});

test('places and the activity of keys share a table without a collision', async () => {
  const { client, places } = await setUp();
  await places.lease([0], at, at + 10_000);
  const activity = keyActivity(client, table);
  await activity.touchLastUsed('key-1', at);

  expect(await activity.lastUsed(['key-1'])).toEqual(new Map([['key-1', at]]));
  expect(await places.lease([0], at, at + 10_000)).toBeUndefined();
});
