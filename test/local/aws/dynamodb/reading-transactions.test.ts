import { BatchWriteItemCommand, TransactGetItemsCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from 'vitest';
import { key, localDynamoDb, N, S, TableName } from './local-dynamodb.ts';

describe('a reading transaction', () => {
  test('returns the items in the order of the request, and nothing for a missing item', async () => {
    const { client } = await localDynamoDb();
    await client.send(
      new BatchWriteItemCommand({
        RequestItems: {
          [TableName]: ['a', 'b'].map((id) => ({ PutRequest: { Item: { id: S(id), n: N(1) } } })),
        },
      }),
    );

    const { Responses: responses } = await client.send(
      new TransactGetItemsCommand({
        TransactItems: [
          { Get: { ...key('b'), ProjectionExpression: 'n' } },
          { Get: key('absent') },
          { Get: key('a') },
        ],
      }),
    );

    expect(responses).toEqual([{ Item: { n: N(1) } }, {}, { Item: { id: S('a'), n: N(1) } }]);
  });

  test('is rejected when it reads one item twice', async () => {
    const { client } = await localDynamoDb();
    const twice = [{ Get: key('a') }, { Get: key('a') }];

    await expect(
      client.send(new TransactGetItemsCommand({ TransactItems: twice })),
    ).rejects.toMatchObject({ name: 'ValidationException' });
  });
});
