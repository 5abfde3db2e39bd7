import { taskHistory } from '../../adapters/aws/dynamodb/task-history.ts';
import { typicalSecondsOfTask } from '../../domain/providers/durations.ts';
import { listRequest, listTasks } from '../../domain/tasks/list-tasks.ts';
import { readEnv } from '../../runtime/env.ts';
import { serve } from '../../runtime/http.ts';
import { callers, dynamo } from '../callers.ts';
import { route } from './route.ts';

const env = readEnv('api/list-tasks');
const list = listTasks({
  history: taskHistory(dynamo, env.TASK_TABLE),
  now: Date.now,
  typicalSeconds: (task) => typicalSecondsOfTask(task, env.TYPICAL_SECONDS),
});

export const handler = serve(
  { ...route, query: listRequest(env.MODEL_ALIASES) },
  async ({ query, caller }) => ({ body: await list(query, caller.account) }),
  callers,
);
