import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { accountTable } from '../aws/account-table.ts';
import { credits } from '../aws/credits.ts';
import { keyTable } from '../aws/key-table.ts';
import { readEnv } from '../runtime/env.ts';
import { type IssuedKey, issueKey, KeyOrder } from '../task/issue-key.ts';

const env = readEnv('events/issue-key');
const dynamo = new DynamoDBClient();
const now = Date.now;
const issue = issueKey({
  accounts: accountTable(dynamo, env.ACCOUNT_TABLE),
  keys: keyTable(dynamo, env.KEY_TABLE, now),
  ledger: credits(dynamo, { accounts: env.ACCOUNT_TABLE, idempotency: env.IDEMPOTENCY_TABLE }),
  now,
});

// Nobody but the operator may invoke it: it has no route and no trigger.
export const handler = async (event: unknown): Promise<IssuedKey> => issue(KeyOrder.parse(event));
