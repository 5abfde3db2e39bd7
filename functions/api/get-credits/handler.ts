import { accountTable } from '../../adapters/aws/dynamodb/account-table.ts';
import { keyTable } from '../../adapters/aws/dynamodb/key-table.ts';
import { getCredits } from '../../domain/billing/get-credits.ts';
import { readEnv } from '../../runtime/env.ts';
import { serve } from '../../runtime/http.ts';
import { callers, dynamo } from '../callers.ts';
import { route } from './route.ts';

const env = readEnv('api/read-account');
const read = getCredits({
  accounts: accountTable(dynamo, env.ACCOUNT_TABLE),
  keys: keyTable(dynamo, { keys: env.KEY_TABLE, accounts: env.ACCOUNT_TABLE }, Date.now),
  now: Date.now,
});

export const handler = serve(route, async ({ caller }) => ({ body: await read(caller) }), callers);
