import { accountTable } from '../../adapters/aws/dynamodb/account-table.ts';
import { keyTable } from '../../adapters/aws/dynamodb/key-table.ts';
import { listKeys } from '../../domain/accounts/keys.ts';
import { readEnv } from '../../runtime/env.ts';
import { serve } from '../../runtime/http.ts';
import { activity, callers, dynamo } from '../callers.ts';
import { route } from './route.ts';

const env = readEnv('api/admin-reads');
const list = listKeys({
  keys: keyTable(dynamo, { keys: env.KEY_TABLE, accounts: env.ACCOUNT_TABLE }, Date.now),
  accounts: accountTable(dynamo, env.ACCOUNT_TABLE),
  activity,
});

export const handler = serve(
  route,
  async ({ query, caller }) => ({ body: await list(query, caller) }),
  callers,
);
