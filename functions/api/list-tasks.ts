import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { callersOf } from '../aws/callers.ts';
import { taskHistory } from '../aws/task-history.ts';
import { readEnv } from '../runtime/env.ts';
import { checked, readRoute } from '../runtime/http.ts';
import { ListRequest } from '../task/list-request.ts';
import { listTasks } from '../task/list-tasks.ts';
import { usualSeconds } from '../task/models.ts';

const env = readEnv('api/list-tasks');
const dynamo = new DynamoDBClient();
const now = Date.now;
const list = listTasks({
  history: taskHistory(dynamo, env.TASK_TABLE),
  now,
  usualSeconds: (model) => usualSeconds(model, env.USUAL_SECONDS),
});

export const handler = readRoute(callersOf(dynamo, env), async ({ query, caller }) => ({
  status: 200,
  body: await list(checked(ListRequest, query), caller.account),
}));
