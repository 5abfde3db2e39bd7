import {
  QueryCommand,
  TransactionCanceledException,
  type TransactWriteItem,
} from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from 'vitest';
import { addTo, item, key, localDynamoDb, N, S, TableName, write } from './local-dynamodb.ts';

const cancelled = async (sent: Promise<unknown>): Promise<TransactionCanceledException> => {
  const thrown: unknown = await sent.catch((error: unknown) => error);
  if (thrown instanceof TransactionCanceledException) return thrown;
  throw new Error('expected a cancelled transaction', { cause: thrown });
};

describe('a transaction', () => {
  test('puts, updates, deletes and checks items atomically', async () => {
    const { client, find } = await localDynamoDb();
    await client.send(write({ Put: item('gone') }, { Put: item('there', { amount: N(1) }) }));

    await client.send(
      write(
        { Put: item('new') },
        { Update: addTo('there', 2) },
        { Delete: key('gone') },
        { ConditionCheck: { ...key('other'), ConditionExpression: 'attribute_not_exists(id)' } },
      ),
    );

    expect(await find('new')).toEqual({ id: S('new') });
    expect(await find('there')).toEqual({ id: S('there'), amount: N(3) });
    expect(await find('gone')).toBeUndefined();
  });

  test('changes nothing when one condition fails, and has a reason for each action in order', async () => {
    const { client, find } = await localDynamoDb();
    await client.send(write({ Put: item('there', { amount: N(1), owner: S('me'), at: N(1) }) }));

    const thrown = await cancelled(
      client.send(
        write(
          { Put: item('new') },
          {
            Put: {
              ...item('there'),
              ConditionExpression: 'attribute_not_exists(id)',
              ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
            },
          },
          {
            ConditionCheck: { ...key('absent'), ConditionExpression: 'attribute_exists(id)' },
          },
          { Update: addTo('other', 1) },
        ),
      ),
    );

    const message = 'The conditional request failed';
    expect(thrown.CancellationReasons).toEqual([
      { Code: 'None' },
      {
        Code: 'ConditionalCheckFailed',
        Message: message,
        Item: { id: S('there'), amount: N(1), owner: S('me'), at: N(1) },
      },
      { Code: 'ConditionalCheckFailed', Message: message },
      { Code: 'None' },
    ]);
    expect(thrown.message).toBe(
      'Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed, ConditionalCheckFailed, None]',
    );
    expect([await find('new'), await find('other')]).toEqual([undefined, undefined]);
    expect(await find('there')).toMatchObject({ amount: N(1), owner: S('me') });
  });

  test('leaves the indexes as they were when it is cancelled', async () => {
    const { client } = await localDynamoDb();
    await client.send(write({ Put: item('there', { owner: S('me'), at: N(1) }) }));

    await cancelled(
      client.send(
        write(
          { Delete: key('there') },
          { Put: item('new', { owner: S('me'), at: N(2) }) },
          { Delete: { ...key('absent'), ConditionExpression: 'attribute_exists(id)' } },
        ),
      ),
    );

    const mine = await client.send(
      new QueryCommand({
        TableName,
        IndexName: 'byOwner',
        KeyConditionExpression: '#owner = :me',
        ExpressionAttributeNames: { '#owner': 'owner' },
        ExpressionAttributeValues: { ':me': S('me') },
      }),
    );
    expect(mine.Items).toEqual([{ id: S('there'), owner: S('me'), at: N(1) }]);
  });

  test('is cancelled by an update that is invalid for the item', async () => {
    const { client, find } = await localDynamoDb();
    await client.send(write({ Put: item('there', { amount: S('text') }) }));

    const thrown = await cancelled(
      client.send(write({ Put: item('new') }, { Update: addTo('there', 1) })),
    );

    expect(thrown.CancellationReasons).toMatchObject([
      { Code: 'None' },
      { Code: 'ValidationError', Message: expect.stringContaining('incorrect data type') },
    ]);
    expect(await find('new')).toBeUndefined();
  });

  test.each<[string, TransactWriteItem[], string]>([
    ['no action', [], 'greater than or equal to 1'],
    [
      'more than 100 actions',
      Array.from({ length: 101 }, (_, n) => ({ Put: item(`${n}`) })),
      'less than or equal to 100',
    ],
    [
      'two actions on one item',
      [{ Put: item('same') }, { Delete: key('same') }],
      'cannot include multiple operations on one item',
    ],
    [
      'two actions in one',
      [{ Put: item('one'), Delete: key('other') }],
      'can only contain one of Check, Put, Update or Delete',
    ],
    ['an empty action', [{}], 'should contain Delete or Put or Update'],
    [
      'a broken expression',
      [{ Put: { ...item('one'), ConditionExpression: 'what?' } }],
      'Invalid ConditionExpression',
    ],
  ])('is rejected with %s', async (_what, actions, message) => {
    const { client } = await localDynamoDb();

    await expect(client.send(write(...actions))).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining(message),
    });
  });

  test('accepts 100 actions', async () => {
    const { client, find } = await localDynamoDb();

    await client.send(
      write(...Array.from({ length: 100 }, (_, n) => ({ Put: item(`item-${n}`) }))),
    );

    expect(await find('item-99')).toBeDefined();
  });

  test('on a missing table is not cancelled, but fails with ResourceNotFoundException', async () => {
    const { client } = await localDynamoDb();

    await expect(
      client.send(write({ Put: { ...item('one'), TableName: 'Nowhere' } })),
    ).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});
