import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { accountTable } from '../../aws/account-table.ts';
import { callersOf } from '../../aws/callers.ts';
import { readEnv } from '../../runtime/env.ts';
import { checked, readRoute } from '../../runtime/http.ts';
import { EntriesQuery } from '../../task/admin/account-request.ts';
import { listEntries } from '../../task/admin/accounts.ts';

const env = readEnv('api/admin/list-entries');
const dynamo = new DynamoDBClient();
const run = listEntries({ accounts: accountTable(dynamo, env.ACCOUNT_TABLE) });

export const handler = readRoute(
  callersOf(dynamo, env),
  async ({ path, query }) => ({
    status: 200,
    body: await run(path['account'] ?? '', checked(EntriesQuery, query)),
  }),
  { scope: 'admin' },
);
