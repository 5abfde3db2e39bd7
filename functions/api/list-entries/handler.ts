import { accountTable } from '../../adapters/aws/dynamodb/account-table.ts';
import { listEntries } from '../../domain/accounts/accounts.ts';
import { readEnv } from '../../runtime/env.ts';
import { serve } from '../../runtime/http.ts';
import { callers, dynamo } from '../callers.ts';
import { route } from './route.ts';

const env = readEnv('api/admin-reads');
const list = listEntries({ accounts: accountTable(dynamo, env.ACCOUNT_TABLE) });

export const handler = serve(
  route,
  async ({ params, query }) => ({ body: await list(params.account, query) }),
  callers,
);
