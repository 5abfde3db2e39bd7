import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { accountTable } from '../../aws/account-table.ts';
import { callersOf } from '../../aws/callers.ts';
import { readEnv } from '../../runtime/env.ts';
import { checked, readRoute } from '../../runtime/http.ts';
import { AccountsQuery } from '../../task/admin/account-request.ts';
import { listAccounts } from '../../task/admin/accounts.ts';

const env = readEnv('api/admin/list-accounts');
const dynamo = new DynamoDBClient();
const run = listAccounts({ accounts: accountTable(dynamo, env.ACCOUNT_TABLE) });

export const handler = readRoute(
  callersOf(dynamo, env),
  async ({ query }) => ({
    status: 200,
    body: await run(checked(AccountsQuery, query)),
  }),
  { scope: 'admin' },
);
