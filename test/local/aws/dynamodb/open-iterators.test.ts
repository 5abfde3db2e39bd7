import { createRequire } from 'node:module';
import {
  ListTablesCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { expect, onTestFinished, test } from 'vitest';
import { emptyDir, item, localDynamoDb, N, S, TableName } from './local-dynamodb.ts';

// The class of all databases that dynalite uses: one on disk, one in memory.
const { AbstractLevel } = createRequire(import.meta.url)('abstract-level');

/** Watches the iterators and the like that databases have from now on. */
function watchResources() {
  const { prototype } = AbstractLevel;
  const { attachResource, detachResource } = prototype;
  const all = new Set<unknown>();
  const open = new Set<unknown>();
  Object.assign(prototype, {
    attachResource(resource: unknown) {
      all.add(resource);
      open.add(resource);
      return attachResource.call(this, resource);
    },
    detachResource(resource: unknown) {
      open.delete(resource);
      return detachResource.call(this, resource);
    },
  });
  onTestFinished(() => void Object.assign(prototype, { attachResource, detachResource }));
  return { all, open };
}

test.each(['on disk', 'in memory'])('what reads tables %s is closed afterwards', async (where) => {
  const dataDir = where === 'on disk' ? { dataDir: await emptyDir() } : {};
  const { client } = await localDynamoDb(dataDir);
  for (const id of ['one', 'two', 'three'])
    await client.send(new PutItemCommand(item(id, { owner: S('me'), at: N(1) })));
  const mine = {
    TableName,
    IndexName: 'byOwner',
    KeyConditionExpression: '#owner = :me',
    ExpressionAttributeNames: { '#owner': 'owner' },
    ExpressionAttributeValues: { ':me': S('me') },
  };
  const iterators = watchResources();

  const all = await client.send(new QueryCommand(mine));
  const first = await client.send(new QueryCommand({ ...mine, Limit: 1 }));
  const scanned = await client.send(new ScanCommand({ TableName }));
  await client.send(new ListTablesCommand());

  expect([all.Count, first.Count, scanned.Count]).toEqual([3, 1, 3]);
  await expect.poll(() => iterators.open.size).toBe(0);
  expect(iterators.all.size).toBeGreaterThanOrEqual(4);
});
