import { accountTable } from '../../adapters/aws/dynamodb/account-table.ts';
import { createAccount } from '../../domain/accounts/accounts.ts';
import { readEnv } from '../../runtime/env.ts';
import { serve } from '../../runtime/http.ts';
import { callers, dynamo } from '../callers.ts';
import { route } from './route.ts';

const env = readEnv('api/manage-accounts');
const create = createAccount({
  accounts: accountTable(dynamo, env.ACCOUNT_TABLE),
  now: Date.now,
});

export const handler = serve(route, async ({ body }) => ({ body: await create(body) }), callers);
