import { expect, test } from 'vitest';
import { localDynamoDb, TableName } from './local-dynamodb.ts';

const authorization = 'AWS4-HMAC-SHA256 Credential=local/, SignedHeaders=host, Signature=00';
const Key = { id: { S: 'a' } };
const Item = Key;

test.each<[string, string, object]>([
  ['GetItem.Colour', 'GetItem', { TableName, Key, Colour: 'red' }],
  [
    'PutItem.ReturnItemCollectionMetrics',
    'PutItem',
    { TableName, Item, ReturnItemCollectionMetrics: 'SIZE' },
  ],
  ['CreateTable.StreamSpecification', 'CreateTable', { StreamSpecification: {} }],
  [
    'CreateTable.GlobalSecondaryIndexes.WarmThroughput',
    'CreateTable',
    { GlobalSecondaryIndexes: [{ IndexName: 'byOwner', WarmThroughput: {} }] },
  ],
  [
    'BatchGetItem.RequestItems.Colour',
    'BatchGetItem',
    { RequestItems: { Things: { Keys: [Key], Colour: 'red' } } },
  ],
  [
    'TransactWriteItems.ReturnConsumedCapacity',
    'TransactWriteItems',
    { TransactItems: [{ Put: { TableName, Item } }], ReturnConsumedCapacity: 'TOTAL' },
  ],
  [
    'TransactWriteItems.TransactItems.Put.ReturnValues',
    'TransactWriteItems',
    { TransactItems: [{ Put: { TableName, Item, ReturnValues: 'ALL_OLD' } }] },
  ],
  [
    'TransactWriteItems.TransactItems.Get',
    'TransactWriteItems',
    { TransactItems: [{ Get: { TableName, Key } }] },
  ],
  [
    'TransactGetItems.TransactItems.Get.ConsistentRead',
    'TransactGetItems',
    { TransactItems: [{ Get: { TableName, Key, ConsistentRead: true } }] },
  ],
  [
    'UpdateTimeToLive.Colour',
    'UpdateTimeToLive',
    {
      TableName,
      TimeToLiveSpecification: { Enabled: false, AttributeName: 'expires' },
      Colour: 'red',
    },
  ],
])('%s is refused by its name, and not ignored', async (named, operation, input) => {
  const { url } = await localDynamoDb();

  const response = await fetch(url, {
    method: 'POST',
    headers: { 'x-amz-target': `DynamoDB_20120810.${operation}`, authorization },
    body: JSON.stringify(input),
  });

  expect(response.status).toBe(400);
  expect(await response.json()).toEqual({
    __type: 'com.amazon.coral.validate#ValidationException',
    message: `The local DynamoDB does not implement ${named}.`,
  });
});
