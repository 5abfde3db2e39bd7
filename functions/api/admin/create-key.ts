import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { accountTable } from '../../aws/account-table.ts';
import { callersOf } from '../../aws/callers.ts';
import { keyTable } from '../../aws/key-table.ts';
import { readEnv } from '../../runtime/env.ts';
import { route } from '../../runtime/http.ts';
import { KeyRequest } from '../../task/admin/key-request.ts';
import { createKey } from '../../task/admin/keys.ts';

const env = readEnv('api/admin/create-key');
const dynamo = new DynamoDBClient();
const now = Date.now;
const run = createKey({
  keys: keyTable(dynamo, env.KEY_TABLE, now),
  accounts: accountTable(dynamo, env.ACCOUNT_TABLE),
  now,
});

export const handler = route(
  callersOf(dynamo, env),
  KeyRequest,
  async ({ body }) => ({
    status: 200,
    body: await run(body),
  }),
  { scope: 'admin' },
);
