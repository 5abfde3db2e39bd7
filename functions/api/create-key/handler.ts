import { accountTable } from '../../adapters/aws/dynamodb/account-table.ts';
import { keyTable } from '../../adapters/aws/dynamodb/key-table.ts';
import { createKey } from '../../domain/accounts/keys.ts';
import { readEnv } from '../../runtime/env.ts';
import { serve } from '../../runtime/http.ts';
import { actOf } from '../act-of.ts';
import { callers, dynamo } from '../callers.ts';
import { route } from './route.ts';

const env = readEnv('api/manage-keys');
const create = createKey({
  keys: keyTable(
    dynamo,
    { keys: env.KEY_TABLE, accounts: env.ACCOUNT_TABLE, audit: env.AUDIT_TABLE },
    Date.now,
  ),
  accounts: accountTable(dynamo, env.ACCOUNT_TABLE),
  now: Date.now,
});

export const handler = serve(
  route,
  async (request) => ({
    body: await create(request.body, request.caller, actOf('createKey', request)),
  }),
  callers,
);
