import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { keyStore } from '../aws/key-table.ts';
import { readEnv } from '../runtime/env.ts';
import { type IssuedKey, issueKey, KeyOrder } from '../task/issue-key.ts';

const env = readEnv('events/issue-key');
const issue = issueKey({
  store: keyStore(new DynamoDBClient(), { keys: env.KEY_TABLE, accounts: env.ACCOUNT_TABLE }),
  now: Date.now,
});

// Nobody but the operator may invoke it: it has no route and no trigger.
export const handler = async (event: unknown): Promise<IssuedKey> => issue(KeyOrder.parse(event));
