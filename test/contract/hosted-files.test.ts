import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hostedFileTable } from '../../functions/adapters/aws/dynamodb/hosted-file-table.ts';
import { hostedFileTtlMs } from '../../functions/domain/model/hosted-file.ts';
import { latencyPause } from '../../local/aws/dynamodb/pause.ts';
import { reasonToSkip } from '../support/dynamodb-local.ts';
import { hostedFile } from '../support/hosted-files.ts';
import { memoryFiles } from '../support/memory-files.ts';
import { sampleTime } from '../support/tasks.ts';
import { dynamoDb, dynamoDbClient } from './dynamodb.ts';
import { startDynamoDbLocalForTests } from './dynamodb-local-for-tests.ts';
import { rowsOf } from './dynamodb-store.ts';
import { hostedFilesContract } from './hosted-files-contract.ts';
import { interceptingProxy } from './intercepting-proxy.ts';
import { tableNames } from './template-resources.ts';

const table = tableNames.files;

// The unit tests use the records in memory: if they behave differently from DynamoDB, these tests fail.
describe('the records in memory', () => {
  hostedFilesContract(async () => memoryFiles());
});

describe('DynamoDB in the local stack', () => {
  hostedFilesContract(async () => hostedFileTable((await dynamoDb()).client, table));
});

describe('DynamoDB in the local stack, whose calls overlap', () => {
  const pause = latencyPause({ read: 1, write: 1, transaction: 4 });

  hostedFilesContract(async () => hostedFileTable((await dynamoDb(pause)).client, table));
});

const reason = reasonToSkip();

describe.skipIf(reason !== undefined)("AWS's own DynamoDB Local", () => {
  let dynamoDbLocal: Awaited<ReturnType<typeof startDynamoDbLocalForTests>>;

  beforeAll(async () => {
    dynamoDbLocal = await startDynamoDbLocalForTests();
  }, 60_000);
  afterAll(() => dynamoDbLocal?.stop());

  hostedFilesContract(async () => hostedFileTable(await dynamoDbLocal.database(), table));
});

describe('the rows of a file', () => {
  test('are two, written by one transaction; a file of a known name reads no other row', async () => {
    const { url } = await dynamoDb();
    const proxy = await interceptingProxy(url);
    const files = hostedFileTable(dynamoDbClient(proxy.url), table);
    await files.put(hostedFile(), 100);
    await files.put(hostedFile({ version: 'second' }), 100);

    expect(proxy.requests.map(({ operation }) => operation)).toEqual([
      'GetItem',
      'Query',
      'TransactWriteItems',
      'GetItem',
      'TransactWriteItems',
    ]);
  });

  test('are written once when the response was lost', async () => {
    const { url, client } = await dynamoDb();
    const proxy = await interceptingProxy(url, (nth) => ({ responseLost: nth === 3 }));
    const files = hostedFileTable(dynamoDbClient(proxy.url), table);

    expect(await files.put(hostedFile(), 100)).toBe('stored');

    expect(await rowsOf(client, table)).toHaveLength(2);
  });

  test('are not written by an upload that found no file, when the file was stored and removed meanwhile', async () => {
    const { url, client } = await dynamoDb();
    const others = hostedFileTable(client, table);
    const file = hostedFile();
    const proxy = await interceptingProxy(url, async (nth) => {
      if (nth !== 3) return {}; // the first write
      await others.put(file, 100);
      await others.remove(file, sampleTime + 2);
      return {};
    });
    const files = hostedFileTable(dynamoDbClient(proxy.url), table);

    const late = hostedFile({ version: 'second', uploadedAt: sampleTime + 1 });
    expect(await files.put(late, 100)).toBe('deleted');

    expect(await others.find(file.id, sampleTime + 3)).toBeUndefined();
  });

  test('contain nothing of the file any more when it was removed', async () => {
    const { client } = await dynamoDb();
    const files = hostedFileTable(client, table);
    const file = hostedFile({ name: 'private.jpg', originalName: 'secret.jpg' });
    await files.put(file, 100);

    await files.remove(file, sampleTime + 1);

    const rows = await rowsOf(client, table);
    expect(new Set(rows.flatMap((row) => Object.keys(row)))).toEqual(
      new Set(['expiresAt', 'partition', 'removedAt', 'row', 'ttl']),
    );
    expect(rows).toHaveLength(2);
  });

  test('are deleted by DynamoDB itself when the file has expired, and not before', async () => {
    const { client, deleteExpired } = await dynamoDb();
    const files = hostedFileTable(client, table);
    const kept = hostedFile({ name: 'new', uploadedAt: Date.now() });
    await files.put(
      hostedFile({ name: 'old', uploadedAt: Date.now() - hostedFileTtlMs - 2000 }),
      100,
    );
    await files.put(kept, 100);

    await deleteExpired();

    const rows = await rowsOf(client, table);
    expect(rows.map(({ partition }) => partition).sort()).toEqual([kept.account, kept.id]);
  });
});
