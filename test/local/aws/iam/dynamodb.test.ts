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
import { startDynamoDb } from '../../../../local/aws/dynamodb/start-dynamodb.ts';
import type { Statement } from '../../../../local/aws/iam/evaluate-policy.ts';
import { item, key, S, TableName, Things } from '../dynamodb/local-dynamodb.ts';
import { allow, authorizerWith, deny, limitedCaller, notAllowed, owner } from './limited-caller.ts';

const arn = 'arn:aws:dynamodb:us-east-1:000000000000:table/Things';

async function setUp(...statements: readonly Statement[]) {
  const { url, close } = await startDynamoDb({
    tables: [Things],
    authorize: authorizerWith(...statements),
  });
  const clients = [limitedCaller, owner].map(
    (credentials) =>
      new DynamoDBClient({
        endpoint: url,
        region: 'us-east-1',
        credentials,
        maxAttempts: 1,
      }),
  );
  const [client, ownerClient] = clients;
  if (!client || !ownerClient) throw new Error('no clients');
  onTestFinished(async () => {
    for (const one of clients) one.destroy();
    await close();
  });
  const find = async (id: string) => (await ownerClient.send(new GetItemCommand(key(id)))).Item;
  return { client, ownerClient, find };
}

const accessDenied = (action: string, resource = arn) => ({
  name: 'AccessDeniedException',
  message: notAllowed(action, resource),
  $metadata: expect.objectContaining({ httpStatusCode: 400 }),
});

test('an allowed action is carried out, any other is denied with AWS’s message', async () => {
  const { client, ownerClient, find } = await setUp(allow(arn, 'dynamodb:GetItem'));
  await ownerClient.send(new PutItemCommand(item('a')));

  expect((await client.send(new GetItemCommand(key('a')))).Item).toEqual({ id: S('a') });
  await expect(client.send(new PutItemCommand(item('b')))).rejects.toMatchObject(
    accessDenied('dynamodb:PutItem'),
  );
  expect(await find('b')).toBeUndefined();
});

test('a wildcard allows the actions and resources that match', async () => {
  const { client, find } = await setUp(allow(`${arn.slice(0, -3)}*`, 'dynamodb:*Item'));
  await client.send(new PutItemCommand(item('a')));

  expect(await find('a')).toBeDefined();
  await expect(client.send(new ScanCommand({ TableName }))).rejects.toMatchObject(
    accessDenied('dynamodb:Scan'),
  );
});

test('a Deny outweighs every Allow', async () => {
  const { client } = await setUp(allow('*', 'dynamodb:*'), deny(arn, 'dynamodb:UpdateItem'));

  await expect(client.send(new UpdateItemCommand(key('a')))).rejects.toThrow(
    'with an explicit deny in an identity-based policy',
  );
});

test('a query on an index needs a permission for the index, not for its table', async () => {
  const query = (IndexName?: string) =>
    new QueryCommand({
      TableName,
      IndexName,
      KeyConditionExpression: '#k = :v',
      ExpressionAttributeNames: { '#k': IndexName === undefined ? 'id' : 'owner' },
      ExpressionAttributeValues: { ':v': S('x') },
    });
  const byTable = await setUp(allow(arn, 'dynamodb:Query'));
  const byIndex = await setUp(allow(`${arn}/index/byOwner`, 'dynamodb:Query'));

  await expect(byTable.client.send(query('byOwner'))).rejects.toMatchObject(
    accessDenied('dynamodb:Query', `${arn}/index/byOwner`),
  );
  expect((await byIndex.client.send(query('byOwner'))).Count).toBe(0);
  await expect(byIndex.client.send(query())).rejects.toMatchObject(accessDenied('dynamodb:Query'));
});

const operations = {
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
  'a transaction changes nothing without the permission of its %s',
  async (kind, action) => {
    const actions = ['Put', 'Update', 'Delete', 'ConditionCheck'].map((name) =>
      name === 'ConditionCheck' ? 'dynamodb:ConditionCheckItem' : `dynamodb:${name}Item`,
    );
    const transaction = new TransactWriteItemsCommand({ TransactItems: Object.values(operations) });
    const full = await setUp(allow(arn, ...actions));
    const partial = await setUp(allow(arn, ...actions.filter((one) => one !== action)));

    await full.client.send(transaction);
    await expect(partial.client.send(transaction)).rejects.toMatchObject(accessDenied(action));

    expect(await full.find('put')).toBeDefined();
    expect(await partial.find('put')).toBeUndefined();
    expect(Object.keys(operations)).toContain(kind);
  },
);

test('a batch needs the permission for batches, a transaction that of each action', async () => {
  const batch = new BatchGetItemCommand({
    RequestItems: { [TableName]: { Keys: [{ id: S('a') }] } },
  });
  const transaction = new TransactGetItemsCommand({ TransactItems: [{ Get: key('a') }] });
  const byBatch = await setUp(allow(arn, 'dynamodb:BatchGetItem'));
  const byItem = await setUp(allow(arn, 'dynamodb:GetItem'));

  await byBatch.client.send(batch);
  await byItem.client.send(transaction);
  await expect(byItem.client.send(batch)).rejects.toMatchObject(
    accessDenied('dynamodb:BatchGetItem'),
  );
  await expect(byBatch.client.send(transaction)).rejects.toMatchObject(
    accessDenied('dynamodb:GetItem'),
  );
});
