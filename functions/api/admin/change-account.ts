import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { accountTable } from '../../aws/account-table.ts';
import { callersOf } from '../../aws/callers.ts';
import { readEnv } from '../../runtime/env.ts';
import { route } from '../../runtime/http.ts';
import { AccountPatch } from '../../task/admin/account-request.ts';
import { changeAccount } from '../../task/admin/accounts.ts';

const env = readEnv('api/admin/change-account');
const dynamo = new DynamoDBClient();
const run = changeAccount({ accounts: accountTable(dynamo, env.ACCOUNT_TABLE) });

export const handler = route(
  callersOf(dynamo, env),
  AccountPatch,
  async ({ body, path }) => ({
    status: 200,
    body: await run(path['account'] ?? '', body),
  }),
  { scope: 'admin' },
);
