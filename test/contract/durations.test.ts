import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { durations } from '../../functions/aws/durations.ts';
import { keyActivity } from '../../functions/aws/key-activity.ts';
import { whyNot } from '../support/dynamodb-local.ts';
import { settableClock } from '../support/fakes.ts';
import { sampleTime } from '../support/tasks.ts';
import { durationsContract } from './durations-contract.ts';
import { dynamoDb, dynamoDbClient } from './dynamodb.ts';
import { startReferee } from './dynamodb-local.ts';
import { rowsOf } from './dynamodb-store.ts';
import { front } from './front.ts';
import { tableOf } from './stage.ts';

const table = tableOf.activity;
const model = 'wan2.5-image-to-image';

describe('the table', () => {
  durationsContract(async ({ now }) => {
    const { client } = await dynamoDb();
    return () => durations(client, table, now);
  });
});

const reason = whyNot();

describe.skipIf(reason !== undefined)("the table in AWS's own DynamoDB Local", () => {
  let dynamoDbLocal: Awaited<ReturnType<typeof startReferee>>;

  beforeAll(async () => {
    dynamoDbLocal = await startReferee();
  }, 60_000);
  afterAll(() => dynamoDbLocal?.stop());

  durationsContract(async ({ now }) => {
    const client = await dynamoDbLocal.database();
    return () => durations(client, table, now);
  });
});

/** Functions in front of one table, and every call they make to it. */
async function world(fate?: Parameters<typeof front>[1]) {
  const { url, client } = await dynamoDb();
  const between = await front(url, fate);
  const clock = settableClock(sampleTime);
  const another = () => durations(dynamoDbClient(between.url), table, clock.now);
  return { client, clock, another, operations: () => between.seen.map((seen) => seen.operation) };
}

test('however many tasks are handed over in a minute, a function reads once', async () => {
  const { another, operations, clock } = await world();
  const function_ = another();
  await Promise.all([1, 2, 3].map(() => function_.usual(model, 'fal')));
  clock.advance(59_999);
  await function_.usual(model, 'fal');

  expect(operations()).toEqual(['GetItem']);
});

test('however many tasks end within ten seconds, one is written', async () => {
  const { another, operations } = await world();
  for (const seconds of [1, 2, 3]) await another().learn(model, 'fal', seconds);

  expect(operations()).toEqual(['GetItem', 'UpdateItem', 'GetItem', 'GetItem']);
});

test('a failed read is an error, and not kept', async () => {
  const broken = { status: 400, body: { __type: 'ValidationException', message: 'no' } };
  const { another } = await world((nth) => (nth === 1 ? { answer: broken } : {}));
  const function_ = another();

  await expect(function_.usual(model, 'fal')).rejects.toMatchObject({
    name: 'ValidationException',
  });
  expect(await function_.usual(model, 'fal')).toBeUndefined();
});

test('what was learned and not heard of is learned once', async () => {
  const { another, client, operations } = await world((nth) => ({ answerLost: nth === 2 }));

  await another().learn(model, 'fal', 30);

  expect(operations()).toEqual(['GetItem', 'UpdateItem', 'UpdateItem']);
  expect(await rowsOf(client, table)).toEqual([expect.objectContaining({ seconds: [30] })]);
});

test('what was learned is no key, and no key is taken for it', async () => {
  const { another, client } = await world();
  await another().learn(model, 'fal', 30);
  const activity = keyActivity(client, table);
  await activity.noteUse('key-1', sampleTime);

  expect(await activity.lastUsed(['key-1'])).toEqual(new Map([['key-1', sampleTime]]));
  expect(await rowsOf(client, table)).toHaveLength(2);
});
