import { keyTable } from '../../adapters/aws/dynamodb/key-table.ts';
import { changeKey } from '../../domain/accounts/keys.ts';
import { readEnv } from '../../runtime/env.ts';
import { serve } from '../../runtime/http.ts';
import { actOf } from '../act-of.ts';
import { activity, callers, dynamo } from '../callers.ts';
import { route } from './route.ts';

const env = readEnv('api/manage-keys');
const change = changeKey({
  keys: keyTable(
    dynamo,
    { keys: env.KEY_TABLE, accounts: env.ACCOUNT_TABLE, audit: env.AUDIT_TABLE },
    Date.now,
  ),
  activity,
});

export const handler = serve(
  route,
  async (request) => {
    const { params, body, caller } = request;
    return { body: await change(params.key_id, body, caller, actOf('changeKey', request)) };
  },
  callers,
);
