import { accountTable } from '../../adapters/aws/dynamodb/account-table.ts';
import { listAccounts } from '../../domain/accounts/accounts.ts';
import { readEnv } from '../../runtime/env.ts';
import { serve } from '../../runtime/http.ts';
import { callers, dynamo } from '../callers.ts';
import { route } from './route.ts';

const env = readEnv('api/admin-reads');
const list = listAccounts({ accounts: accountTable(dynamo, env.ACCOUNT_TABLE) });

export const handler = serve(route, async ({ query }) => ({ body: await list(query) }), callers);
