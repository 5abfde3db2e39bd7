import {
  BatchWriteItemCommand,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  TransactGetItemsCommand,
  type TransactWriteItem,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from 'vitest';
import { latencyPause } from '../../../../local/aws/dynamodb/pause.ts';
import {
  addTo,
  barrier,
  emptyDir,
  item,
  key,
  localDynamoDb,
  N,
  S,
  startMs,
  TableName,
  write,
} from './local-dynamodb.ts';

const message = 'Transaction is ongoing for the item';
const ongoing = { Code: 'TransactionConflict', Message: message };
const cancelledWith = (...reasons: readonly { readonly Code: string }[]) => ({
  name: 'TransactionCanceledException',
  message: `Transaction cancelled, please refer cancellation reasons for specific reasons [${reasons.map(({ Code }) => Code).join(', ')}]`,
  CancellationReasons: reasons,
});

/** A DynamoDB in which the transaction on `held`, `checked` and `failing` has been prepared, and waits. */
async function duringTransaction(...more: readonly TransactWriteItem[]) {
  const { pause, reached, open } = barrier(
    ({ operation, at }) => operation === 'TransactWriteItems' && at === 'prepared',
  );
  const db = await localDynamoDb({ pause });
  const transaction = db.client.send(
    write(
      { Update: addTo('held', 1) },
      { ConditionCheck: { ...key('checked'), ConditionExpression: 'attribute_not_exists(id)' } },
      ...more,
    ),
  );
  transaction.catch(() => undefined);
  await reached;
  return { ...db, open, transaction };
}

describe('while a transaction is writing an item', () => {
  test.each<[string, (client: DynamoDBClient, id: string) => Promise<unknown>]>([
    ['a put', (client, id) => client.send(new PutItemCommand(item(id)))],
    ['an update', (client, id) => client.send(new UpdateItemCommand(addTo(id, 5)))],
    ['a delete', (client, id) => client.send(new DeleteItemCommand(key(id)))],
  ])('%s of it is rejected, and may be repeated afterwards', async (_, send) => {
    const { client, open, transaction, find } = await duringTransaction();

    for (const id of ['held', 'checked'])
      await expect(send(client, id)).rejects.toMatchObject({
        name: 'TransactionConflictException',
        message,
        $metadata: { httpStatusCode: 400 },
      });
    await send(client, 'other');
    open();
    await transaction;

    expect(await find('held')).toMatchObject({ amount: N(1) });
    await send(client, 'held');
  });

  test('a condition is not evaluated: the conflict comes first', async () => {
    const { client, open, transaction } = await duringTransaction();

    const failing = { ...item('held'), ConditionExpression: 'attribute_exists(never)' };
    await expect(client.send(new PutItemCommand(failing))).rejects.toMatchObject({
      name: 'TransactionConflictException',
    });
    open();
    await transaction;
  });

  test('another transaction with it is cancelled, with a reason for each action', async () => {
    const { client, open, transaction, find } = await duringTransaction();

    await expect(
      client.send(
        write(
          { Put: item('free') },
          { Update: addTo('held', 5) },
          { ConditionCheck: { ...key('absent'), ConditionExpression: 'attribute_exists(id)' } },
          { Put: item('checked') },
        ),
      ),
    ).rejects.toMatchObject(
      cancelledWith({ Code: 'None' }, ongoing, { Code: 'ConditionalCheckFailed' }, ongoing),
    );
    open();
    await transaction;

    expect(await find('free')).toBeUndefined();
    expect(await find('held')).toMatchObject({ amount: N(1) });
  });

  test('a transaction with other items is carried out', async () => {
    const { client, open, transaction, find } = await duringTransaction();

    await client.send(write({ Update: addTo('other', 5) }));
    open();
    await transaction;

    expect(await find('other')).toMatchObject({ amount: N(5) });
  });

  test('a reading transaction with it is cancelled', async () => {
    const { client, open, transaction } = await duringTransaction();
    const read = new TransactGetItemsCommand({
      TransactItems: [{ Get: key('other') }, { Get: key('held') }],
    });

    await expect(client.send(read)).rejects.toMatchObject(cancelledWith({ Code: 'None' }, ongoing));
    open();
    await transaction;

    expect((await client.send(read)).Responses?.[1]?.Item).toMatchObject({ amount: N(1) });
  });

  test('a single read sees the item as it was before', async () => {
    const { client, open, transaction, find } = await duringTransaction();
    const before = await client.send(new GetItemCommand({ ...key('held'), ConsistentRead: true }));

    open();
    await transaction;

    expect(before.Item).toBeUndefined();
    expect(await find('held')).toMatchObject({ amount: N(1) });
  });

  test('a batch leaves the item unprocessed, and writes the others', async () => {
    const { client, open, transaction, find } = await duringTransaction();
    const put = (id: string) => ({ PutRequest: { Item: { id: S(id) } } });

    const both = await client.send(
      new BatchWriteItemCommand({ RequestItems: { [TableName]: [put('held'), put('other')] } }),
    );
    const all = await client.send(
      new BatchWriteItemCommand({ RequestItems: { [TableName]: [put('checked')] } }),
    );
    open();
    await transaction;

    expect(both.UnprocessedItems).toEqual({ [TableName]: [put('held')] });
    expect(all.UnprocessedItems).toEqual({ [TableName]: [put('checked')] });
    expect(await find('other')).toBeDefined();
    expect(await find('held')).toMatchObject({ amount: N(1) });
  });

  test('the item does not expire, and the next run deletes it', async () => {
    const { pause, reached, open } = barrier(({ at }) => at === 'prepared');
    const { client, find, deleteExpired } = await localDynamoDb({ pause });
    await client.send(new PutItemCommand(item('expired', { expires: N(startMs / 1000 - 1) })));
    const transaction = client.send(
      write({ ConditionCheck: { ...key('expired'), ConditionExpression: 'attribute_exists(id)' } }),
    );
    await reached;

    await deleteExpired();
    expect(await find('expired')).toBeDefined();
    open();
    await transaction;
    await deleteExpired();

    expect(await find('expired')).toBeUndefined();
  });
});

describe('a transaction that will be cancelled', () => {
  test('blocks others as well, on the items that it holds', async () => {
    const failing = { ...key('absent'), ConditionExpression: 'attribute_exists(id)' };
    const { client, open, transaction, find } = await duringTransaction({
      ConditionCheck: failing,
    });

    await expect(client.send(new PutItemCommand(item('held')))).rejects.toMatchObject({
      name: 'TransactionConflictException',
    });
    await client.send(new PutItemCommand(item('absent')));
    open();

    await expect(transaction).rejects.toMatchObject(
      cancelledWith({ Code: 'None' }, { Code: 'None' }, { Code: 'ConditionalCheckFailed' }),
    );
    expect(await find('held')).toBeUndefined();
    await client.send(new PutItemCommand(item('held')));
  });
});

describe('a reading transaction', () => {
  const reading = async () => {
    const { pause, reached, open } = barrier(
      ({ operation, at }) => operation === 'TransactGetItems' && at === 'prepared',
    );
    const db = await localDynamoDb({ pause });
    const read = db.client.send(
      new TransactGetItemsCommand({ TransactItems: [{ Get: key('a') }, { Get: key('b') }] }),
    );
    read.catch(() => undefined);
    await reached;
    return { ...db, read, open };
  };

  test.each<[string, (client: DynamoDBClient) => Promise<unknown>]>([
    ['a put', (client) => client.send(new PutItemCommand(item('b')))],
    ['a transaction', (client) => client.send(write({ Put: item('b') }))],
  ])('is cancelled when %s writes one of its items meanwhile', async (_, send) => {
    const { client, read, open } = await reading();

    await send(client);
    open();

    await expect(read).rejects.toMatchObject(cancelledWith({ Code: 'None' }, ongoing));
  });

  test('holds no item: a transaction that only reads blocks nobody', async () => {
    const { client, read, open } = await reading();

    await client.send(new GetItemCommand(key('a')));
    await client.send(new PutItemCommand(item('other')));
    open();

    expect((await read).Responses).toEqual([{}, {}]);
  });
});

describe('a transaction that is repeated while it runs', () => {
  const withToken = (amount: number) =>
    new TransactWriteItemsCommand({
      ClientRequestToken: 'token',
      TransactItems: [{ Update: addTo('account', amount) }],
    });
  const running = async () => {
    const { pause, reached, open } = barrier(({ at }) => at === 'prepared');
    const db = await localDynamoDb({ pause });
    const first = db.client.send(withToken(5));
    await reached;
    return { ...db, first, open };
  };

  test('with the same token is in progress, and afterwards done once', async () => {
    const { client, first, open, find } = await running();

    await expect(client.send(withToken(5))).rejects.toMatchObject({
      name: 'TransactionInProgressException',
      message: 'The transaction with the given request token is already in progress.',
    });
    open();
    await first;
    await client.send(withToken(5));

    expect(await find('account')).toMatchObject({ amount: N(5) });
  });

  test('with the same token but another amount is a mistake', async () => {
    const { client, first, open } = await running();

    await expect(client.send(withToken(6))).rejects.toMatchObject({
      name: 'IdempotentParameterMismatchException',
    });
    open();
    await first;
  });
});

test('two keys that differ in their notation only are one item', async () => {
  const { pause, reached, open } = barrier(({ at }) => at === 'prepared');
  const numbered = {
    TableName: 'Numbered',
    KeySchema: [{ AttributeName: 'n', KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: 'n', AttributeType: 'N' }],
  };
  const { client } = await localDynamoDb({ pause, tables: [numbered] });
  const put = (n: string) => ({ TableName: 'Numbered', Item: { n: { N: n } } });
  const transaction = client.send(write({ Put: put('1') }));
  await reached;

  await expect(client.send(new PutItemCommand(put('1.0')))).rejects.toMatchObject({
    name: 'TransactionConflictException',
  });
  open();
  await transaction;
});

test('closing in the middle of a transaction writes nothing of it', async () => {
  const dataDir = await emptyDir();
  const { pause, reached } = barrier(({ at }) => at === 'prepared');
  const first = await localDynamoDb({ dataDir, pause });
  const transaction = first.client.send(write({ Put: item('one') }, { Put: item('other') }));
  transaction.catch(() => undefined);
  await reached;

  await first.close();

  await expect(transaction).rejects.toThrow();
  const { find } = await localDynamoDb({ dataDir });
  expect([await find('one'), await find('other')]).toEqual([undefined, undefined]);
});

describe('the latency', () => {
  const pausesOf = (operation: string, speed = 1) => {
    const pause = latencyPause({ read: 0, write: 1, transaction: 1 }, speed);
    const moments = ['received', 'prepared', 'done'] as const;
    return moments.filter((at) => pause({ operation, input: {}, at }) !== undefined);
  };

  test('of a single call is before and after its effect; a transaction also pauses in the middle', () => {
    expect(pausesOf('PutItem')).toEqual(['received', 'done']);
    expect(pausesOf('TransactWriteItems')).toEqual(['received', 'prepared', 'done']);
  });

  test('is zero for a kind of call without a latency, and for calls on whole tables', () => {
    expect(pausesOf('GetItem')).toEqual([]);
    expect(pausesOf('DescribeTable')).toEqual([]);
  });

  test('lets transactions on one item overlap: at least one of many is cancelled, and none is lost', async () => {
    const { client, find } = await localDynamoDb({
      pause: latencyPause({ read: 1, write: 1, transaction: 20 }),
    });

    const results = await Promise.allSettled(
      Array.from({ length: 10 }, () => client.send(write({ Update: addTo('account', 1) }))),
    );

    const written = results.filter(({ status }) => status === 'fulfilled').length;
    expect(written).toBeGreaterThan(0);
    expect(written).toBeLessThan(10);
    expect(await find('account')).toMatchObject({ amount: N(written) });
  });
});
