import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { keyTable } from '../aws/key-table.ts';
import { readEnv } from '../runtime/env.ts';
import { readRoute } from '../runtime/http.ts';
import { identify } from '../task/identify.ts';
import { modelsView } from '../task/view.ts';

const env = readEnv('api/list-models');
const keys = keyTable(new DynamoDBClient(), { keys: env.KEY_TABLE, accounts: env.ACCOUNT_TABLE });

export const handler = readRoute(identify({ keys, now: Date.now }), async () => ({
  status: 200,
  body: modelsView(),
}));
