import { PutItemCommand, TransactGetItemsCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from 'vitest';
import { addTo, emptyDir, item, key, localDynamoDb, N, write } from './local-dynamodb.ts';

describe('many transactions at once', () => {
  const fromTo = (n: number) =>
    write(
      {
        Update: {
          ...addTo('account', -10),
          ConditionExpression: 'amount >= :enough',
          ExpressionAttributeValues: { ':amount': N(-10), ':enough': N(10) },
        },
      },
      { Put: { ...item(`entry-${n}`), ConditionExpression: 'attribute_not_exists(id)' } },
    );

  test.each([
    ['in memory', async () => ({})],
    ['on disk', async () => ({ dataDir: await emptyDir() })],
  ])('keep the sum right %s', async (_where, options) => {
    const { client, find } = await localDynamoDb(await options());
    await client.send(new PutItemCommand(item('account', { amount: N(300) })));

    const results = await Promise.allSettled(
      Array.from({ length: 50 }, (_, n) => client.send(fromTo(n))),
    );

    const entries = await Promise.all(results.map((_, n) => find(`entry-${n}`)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(30);
    expect(entries.filter((entry) => entry !== undefined)).toHaveLength(30);
    expect(await find('account')).toMatchObject({ amount: N(0) });
  });

  test('are never visible half done', async () => {
    const { client } = await localDynamoDb();
    await client.send(write({ Put: item('left') }, { Put: item('right') }));
    const both = new TransactGetItemsCommand({
      TransactItems: [{ Get: key('left') }, { Get: key('right') }],
    });

    const snapshots = await Promise.all(
      Array.from({ length: 20 }, async () => {
        await client.send(write({ Update: addTo('left', 1) }, { Update: addTo('right', 1) }));
        return client.send(both);
      }),
    );

    expect(snapshots).toHaveLength(20);
    for (const { Responses: [left, right] = [] } of snapshots) {
      expect(left?.Item?.['amount']).toBeDefined();
      expect(left?.Item?.['amount']).toEqual(right?.Item?.['amount']);
    }
  });
});
