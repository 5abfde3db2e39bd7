import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { callersOf } from '../aws/callers.ts';
import { notifier } from '../aws/notifier.ts';
import { secret } from '../aws/secrets.ts';
import { taskTable } from '../aws/task-table.ts';
import { readEnv } from '../runtime/env.ts';
import { readRoute } from '../runtime/http.ts';
import { answerAbout } from '../task/answer.ts';
import { redeliver } from '../task/redeliver.ts';

const env = readEnv('api/redeliver-callback');
const dynamo = new DynamoDBClient();
const now = Date.now;
const again = redeliver({
  tasks: taskTable(dynamo, env.TASK_TABLE),
  tell: notifier(new LambdaClient(), env.NOTIFY_FUNCTION),
  now,
});
const answer = answerAbout({
  baseUrl: env.PUBLIC_URL,
  secret: secret(new SecretsManagerClient(), env.SIGNING_SECRET, now),
  now,
});

export const handler = readRoute(callersOf(dynamo, env), async ({ path, caller }) => ({
  status: 200,
  body: await answer(await again(path['task_id'] ?? '', caller.account)),
}));
