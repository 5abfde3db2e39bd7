import { keyTable } from '../../adapters/aws/dynamodb/key-table.ts';
import { getKey } from '../../domain/accounts/keys.ts';
import { readEnv } from '../../runtime/env.ts';
import { serve } from '../../runtime/http.ts';
import { activity, callers, dynamo } from '../callers.ts';
import { route } from './route.ts';

const env = readEnv('api/admin-reads');
const get = getKey({
  keys: keyTable(dynamo, { keys: env.KEY_TABLE, accounts: env.ACCOUNT_TABLE }, Date.now),
  activity,
});

export const handler = serve(
  route,
  async ({ params, caller }) => ({ body: await get(params.key_id, caller) }),
  callers,
);
