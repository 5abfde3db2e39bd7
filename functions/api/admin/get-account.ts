import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { accountTable } from '../../aws/account-table.ts';
import { callersOf } from '../../aws/callers.ts';
import { readEnv } from '../../runtime/env.ts';
import { readRoute } from '../../runtime/http.ts';
import { getAccount } from '../../task/admin/accounts.ts';

const env = readEnv('api/admin/get-account');
const dynamo = new DynamoDBClient();
const run = getAccount({ accounts: accountTable(dynamo, env.ACCOUNT_TABLE) });

export const handler = readRoute(
  callersOf(dynamo, env),
  async ({ path }) => ({
    status: 200,
    body: await run(path['account'] ?? ''),
  }),
  { scope: 'admin' },
);
