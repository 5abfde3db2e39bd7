import { SFNClient } from '@aws-sdk/client-sfn';
import { clientConfig } from '../../adapters/aws/client-config.ts';
import { taskTable } from '../../adapters/aws/dynamodb/task-table.ts';
import { taskTokens, workflowStarter } from '../../adapters/aws/state-machine.ts';
import { cancelTask } from '../../domain/tasks/cancel-task.ts';
import { getAnyTask } from '../../domain/tasks/get-task.ts';
import { adminTaskView } from '../../domain/wire/admin-task-view.ts';
import { readEnv } from '../../runtime/env.ts';
import { serve } from '../../runtime/http.ts';
import { log } from '../../runtime/log.ts';
import { actOf } from '../act-of.ts';
import { callers, dynamo } from '../callers.ts';
import { route } from './route.ts';

const env = readEnv('api/cancel-task');
const states = new SFNClient(clientConfig);
const tasks = taskTable(dynamo, env.TASK_TABLE, env.AUDIT_TABLE);
const get = getAnyTask(tasks);
const cancel = cancelTask({
  tasks,
  workflow: { ...workflowStarter(states, env.WORKFLOW_ARN), ...taskTokens(states) },
  now: Date.now,
  wakeFailed: (taskId, cause) => log('warn', 'wake.failed', { taskId, cause }),
});

export const handler = serve(
  route,
  async (request) => {
    const { id, account } = await get(request.params.task_id);
    const task = await cancel(id, account, actOf('cancelAnyTask', request));
    return { body: adminTaskView(task, []) };
  },
  callers,
);
