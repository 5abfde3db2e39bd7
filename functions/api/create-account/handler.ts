import { accountTable } from '../../adapters/aws/dynamodb/account-table.ts';
import { createAccount } from '../../domain/accounts/accounts.ts';
import { readEnv } from '../../runtime/env.ts';
import { serve } from '../../runtime/http.ts';
import { actOf } from '../act-of.ts';
import { callers, dynamo } from '../callers.ts';
import { route } from './route.ts';

const env = readEnv('api/manage-accounts');
const create = createAccount({
  accounts: accountTable(dynamo, env.ACCOUNT_TABLE, env.AUDIT_TABLE),
  now: Date.now,
  budget: env.ACCOUNT_BUDGET,
});

export const handler = serve(
  route,
  async (request) => ({ body: await create(request.body, actOf('createAccount', request)) }),
  callers,
);
