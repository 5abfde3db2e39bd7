import {
  type AttributeValue,
  DeleteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactGetItemsCommand,
  type TransactWriteItem,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reasonToSkip } from '../support/dynamodb-local.ts';
import { dynamoDb } from './dynamodb.ts';
import { startDynamoDbLocalForTests } from './dynamodb-local-for-tests.ts';
import { tableNames } from './template-resources.ts';

// The limits of DynamoDB and its error messages: the local stack's DynamoDB is compared with AWS's own.

const TableName = tableNames.accounts;
const keyOf = (entry: string) => ({ account: { S: 'a' }, entry: { S: entry } });
const item = (entry: string, bytes = 0) => ({
  TableName,
  Item: { ...keyOf(entry), data: { S: 'x'.repeat(bytes) } },
});
/** The bytes of an item without its data: the names and values of its other attributes. Its entry is one letter. */
const overhead = 'account'.length + 1 + 'entry'.length + 1 + 'data'.length;
const maxItem = 400 * 1024;

const adding = (entry: string, bytes: number) => ({
  TableName,
  Key: keyOf(entry),
  UpdateExpression: 'SET more = :more',
  ExpressionAttributeValues: { ':more': { S: 'x'.repeat(bytes) } },
});

const letters = (count: number) =>
  Array.from({ length: count }, (_, n) => String.fromCharCode('A'.charCodeAt(0) + n));
const write = (TransactItems: TransactWriteItem[], ClientRequestToken?: string) =>
  new TransactWriteItemsCommand({ TransactItems, ClientRequestToken });

async function fill(client: DynamoDBClient, count: number, bytes: number): Promise<void> {
  for (const entry of letters(count)) await client.send(new PutItemCommand(item(entry, bytes)));
}

const invalid = (message: string) => ({
  name: 'ValidationException',
  message: expect.stringContaining(message),
});

function limitsContract(make: () => Promise<DynamoDBClient>): void {
  test('an item has at most 400 KB', async () => {
    const client = await make();

    await client.send(new PutItemCommand(item('A', maxItem - overhead)));
    await expect(
      client.send(new PutItemCommand(item('B', maxItem - overhead + 1))),
    ).rejects.toMatchObject(invalid('Item size has exceeded the maximum allowed size'));
  });

  test('an update does not make an item larger than that', async () => {
    const client = await make();
    await fill(client, 1, 300_000);

    await expect(client.send(new UpdateItemCommand(adding('A', 200_000)))).rejects.toMatchObject(
      invalid('Item size to update has exceeded the maximum allowed size'),
    );
  });

  test('such an update cancels its transaction', async () => {
    const client = await make();
    await fill(client, 1, 300_000);

    await expect(
      client.send(write([{ Put: item('B') }, { Update: adding('A', 200_000) }])),
    ).rejects.toMatchObject({
      name: 'TransactionCanceledException',
      message:
        'Transaction cancelled, please refer cancellation reasons for specific reasons [None, ValidationError]',
      CancellationReasons: [
        { Code: 'None' },
        {
          Code: 'ValidationError',
          Message: 'Item size to update has exceeded the maximum allowed size',
        },
      ],
    });
  });

  test('a transaction writes at most 4 MB', async () => {
    const client = await make();
    const puts = letters(11).map((entry) => ({ Put: item(entry, 390_000) }));
    const bytes = 11 * (390_000 + overhead);

    await client.send(write(puts.slice(1)));
    await expect(client.send(write(puts))).rejects.toMatchObject(
      invalid(`Transaction payload size cannot exceed 4MB. Payload Size: ${bytes}`),
    );
  });

  test('a transaction may change a little of items that are larger together', async () => {
    const client = await make();
    await fill(client, 11, 390_000);

    await client.send(write(letters(11).map((entry) => ({ Update: adding(entry, 1) }))));
  });

  test('a transaction reads at most 4 MB', async () => {
    const client = await make();
    await fill(client, 11, 390_000);
    const gets = letters(11).map((entry) => ({ Get: { TableName, Key: keyOf(entry) } }));

    await client.send(new TransactGetItemsCommand({ TransactItems: gets.slice(1) }));
    await expect(
      client.send(new TransactGetItemsCommand({ TransactItems: gets })),
    ).rejects.toMatchObject(invalid('Payload in response is too large.'));
  });

  test('a transaction has at most 100 actions', async () => {
    const client = await make();
    const puts = Array.from({ length: 101 }, (_, n) => ({ Put: item(`entry ${n}`) }));

    await client.send(write(puts.slice(1)));
    await expect(client.send(write(puts))).rejects.toMatchObject(
      invalid('Member must have length less than or equal to 100'),
    );
  });

  test('a page of a query or a scan ends with the item that exceeds 1 MB', async () => {
    const client = await make();
    await fill(client, 20, 100_000);
    const key: Record<string, AttributeValue> = keyOf('K');

    const pages = await Promise.all([
      client.send(
        new QueryCommand({
          TableName,
          KeyConditionExpression: 'account = :account',
          ExpressionAttributeValues: { ':account': { S: 'a' } },
          ProjectionExpression: 'entry',
        }),
      ),
      client.send(new ScanCommand({ TableName, ProjectionExpression: 'entry' })),
    ]);

    for (const page of pages) expect(page).toMatchObject({ Count: 11, LastEvaluatedKey: key });
  });

  test('a token belongs to one transaction', async () => {
    const client = await make();
    await client.send(write([{ Put: item('A') }], 'token'));

    await client.send(write([{ Put: item('A') }], 'token'));
    await expect(client.send(write([{ Put: item('B') }], 'token'))).rejects.toMatchObject({
      name: 'IdempotentParameterMismatchException',
    });
  });

  test('an unknown function is refused by its name', async () => {
    const client = await make();

    await expect(
      client.send(
        new DeleteItemCommand({
          TableName,
          Key: keyOf('A'),
          ConditionExpression: 'resembles(account, entry)',
        }),
      ),
    ).rejects.toMatchObject(
      invalid('Invalid ConditionExpression: Invalid function name; function: resembles'),
    );
  });
}

describe('DynamoDB in the local stack', () => {
  limitsContract(async () => (await dynamoDb()).client);
});

describe.skipIf(reasonToSkip() !== undefined)("AWS's own DynamoDB Local", () => {
  let dynamoDbLocal: Awaited<ReturnType<typeof startDynamoDbLocalForTests>>;

  beforeAll(async () => {
    dynamoDbLocal = await startDynamoDbLocalForTests();
  }, 60_000);
  afterAll(() => dynamoDbLocal?.stop());

  limitsContract(() => dynamoDbLocal.database());
});
