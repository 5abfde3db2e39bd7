import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { callersOf } from '../../aws/callers.ts';
import { keyActivity } from '../../aws/key-activity.ts';
import { keyTable } from '../../aws/key-table.ts';
import { readEnv } from '../../runtime/env.ts';
import { route } from '../../runtime/http.ts';
import { KeyPatch } from '../../task/admin/key-request.ts';
import { changeKey } from '../../task/admin/keys.ts';

const env = readEnv('api/admin/change-key');
const dynamo = new DynamoDBClient();
const now = Date.now;
const activity = keyActivity(dynamo, env.ACTIVITY_TABLE);
const run = changeKey({
  keys: keyTable(dynamo, env.KEY_TABLE, now),
  activity,
  now,
});

export const handler = route(
  callersOf(dynamo, env, activity),
  KeyPatch,
  async ({ body, path }) => ({
    status: 200,
    body: await run(path['key_id'] ?? '', body),
  }),
  { scope: 'admin' },
);
