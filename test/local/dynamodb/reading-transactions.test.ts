import { BatchWriteItemCommand, TransactGetItemsCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from 'vitest';
import { key, N, S, TableName, world } from './world.ts';

describe('a reading transaction', () => {
  test('answers in the order of its questions, nothing for what is not there', async () => {
    const { client } = await world();
    await client.send(
      new BatchWriteItemCommand({
        RequestItems: {
          [TableName]: ['a', 'b'].map((id) => ({ PutRequest: { Item: { id: S(id), n: N(1) } } })),
        },
      }),
    );

    const { Responses: answers } = await client.send(
      new TransactGetItemsCommand({
        TransactItems: [
          { Get: { ...key('b'), ProjectionExpression: 'n' } },
          { Get: key('absent') },
          { Get: key('a') },
        ],
      }),
    );

    expect(answers).toEqual([{ Item: { n: N(1) } }, {}, { Item: { id: S('a'), n: N(1) } }]);
  });

  test('is refused with two questions about one item', async () => {
    const { client } = await world();
    const twice = [{ Get: key('a') }, { Get: key('a') }];

    await expect(
      client.send(new TransactGetItemsCommand({ TransactItems: twice })),
    ).rejects.toMatchObject({ name: 'ValidationException' });
  });
});
