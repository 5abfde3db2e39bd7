import { keyTable } from '../../adapters/aws/dynamodb/key-table.ts';
import { deleteKey } from '../../domain/accounts/keys.ts';
import { readEnv } from '../../runtime/env.ts';
import { serve } from '../../runtime/http.ts';
import { actOf } from '../act-of.ts';
import { callers, dynamo } from '../callers.ts';
import { route } from './route.ts';

const env = readEnv('api/manage-keys');
const remove = deleteKey({
  keys: keyTable(
    dynamo,
    { keys: env.KEY_TABLE, accounts: env.ACCOUNT_TABLE, audit: env.AUDIT_TABLE },
    Date.now,
  ),
});

export const handler = serve(
  route,
  async (request) => ({
    body: await remove(request.params.key_id, request.caller, actOf('deleteKey', request)),
  }),
  callers,
);
