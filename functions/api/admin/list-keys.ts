import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { accountTable } from '../../aws/account-table.ts';
import { callersOf } from '../../aws/callers.ts';
import { keyActivity } from '../../aws/key-activity.ts';
import { keyTable } from '../../aws/key-table.ts';
import { readEnv } from '../../runtime/env.ts';
import { checked, readRoute } from '../../runtime/http.ts';
import { KeysQuery } from '../../task/admin/key-request.ts';
import { listKeys } from '../../task/admin/keys.ts';

const env = readEnv('api/admin/list-keys');
const dynamo = new DynamoDBClient();
const now = Date.now;
const activity = keyActivity(dynamo, env.ACTIVITY_TABLE);
const run = listKeys({
  keys: keyTable(dynamo, env.KEY_TABLE, now),
  accounts: accountTable(dynamo, env.ACCOUNT_TABLE),
  activity,
  now,
});

export const handler = readRoute(
  callersOf(dynamo, env, activity),
  async ({ query }) => ({
    status: 200,
    body: await run(checked(KeysQuery, query)),
  }),
  { scope: 'admin' },
);
