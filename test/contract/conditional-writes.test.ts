import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { describe, expect, test } from 'vitest';
import { accountKey } from '../../functions/aws/account-row.ts';
import { refusedAt, transact } from '../../functions/aws/transaction.ts';
import { update } from '../../functions/aws/update.ts';
import { Problem } from '../../functions/task/problem.ts';
import { dynamoDb, dynamoDbClient } from './dynamodb.ts';
import { front } from './front.ts';
import { tableOf } from './stage.ts';

const place = (name: string) => ({
  ...{ TableName: tableOf.accounts, Key: marshall(accountKey(name)) },
});
const add = (name: string, amount: number) => ({
  ...place(name),
  UpdateExpression: 'ADD balance :amount',
  ExpressionAttributeValues: marshall({ ':amount': amount }),
});
const once = (name: string) => ({
  ...place(name),
  UpdateExpression: 'SET winner = :name',
  ConditionExpression: 'attribute_not_exists(winner)',
  ExpressionAttributeValues: marshall({ ':name': name }),
});
const cancelled = (...codes: readonly string[]) => ({
  status: 400,
  body: {
    __type: 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException',
    Message: `Transaction cancelled, please refer cancellation reasons [${codes.join(', ')}]`,
    CancellationReasons: codes.map((Code) => ({ Code })),
  },
});

async function behind(fate?: Parameters<typeof front>[1]) {
  const { url, client: direct } = await dynamoDb();
  const between = await front(url, fate);
  const balanceOf = async (name: string) => (await update(direct, add(name, 0))).row?.['balance'];
  return { client: dynamoDbClient(between.url), seen: between.seen, balanceOf };
}

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

  test('that is wrong is an error', async () => {
    const { client } = await dynamoDb();

    const wrong = update(client, { ...add('a', 1), TableName: 'absent' });

    await expect(wrong).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});

describe('a transaction', () => {
  test('is done whole or not at all, and says which condition was in its way', async () => {
    const { client, balanceOf } = await behind();
    await client.send(new UpdateItemCommand(once('taken')));

    const reasons = await transact(client, [{ Update: add('a', 5) }, { Update: once('taken') }]);

    expect(reasons && [refusedAt(reasons, 0), refusedAt(reasons, 1)]).toEqual([false, true]);
    expect(await balanceOf('a')).toBe(0);
  });

  test('that only met others is tried again until it is through', async () => {
    const conflict = { answer: cancelled('TransactionConflict', 'None') };
    const { client, seen, balanceOf } = await behind((nth) => (nth <= 4 ? conflict : {}));

    expect(await transact(client, [{ Update: add('a', 5) }])).toBeUndefined();

    expect(seen).toHaveLength(5);
    expect(await balanceOf('a')).toBe(5);
  });

  test('that meets others every time asks the caller to come again', async () => {
    const { client, seen } = await behind(() => ({ answer: cancelled('TransactionConflict') }));

    const problem: unknown = await transact(client, [{ Update: add('a', 5) }]).catch(
      (thrown: unknown) => thrown,
    );

    expect(problem).toBeInstanceOf(Problem);
    expect(problem).toMatchObject({
      ...{ code: 'service_unavailable', status: 503, headers: { 'retry-after': '1' } },
    });
    expect(seen).toHaveLength(5);
  });

  test('does not believe a condition that failed beside a conflict', async () => {
    const both = { answer: cancelled('ConditionalCheckFailed', 'TransactionConflict') };
    const { client, balanceOf } = await behind((nth) => (nth === 1 ? both : {}));

    expect(await transact(client, [{ Update: add('a', 5) }])).toBeUndefined();
    expect(await balanceOf('a')).toBe(5);
  });

  test('whose condition failed is not tried again', async () => {
    const { client, seen } = await behind(() => ({ answer: cancelled('ConditionalCheckFailed') }));

    expect(await transact(client, [{ Update: add('a', 5) }])).toHaveLength(1);
    expect(seen).toHaveLength(1);
  });

  test('whose answer got lost is not done twice', async () => {
    const { client, seen, balanceOf } = await behind((nth) => ({ answerLost: nth === 1 }));

    expect(await transact(client, [{ Update: add('a', 5) }])).toBeUndefined();

    expect(seen).toHaveLength(2);
    expect(await balanceOf('a')).toBe(5);
  });

  test('that is wrong is an error, and not tried again', async () => {
    const { client, seen } = await behind();

    const wrong = transact(client, [{ Update: { ...add('a', 5), TableName: 'absent' } }]);

    await expect(wrong).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    expect(seen).toHaveLength(1);
  });
});
