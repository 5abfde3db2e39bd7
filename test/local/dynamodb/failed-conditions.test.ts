import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from 'vitest';
import { item, key, N, S, world } from './world.ts';

const refused = {
  ConditionExpression: 'attribute_not_exists(id)',
  ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
} as const;

describe('the item that a failed condition was about', () => {
  test('comes with the refusal of a put, an update and a delete', async () => {
    const { client } = await world();
    await client.send(new PutItemCommand(item('there', { amount: N(7) })));

    const thrown = await Promise.all([
      client.send(new PutItemCommand({ ...item('there'), ...refused })).catch((e: unknown) => e),
      client.send(new UpdateItemCommand({ ...key('there'), ...refused })).catch((e: unknown) => e),
      client.send(new DeleteItemCommand({ ...key('there'), ...refused })).catch((e: unknown) => e),
    ]);

    for (const exception of thrown) {
      expect(exception).toBeInstanceOf(ConditionalCheckFailedException);
      expect(exception).toMatchObject({ Item: { id: S('there'), amount: N(7) } });
    }
  });

  test('stays away when nobody asked, and when there is none', async () => {
    const { client } = await world();
    await client.send(new PutItemCommand(item('there')));
    const unasked = { ConditionExpression: refused.ConditionExpression };
    const absent = { ...refused, ConditionExpression: 'attribute_exists(id)' };

    const thrown = await Promise.all([
      client.send(new PutItemCommand({ ...item('there'), ...unasked })).catch((e: unknown) => e),
      client.send(new DeleteItemCommand({ ...key('absent'), ...absent })).catch((e: unknown) => e),
    ]);

    for (const exception of thrown) {
      expect(exception).toBeInstanceOf(ConditionalCheckFailedException);
      expect(exception).toHaveProperty('Item', undefined);
    }
  });
});
