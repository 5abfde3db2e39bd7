import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { accountTable } from '../aws/account-table.ts';
import { callersOf } from '../aws/callers.ts';
import { keyTable } from '../aws/key-table.ts';
import { readEnv } from '../runtime/env.ts';
import { readRoute } from '../runtime/http.ts';
import { getCredits } from '../task/get-credits.ts';

const env = readEnv('api/get-credits');
const dynamo = new DynamoDBClient();
const now = Date.now;
const read = getCredits({
  accounts: accountTable(dynamo, env.ACCOUNT_TABLE),
  keys: keyTable(dynamo, env.KEY_TABLE, now),
  now,
});

export const handler = readRoute(callersOf(dynamo, env), async ({ caller }) => ({
  status: 200,
  body: await read(caller),
}));
