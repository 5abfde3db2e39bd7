import {
  BatchGetItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactGetItemsCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { expect, onTestFinished, test } from 'vitest';
import { startDynamoDb } from '../../../local/dynamodb/start-dynamodb.ts';
import type { Statement } from '../../../local/rights/statement.ts';
import { item, key, S, TableName, Things } from '../dynamodb/world.ts';
import { allow, deny, judgeWith, notAllowed, owner, painter } from './painter.ts';

const arn = 'arn:aws:dynamodb:us-east-1:000000000000:table/Things';

async function world(...statements: readonly Statement[]) {
  const { url, close } = await startDynamoDb({ tables: [Things], judge: judgeWith(...statements) });
  const clients = [painter, owner].map(
    (credentials) =>
      new DynamoDBClient({
        ...{ endpoint: url, region: 'us-east-1', credentials, maxAttempts: 1 },
      }),
  );
  const [client, owners] = clients;
  if (!client || !owners) throw new Error('no clients');
  onTestFinished(async () => {
    for (const one of clients) one.destroy();
    await close();
  });
  const find = async (id: string) => (await owners.send(new GetItemCommand(key(id)))).Item;
  return { client, owners, find };
}

const forbidden = (action: string, resource = arn) => ({
  name: 'AccessDeniedException',
  message: notAllowed(action, resource),
  $metadata: expect.objectContaining({ httpStatusCode: 400 }),
});

test('what is allowed is done, what is not is refused in the words of AWS', async () => {
  const { client, owners, find } = await world(allow(arn, 'dynamodb:GetItem'));
  await owners.send(new PutItemCommand(item('a')));

  expect((await client.send(new GetItemCommand(key('a')))).Item).toEqual({ id: S('a') });
  await expect(client.send(new PutItemCommand(item('b')))).rejects.toMatchObject(
    forbidden('dynamodb:PutItem'),
  );
  expect(await find('b')).toBeUndefined();
});

test('a wildcard allows what it fits', async () => {
  const { client, find } = await world(allow(`${arn.slice(0, -3)}*`, 'dynamodb:*Item'));
  await client.send(new PutItemCommand(item('a')));

  expect(await find('a')).toBeDefined();
  await expect(client.send(new ScanCommand({ TableName }))).rejects.toMatchObject(
    forbidden('dynamodb:Scan'),
  );
});

test('a word against it outweighs every word for it', async () => {
  const { client } = await world(allow('*', 'dynamodb:*'), deny(arn, 'dynamodb:UpdateItem'));

  await expect(client.send(new UpdateItemCommand(key('a')))).rejects.toThrow(
    'with an explicit deny in an identity-based policy',
  );
});

test('an index is asked by its own name, and its table does not lend it any right', async () => {
  const query = (IndexName?: string) =>
    new QueryCommand({
      ...{ TableName, IndexName, KeyConditionExpression: '#k = :v' },
      ExpressionAttributeNames: { '#k': IndexName === undefined ? 'id' : 'owner' },
      ExpressionAttributeValues: { ':v': S('x') },
    });
  const byTable = await world(allow(arn, 'dynamodb:Query'));
  const byIndex = await world(allow(`${arn}/index/byOwner`, 'dynamodb:Query'));

  await expect(byTable.client.send(query('byOwner'))).rejects.toMatchObject(
    forbidden('dynamodb:Query', `${arn}/index/byOwner`),
  );
  expect((await byIndex.client.send(query('byOwner'))).Count).toBe(0);
  await expect(byIndex.client.send(query())).rejects.toMatchObject(forbidden('dynamodb:Query'));
});

const deeds = {
  Put: { Put: item('put') },
  Update: { Update: { ...key('update'), UpdateExpression: 'REMOVE gone' } },
  Delete: { Delete: key('delete') },
  ConditionCheck: {
    ConditionCheck: { ...key('check'), ConditionExpression: 'attribute_not_exists(id)' },
  },
};

test.each([
  ['Put', 'dynamodb:PutItem'],
  ['Update', 'dynamodb:UpdateItem'],
  ['Delete', 'dynamodb:DeleteItem'],
  ['ConditionCheck', 'dynamodb:ConditionCheckItem'],
] as const)(
  'a transaction is not done at all without the right of its %s',
  async (kind, action) => {
    const rights = ['Put', 'Update', 'Delete', 'ConditionCheck'].map((name) =>
      name === 'ConditionCheck' ? 'dynamodb:ConditionCheckItem' : `dynamodb:${name}Item`,
    );
    const transaction = new TransactWriteItemsCommand({ TransactItems: Object.values(deeds) });
    const whole = await world(allow(arn, ...rights));
    const lacking = await world(allow(arn, ...rights.filter((right) => right !== action)));

    await whole.client.send(transaction);
    await expect(lacking.client.send(transaction)).rejects.toMatchObject(forbidden(action));

    expect(await whole.find('put')).toBeDefined();
    expect(await lacking.find('put')).toBeUndefined();
    expect(Object.keys(deeds)).toContain(kind);
  },
);

test('what is read together is allowed as a batch, or in a transaction one by one', async () => {
  const batch = new BatchGetItemCommand({
    RequestItems: { [TableName]: { Keys: [{ id: S('a') }] } },
  });
  const transaction = new TransactGetItemsCommand({ TransactItems: [{ Get: key('a') }] });
  const byBatch = await world(allow(arn, 'dynamodb:BatchGetItem'));
  const byItem = await world(allow(arn, 'dynamodb:GetItem'));

  await byBatch.client.send(batch);
  await byItem.client.send(transaction);
  await expect(byItem.client.send(batch)).rejects.toMatchObject(forbidden('dynamodb:BatchGetItem'));
  await expect(byBatch.client.send(transaction)).rejects.toMatchObject(
    forbidden('dynamodb:GetItem'),
  );
});
