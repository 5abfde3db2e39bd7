import { marshall } from '@aws-sdk/util-dynamodb';
import { describe, expect, test } from 'vitest';
import { accountKey } from '../../functions/aws/account-row.ts';
import { update } from '../../functions/aws/update.ts';
import { dynamoDb } from './dynamodb.ts';
import { add, behind, once } from './writes.ts';

const conflict = {
  status: 400,
  body: {
    __type: 'com.amazonaws.dynamodb.v20120810#TransactionConflictException',
    message: 'Transaction is ongoing for the item',
  },
};

describe('a conditional update', () => {
  test('answers the row as it is afterwards', async () => {
    const { client } = await dynamoDb();

    expect(await update(client, add('a', 5))).toEqual({
      ...{ done: true, row: { ...accountKey('a'), balance: 5 } },
    });
  });

  test('has one winner, and every loser learns who that is', async () => {
    const { client } = await dynamoDb();
    const attempts = Array.from({ length: 10 }, (_, index) => `number ${index}`).map((name) =>
      update(client, { ...once('a'), ExpressionAttributeValues: marshall({ ':name': name }) }),
    );

    const [winner, ...others] = (await Promise.all(attempts)).filter(({ done }) => done);
    const losers = (await Promise.all(attempts)).filter(({ done }) => !done);

    expect(others).toEqual([]);
    expect(losers).toEqual(Array.from({ length: 9 }, () => ({ done: false, row: winner?.row })));
  });

  test('of a row that is not there finds nothing in its way', async () => {
    const { client } = await dynamoDb();
    const ConditionExpression = 'attribute_exists(account)';

    expect(await update(client, { ...add('nobody', 1), ConditionExpression })).toEqual({
      ...{ done: false, row: undefined },
    });
  });

  test.each([
    ['waits for it to be over', 4, { done: true, row: { ...accountKey('a'), balance: 5 } }],
    ['gives up when it never is', 5, 'TransactionConflictException'],
  ])('that meets a transaction %s', async (_, conflicts, expected) => {
    const { client, seen } = await behind((nth) => (nth <= conflicts ? { answer: conflict } : {}));

    const answer = await update(client, add('a', 5)).catch(({ name }: Error) => name);

    expect(answer).toEqual(expected);
    expect(seen).toHaveLength(5);
  });

  test('that is wrong is an error', async () => {
    const { client } = await dynamoDb();

    const wrong = update(client, { ...add('a', 1), TableName: 'absent' });

    await expect(wrong).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});
