import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { callersOf } from '../../aws/callers.ts';
import { keyActivity } from '../../aws/key-activity.ts';
import { keyTable } from '../../aws/key-table.ts';
import { readEnv } from '../../runtime/env.ts';
import { readRoute } from '../../runtime/http.ts';
import { getKey } from '../../task/admin/keys.ts';

const env = readEnv('api/admin/get-key');
const dynamo = new DynamoDBClient();
const now = Date.now;
const activity = keyActivity(dynamo, env.ACTIVITY_TABLE);
const run = getKey({
  keys: keyTable(dynamo, env.KEY_TABLE, now),
  activity,
  now,
});

export const handler = readRoute(
  callersOf(dynamo, env, activity),
  async ({ path }) => ({
    status: 200,
    body: await run(path['key_id'] ?? ''),
  }),
  { scope: 'admin' },
);
