import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SFNClient } from '@aws-sdk/client-sfn';
import { callersOf } from '../aws/callers.ts';
import { starting, waitingStates } from '../aws/state-machine.ts';
import { taskTable } from '../aws/task-table.ts';
import { readEnv } from '../runtime/env.ts';
import { readRoute } from '../runtime/http.ts';
import { cancelTask } from '../task/cancel-task.ts';
import { usualSeconds } from '../task/models.ts';
import { runningView } from '../task/view.ts';

const env = readEnv('api/cancel-task');
const dynamo = new DynamoDBClient();
const states = new SFNClient();
const now = Date.now;
const cancel = cancelTask({
  tasks: taskTable(dynamo, env.TASK_TABLE),
  workflow: { ...starting(states, env.WORKFLOW_ARN), ...waitingStates(states) },
  now,
});

export const handler = readRoute(callersOf(dynamo, env), async ({ path, caller }) => {
  const task = await cancel(path['task_id'] ?? '', caller.account);
  const usual = usualSeconds(task.model, env.USUAL_SECONDS);
  return { status: 200, body: runningView(task, now(), usual) };
});
