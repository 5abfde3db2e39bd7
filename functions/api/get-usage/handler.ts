import { keyTable } from '../../adapters/aws/dynamodb/key-table.ts';
import { usageTable } from '../../adapters/aws/dynamodb/usage.ts';
import { listUsage } from '../../domain/accounts/list-usage.ts';
import { readEnv } from '../../runtime/env.ts';
import { serve } from '../../runtime/http.ts';
import { callers, dynamo } from '../callers.ts';
import { usageResponse } from '../usage-response.ts';
import { route } from './route.ts';

const env = readEnv('api/read-account');
const list = listUsage({
  usage: usageTable(dynamo, env.ACCOUNT_TABLE),
  keys: keyTable(dynamo, { keys: env.KEY_TABLE, accounts: env.ACCOUNT_TABLE }, Date.now),
  now: Date.now,
});

export const handler = serve(
  route,
  async ({ query, caller }) => usageResponse(await list(query, caller.account), query, false),
  callers,
);
