import { accountTable } from '../../adapters/aws/dynamodb/account-table.ts';
import { getAccount } from '../../domain/accounts/accounts.ts';
import { readEnv } from '../../runtime/env.ts';
import { serve } from '../../runtime/http.ts';
import { callers, dynamo } from '../callers.ts';
import { route } from './route.ts';

const env = readEnv('api/admin-reads');
const get = getAccount({ accounts: accountTable(dynamo, env.ACCOUNT_TABLE) });

export const handler = serve(
  route,
  async ({ params }) => ({ body: await get(params.account) }),
  callers,
);
