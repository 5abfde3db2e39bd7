import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from 'vitest';
import { item, key, localDynamoDb, N, S } from './local-dynamodb.ts';

const failingCondition = {
  ConditionExpression: 'attribute_not_exists(id)',
  ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
} as const;

describe('the item on which a condition failed', () => {
  test('is in the error of a put, an update and a delete', async () => {
    const { client } = await localDynamoDb();
    await client.send(new PutItemCommand(item('there', { amount: N(7) })));

    const thrown = await Promise.all([
      client
        .send(new PutItemCommand({ ...item('there'), ...failingCondition }))
        .catch((e: unknown) => e),
      client
        .send(new UpdateItemCommand({ ...key('there'), ...failingCondition }))
        .catch((e: unknown) => e),
      client
        .send(new DeleteItemCommand({ ...key('there'), ...failingCondition }))
        .catch((e: unknown) => e),
    ]);

    for (const exception of thrown) {
      expect(exception).toBeInstanceOf(ConditionalCheckFailedException);
      expect(exception).toMatchObject({ Item: { id: S('there'), amount: N(7) } });
    }
  });

  test('is not in the error when it was not requested, or when there is no item', async () => {
    const { client } = await localDynamoDb();
    await client.send(new PutItemCommand(item('there')));
    const withoutReturnValues = { ConditionExpression: failingCondition.ConditionExpression };
    const absent = { ...failingCondition, ConditionExpression: 'attribute_exists(id)' };

    const thrown = await Promise.all([
      client
        .send(new PutItemCommand({ ...item('there'), ...withoutReturnValues }))
        .catch((e: unknown) => e),
      client.send(new DeleteItemCommand({ ...key('absent'), ...absent })).catch((e: unknown) => e),
    ]);

    for (const exception of thrown) {
      expect(exception).toBeInstanceOf(ConditionalCheckFailedException);
      expect(exception).toHaveProperty('Item', undefined);
    }
  });
});
