import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { callersOf } from '../../aws/callers.ts';
import { keyTable } from '../../aws/key-table.ts';
import { readEnv } from '../../runtime/env.ts';
import { readRoute } from '../../runtime/http.ts';
import { deleteKey } from '../../task/admin/keys.ts';

const env = readEnv('api/admin/delete-key');
const dynamo = new DynamoDBClient();
const now = Date.now;
const run = deleteKey({
  keys: keyTable(dynamo, env.KEY_TABLE, now),
});

export const handler = readRoute(
  callersOf(dynamo, env),
  async ({ path }) => ({
    status: 200,
    body: await run(path['key_id'] ?? ''),
  }),
  { scope: 'admin' },
);
