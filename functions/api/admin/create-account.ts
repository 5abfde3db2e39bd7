import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { accountTable } from '../../aws/account-table.ts';
import { callersOf } from '../../aws/callers.ts';
import { readEnv } from '../../runtime/env.ts';
import { route } from '../../runtime/http.ts';
import { AccountRequest } from '../../task/admin/account-request.ts';
import { createAccount } from '../../task/admin/accounts.ts';

const env = readEnv('api/admin/create-account');
const dynamo = new DynamoDBClient();
const run = createAccount({ accounts: accountTable(dynamo, env.ACCOUNT_TABLE), now: Date.now });

export const handler = route(
  callersOf(dynamo, env),
  AccountRequest,
  async ({ body }) => ({
    status: 200,
    body: await run(body),
  }),
  { scope: 'admin' },
);
