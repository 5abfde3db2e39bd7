import { accountTable } from '../../adapters/aws/dynamodb/account-table.ts';
import { changeAccount } from '../../domain/accounts/accounts.ts';
import { readEnv } from '../../runtime/env.ts';
import { serve } from '../../runtime/http.ts';
import { actOf } from '../act-of.ts';
import { callers, dynamo } from '../callers.ts';
import { route } from './route.ts';

const env = readEnv('api/manage-accounts');
const change = changeAccount({
  accounts: accountTable(dynamo, env.ACCOUNT_TABLE, env.AUDIT_TABLE),
});

export const handler = serve(
  route,
  async (request) => {
    const { params, body, caller } = request;
    return { body: await change(params.account, body, caller, actOf('changeAccount', request)) };
  },
  callers,
);
