import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { callersOf } from '../aws/callers.ts';
import { secret } from '../aws/secrets.ts';
import { taskTable } from '../aws/task-table.ts';
import { readEnv } from '../runtime/env.ts';
import { readRoute } from '../runtime/http.ts';
import { answerAbout } from '../task/answer.ts';
import { getTask } from '../task/get-task.ts';

const env = readEnv('api/get-task');
const dynamo = new DynamoDBClient();
const now = Date.now;
const find = getTask({ tasks: taskTable(dynamo, env.TASK_TABLE) });
const answer = answerAbout({
  baseUrl: env.PUBLIC_URL,
  secret: secret(new SecretsManagerClient(), env.SIGNING_SECRET, now),
  now,
  usual: env.USUAL_SECONDS,
});

export const handler = readRoute(callersOf(dynamo, env), async ({ path, caller }) => ({
  status: 200,
  body: await answer(await find(path['task_id'] ?? '', caller.account)),
}));
