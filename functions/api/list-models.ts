import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { callersOf } from '../aws/callers.ts';
import { readEnv } from '../runtime/env.ts';
import { readRoute } from '../runtime/http.ts';
import { modelsView } from '../task/view.ts';

const env = readEnv('api/list-models');

export const handler = readRoute(callersOf(new DynamoDBClient(), env), async () => ({
  status: 200,
  body: modelsView(),
}));
