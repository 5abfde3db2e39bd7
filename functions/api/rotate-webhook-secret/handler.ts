import { accountTable } from '../../adapters/aws/dynamodb/account-table.ts';
import { rotateSecret } from '../../domain/accounts/accounts.ts';
import { managedAccount } from '../../domain/accounts/key-permissions.ts';
import { readEnv } from '../../runtime/env.ts';
import { serve } from '../../runtime/http.ts';
import { actOf } from '../act-of.ts';
import { callers, dynamo } from '../callers.ts';
import { route } from './route.ts';

const env = readEnv('api/manage-accounts');
const rotate = rotateSecret({
  accounts: accountTable(dynamo, env.ACCOUNT_TABLE, env.AUDIT_TABLE),
  now: Date.now,
});

export const handler = serve(
  route,
  async (request) => {
    const account = managedAccount(request.caller, request.params.account);
    return { body: await rotate(account, request.body, actOf('rotateSecret', request)) };
  },
  callers,
);
