import { SFNClient } from '@aws-sdk/client-sfn';
import { clientConfig } from '../../adapters/aws/client-config.ts';
import { taskTable } from '../../adapters/aws/dynamodb/task-table.ts';
import { taskTokens, workflowStarter } from '../../adapters/aws/state-machine.ts';
import { typicalSecondsOfTask } from '../../domain/providers/durations.ts';
import { cancelTask } from '../../domain/tasks/cancel-task.ts';
import { activeTaskView } from '../../domain/wire/view.ts';
import { readEnv } from '../../runtime/env.ts';
import { serve } from '../../runtime/http.ts';
import { log } from '../../runtime/log.ts';
import { callers, dynamo } from '../callers.ts';
import { route } from './route.ts';

const env = readEnv('api/cancel-task');
const states = new SFNClient(clientConfig);
const now = Date.now;
const cancel = cancelTask({
  tasks: taskTable(dynamo, env.TASK_TABLE),
  workflow: { ...workflowStarter(states, env.WORKFLOW_ARN), ...taskTokens(states) },
  now,
  wakeFailed: (taskId, cause) => log('warn', 'wake.failed', { taskId, cause }),
});

export const handler = serve(
  route,
  async ({ params, caller }) => {
    const task = await cancel(params.task_id, caller.account);
    const typicalSeconds = typicalSecondsOfTask(task, env.TYPICAL_SECONDS);
    return { body: activeTaskView(task, { now: now(), typicalSeconds }) };
  },
  callers,
);
