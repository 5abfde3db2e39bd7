import { marshall } from '@aws-sdk/util-dynamodb';
import { describe, expect, test } from 'vitest';
import { accountKey } from '../../functions/adapters/aws/dynamodb/shards.ts';
import { update } from '../../functions/adapters/aws/dynamodb/update.ts';
import { dynamoDb } from './dynamodb.ts';
import { addToBalance, setWinner, tableBehindProxy } from './sample-writes.ts';

const conflict = {
  status: 400,
  body: {
    __type: 'com.amazonaws.dynamodb.v20120810#TransactionConflictException',
    message: 'Transaction is ongoing for the item',
  },
};

describe('a conditional update', () => {
  test('returns the row as it is afterwards', async () => {
    const { client } = await dynamoDb();

    expect(await update(client, addToBalance('a', 5))).toEqual({
      done: true,
      row: { ...accountKey('a'), balance: 5 },
    });
  });

  test('has one winner, and every loser gets the row of the winner', async () => {
    const { client } = await dynamoDb();
    const attempts = Array.from({ length: 10 }, (_, index) => `number ${index}`).map((name) =>
      update(client, {
        ...setWinner('a'),
        ExpressionAttributeValues: marshall({ ':name': name }),
      }),
    );

    const [winner, ...others] = (await Promise.all(attempts)).filter(({ done }) => done);
    const losers = (await Promise.all(attempts)).filter(({ done }) => !done);

    expect(others).toEqual([]);
    expect(losers).toEqual(Array.from({ length: 9 }, () => ({ done: false, row: winner?.row })));
  });

  test('of a row that does not exist returns no row when its condition fails', async () => {
    const { client } = await dynamoDb();
    const ConditionExpression = 'attribute_exists(account)';

    expect(await update(client, { ...addToBalance('nobody', 1), ConditionExpression })).toEqual({
      done: false,
      row: undefined,
    });
  });

  test.each([
    [
      'is repeated until the transaction is over',
      4,
      { done: true, row: { ...accountKey('a'), balance: 5 } },
    ],
    ['gives up when the transaction does not end', 5, 'TransactionConflictException'],
  ])('that conflicts with a transaction %s', async (_, conflicts, expected) => {
    const { client, requests } = await tableBehindProxy((nth) =>
      nth <= conflicts ? { response: conflict } : {},
    );

    const result = await update(client, addToBalance('a', 5)).catch(({ name }: Error) => name);

    expect(result).toEqual(expected);
    expect(requests).toHaveLength(5);
  });

  test('of a table that does not exist is an error', async () => {
    const { client } = await dynamoDb();

    const invalid = update(client, { ...addToBalance('a', 1), TableName: 'absent' });

    await expect(invalid).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});
