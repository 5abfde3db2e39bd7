import { LambdaClient } from '@aws-sdk/client-lambda';
import { clientConfig } from '../../adapters/aws/client-config.ts';
import { taskTable } from '../../adapters/aws/dynamodb/task-table.ts';
import { taskFunctionStarter } from '../../adapters/aws/task-function.ts';
import { getAnyTask } from '../../domain/tasks/get-task.ts';
import { redeliver } from '../../domain/tasks/redeliver.ts';
import { adminTaskView } from '../../domain/wire/admin-task-view.ts';
import { readEnv } from '../../runtime/env.ts';
import { serve } from '../../runtime/http.ts';
import { log } from '../../runtime/log.ts';
import { actOf } from '../act-of.ts';
import { callers, dynamo } from '../callers.ts';
import { route } from './route.ts';

const env = readEnv('api/redeliver-callback');
const tasks = taskTable(dynamo, env.TASK_TABLE, env.AUDIT_TABLE);
const get = getAnyTask(tasks);
const redeliverCallback = redeliver({
  tasks,
  deliverCallback: taskFunctionStarter(new LambdaClient(clientConfig), env.NOTIFY_FUNCTION),
  now: Date.now,
  wakeFailed: (taskId, cause) => log('warn', 'wake.failed', { taskId, cause }),
});

export const handler = serve(
  route,
  async (request) => {
    const { id, account } = await get(request.params.task_id);
    const task = await redeliverCallback(id, account, actOf('redeliverAnyCallback', request));
    return { body: adminTaskView(task, await tasks.findAttempts(id)) };
  },
  callers,
);
