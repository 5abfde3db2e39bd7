import {
  type AttributeValue,
  BatchGetItemCommand,
  PutItemCommand,
  paginateQuery,
  paginateScan,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from 'vitest';
import { item, key, localDynamoDb, N, S, TableName } from './local-dynamodb.ts';

async function all<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const page of pages) found.push(page);
  return found;
}

describe('an update', () => {
  const before = {
    n: N(1),
    details: { M: { a: N(1) } },
    parts: { L: ['a', 'b', 'c', 'd'].map(S) },
    tags: { SS: ['x', 'y'] },
    numbers: { NS: ['1', '2'] },
  };

  test.each<
    [string, Record<string, AttributeValue> | undefined, Record<string, AttributeValue | undefined>]
  >([
    ['SET n = n + :by', { ':by': N(2) }, { n: N(3) }],
    ['SET m = if_not_exists(m, :zero) + :by', { ':zero': N(0), ':by': N(2) }, { m: N(2) }],
    [
      'SET details.b = :v',
      { ':v': { M: { c: N(1) } } },
      { details: { M: { a: N(1), b: { M: { c: N(1) } } } } },
    ],
    [
      'SET parts = list_append(parts, :v)',
      { ':v': { L: [S('e')] } },
      { parts: { L: ['a', 'b', 'c', 'd', 'e'].map(S) } },
    ],
    ['ADD n :by', { ':by': N(-3) }, { n: N(-2) }],
    ['ADD tags :more', { ':more': { SS: ['z', 'x'] } }, { tags: { SS: ['x', 'y', 'z'] } }],
    [
      'ADD numbers :more, fresh :more',
      { ':more': { NS: ['3'] } },
      { numbers: { NS: ['1', '2', '3'] }, fresh: { NS: ['3'] } },
    ],
    ['DELETE tags :all', { ':all': { SS: ['x', 'y'] } }, { tags: undefined }],
    ['REMOVE details.a, n', undefined, { details: { M: {} }, n: undefined }],
    [
      'REMOVE parts[0], parts[2] SET parts[1] = :v',
      { ':v': S('B') },
      { parts: { L: ['B', 'd'].map(S) } },
    ],
    ['SET earlier = n ADD n :by', { ':by': N(5) }, { earlier: N(1), n: N(6) }],
  ])('does %s', async (expression, values, after) => {
    const { client } = await localDynamoDb();
    await client.send(new PutItemCommand(item('one', before)));

    const { Attributes: returned } = await client.send(
      new UpdateItemCommand({
        ...key('one'),
        UpdateExpression: expression,
        ExpressionAttributeValues: values,
        ReturnValues: 'ALL_NEW',
      }),
    );

    const expected = Object.entries({ id: S('one'), ...before, ...after });
    expect(returned).toEqual(Object.fromEntries(expected.filter(([, value]) => value)));
  });
});

describe('an index', () => {
  const query = {
    TableName,
    IndexName: 'byOwner',
    KeyConditionExpression: '#owner = :me',
    ExpressionAttributeNames: { '#owner': 'owner' },
    ExpressionAttributeValues: { ':me': S('me') },
  };

  const filled = async () => {
    const { client } = await localDynamoDb();
    for (const n of [3, 1, 10, 2, 4])
      await client.send(
        new PutItemCommand(
          item(`mine-${n}`, { owner: S('me'), at: N(n), odd: { BOOL: n % 2 > 0 } }),
        ),
      );
    await client.send(new PutItemCommand(item('foreign', { owner: S('you'), at: N(1) })));
    await client.send(new PutItemCommand(item('unowned', { at: N(1) })));
    return client;
  };
  const idsOf = (items: readonly Record<string, AttributeValue>[] = []) =>
    items.map(({ id }) => id?.S);

  test('is read backwards, page by page, without missing or repeated items', async () => {
    const client = await filled();

    const pages = await all(
      paginateQuery({ client, pageSize: 2 }, { ...query, ScanIndexForward: false }),
    );

    expect(pages.map((page) => idsOf(page.Items))).toEqual([
      ['mine-10', 'mine-4'],
      ['mine-3', 'mine-2'],
      ['mine-1'],
    ]);
  });

  test('applies the limit before the filter', async () => {
    const client = await filled();

    const page = await client.send(
      new QueryCommand({
        ...query,
        Limit: 3,
        FilterExpression: 'odd = :yes',
        ExpressionAttributeValues: { ...query.ExpressionAttributeValues, ':yes': { BOOL: true } },
      }),
    );

    expect(idsOf(page.Items)).toEqual(['mine-1', 'mine-3']);
    expect(page).toMatchObject({ Count: 2, ScannedCount: 3 });
    expect(page.LastEvaluatedKey).toEqual({ id: S('mine-3'), owner: S('me'), at: N(3) });
  });

  test('contains only items with its key attributes, and drops an item that loses them', async () => {
    const client = await filled();

    await client.send(
      new UpdateItemCommand({
        ...key('mine-10'),
        UpdateExpression: 'REMOVE #at',
        ExpressionAttributeNames: { '#at': 'at' },
      }),
    );

    const { Items: items } = await client.send(new QueryCommand(query));
    expect(idsOf(items)).toEqual(['mine-1', 'mine-2', 'mine-3', 'mine-4']);
  });

  test('does not hide an item from a scan or a batch', async () => {
    const client = await filled();

    const pages = await all(paginateScan({ client, pageSize: 3 }, { TableName }));
    const batch = await client.send(
      new BatchGetItemCommand({
        RequestItems: { [TableName]: { Keys: ['unowned', 'absent'].map((id) => ({ id: S(id) })) } },
      }),
    );

    expect(pages.flatMap((page) => idsOf(page.Items))).toHaveLength(7);
    expect(batch.Responses?.[TableName]).toEqual([{ id: S('unowned'), at: N(1) }]);
  });
});
