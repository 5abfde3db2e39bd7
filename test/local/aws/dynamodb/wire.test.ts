import {
  CreateTableCommand,
  DeleteTableCommand,
  GetItemCommand,
  ListTablesCommand,
  ListTagsOfResourceCommand,
  PutItemCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-dynamodb';
import { expect, test } from 'vitest';
import { tableArn } from '../../../../local/aws/template/physical-names.ts';
import { item, key, localDynamoDb, S, TableName } from './local-dynamodb.ts';

const signed =
  'AWS4-HMAC-SHA256 Credential=local/20300101/eu-central-1/dynamodb/aws4_request, SignedHeaders=host, Signature=00';

const ask = async (
  url: string,
  { authorization = signed, operation = 'ListTables', body = '{}' },
) => {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `DynamoDB_20120810.${operation}`,
      ...(authorization && { authorization }),
    },
    body,
  });
  return { status: response.status, body: await response.json() };
};

test.each([
  ['no Authorization', { authorization: '' }, 'MissingAuthenticationTokenException'],
  [
    'a nonsense Authorization',
    { authorization: 'Bearer x' },
    'MissingAuthenticationTokenException',
  ],
  [
    'half an Authorization',
    { authorization: 'AWS4-HMAC-SHA256 Credential=a' },
    'IncompleteSignatureException',
  ],
  ['an unknown operation', { operation: 'Dance' }, 'UnknownOperationException'],
  ['a body that is no JSON', { body: '{' }, 'SerializationException'],
])('a request with %s is rejected', async (_what, request, code) => {
  const { url } = await localDynamoDb();

  expect(await ask(url, request)).toMatchObject({
    status: 400,
    body: { __type: expect.stringContaining(`#${code}`) },
  });
});

test('a well-formed request is carried out', async () => {
  const { url } = await localDynamoDb();

  expect(await ask(url, {})).toEqual({ status: 200, body: { TableNames: [TableName] } });
});

test('a request that crashes gets a 500, and the next one succeeds', async () => {
  const { url } = await localDynamoDb();
  // dynalite crashes when it compares two missing attributes.
  const body = JSON.stringify({
    TableName,
    Key: { id: { S: 'one' } },
    ConditionExpression: 'begins_with(neither, nor_this)',
  });

  expect(await ask(url, { operation: 'DeleteItem', body })).toMatchObject({ status: 500 });
  expect(await ask(url, {})).toMatchObject({ status: 200 });
});

test('tables are created and deleted', async () => {
  const { client } = await localDynamoDb();

  await client.send(new DeleteTableCommand({ TableName }));

  await expect
    .poll(async () => (await client.send(new ListTablesCommand({}))).TableNames, { interval: 5 })
    .toEqual([]);
});

test('an item is found by the key that its table has now, and not by that of a deleted table of the same name', async () => {
  const { client, find } = await localDynamoDb();
  await client.send(new PutItemCommand(item('one')));
  await find('one');
  await client.send(new DeleteTableCommand({ TableName }));
  const errorOfRead = () => find('one').catch(({ name }) => name);
  await expect.poll(errorOfRead, { interval: 5 }).toBe('ResourceNotFoundException');

  await client.send(
    new CreateTableCommand({
      TableName,
      KeySchema: [{ AttributeName: 'name', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'name', AttributeType: 'S' }],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
  const named = { name: S('one') };
  await expect
    .poll(() => client.send(new PutItemCommand({ TableName, Item: named })), { interval: 5 })
    .toBeTruthy();

  const { Item } = await client.send(new GetItemCommand({ TableName, Key: named }));
  expect(Item).toEqual(named);
  await expect(client.send(new GetItemCommand(key('one')))).rejects.toThrow('does not match');
});

test('tags are added, listed and taken away', async () => {
  const { client } = await localDynamoDb();
  const ResourceArn = tableArn(TableName);
  const tags = async () => (await client.send(new ListTagsOfResourceCommand({ ResourceArn }))).Tags;
  const Tags = [{ Key: 'team', Value: 'pictures' }];

  await client.send(new TagResourceCommand({ ResourceArn, Tags }));
  expect(await tags()).toEqual(Tags);
  await client.send(new UntagResourceCommand({ ResourceArn, TagKeys: ['team'] }));
  expect(await tags()).toEqual([]);
});
