import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { callersOf } from '../aws/callers.ts';
import { secret } from '../aws/secrets.ts';
import { taskHistory } from '../aws/task-history.ts';
import { readEnv } from '../runtime/env.ts';
import { route } from '../runtime/http.ts';
import { answerAbout } from '../task/answer.ts';
import { batchTasks } from '../task/batch-tasks.ts';
import { BatchRequest } from '../task/list-request.ts';

const env = readEnv('api/batch-tasks');
const dynamo = new DynamoDBClient();
const now = Date.now;
const find = batchTasks({ history: taskHistory(dynamo, env.TASK_TABLE) });
const answer = answerAbout({
  baseUrl: env.PUBLIC_URL,
  secret: secret(new SecretsManagerClient(), env.SIGNING_SECRET, now),
  now,
  usual: env.USUAL_SECONDS,
});

export const handler = route(callersOf(dynamo, env), BatchRequest, async ({ body, caller }) => ({
  status: 200,
  body: { data: await Promise.all((await find(body, caller.account)).map(answer)) },
}));
