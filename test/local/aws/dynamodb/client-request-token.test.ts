import { TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { expect, test } from 'vitest';
import { item, key, localDynamoDb, N, startMs } from './local-dynamodb.ts';

const add = (amount: number, ClientRequestToken = 'token') =>
  new TransactWriteItemsCommand({
    ClientRequestToken,
    TransactItems: [
      {
        Update: {
          ...key('account'),
          UpdateExpression: 'ADD amount :amount',
          ExpressionAttributeValues: { ':amount': N(amount) },
        },
      },
    ],
  });

test('the same transaction with the same token is applied once', async () => {
  const { client, find } = await localDynamoDb();

  await client.send(add(5));
  await client.send(add(5));

  expect(await find('account')).toMatchObject({ amount: N(5) });
});

test('another transaction with the same token is rejected', async () => {
  const { client, find } = await localDynamoDb();
  await client.send(add(5));

  await expect(client.send(add(6))).rejects.toMatchObject({
    name: 'IdempotentParameterMismatchException',
  });

  expect(await find('account')).toMatchObject({ amount: N(5) });
});

test('the same transaction with another token is applied again', async () => {
  const { client, find } = await localDynamoDb();

  await client.send(add(5, 'one'));
  await client.send(add(5, 'other'));

  expect(await find('account')).toMatchObject({ amount: N(10) });
});

test('a token is forgotten after ten minutes, not before', async () => {
  const { client, clock, find } = await localDynamoDb();
  await client.send(add(5));

  clock.ms = startMs + 10 * 60_000 - 1;
  await client.send(add(5));
  expect(await find('account')).toMatchObject({ amount: N(5) });

  clock.ms = startMs + 10 * 60_000;
  await client.send(add(5));
  expect(await find('account')).toMatchObject({ amount: N(10) });
});

test('a cancelled transaction may be retried with its token', async () => {
  const { client, find } = await localDynamoDb();
  const claim = new TransactWriteItemsCommand({
    ClientRequestToken: 'token',
    TransactItems: [
      { Put: item('claimed') },
      { ConditionCheck: { ...key('account'), ConditionExpression: 'attribute_exists(id)' } },
    ],
  });
  await expect(client.send(claim)).rejects.toMatchObject({ name: 'TransactionCanceledException' });

  await client.send(add(5, 'other'));
  await client.send(claim);

  expect(await find('claimed')).toBeDefined();
});
