import { taskTable } from '../../adapters/aws/dynamodb/task-table.ts';
import { getAnyTask } from '../../domain/tasks/get-task.ts';
import { adminTaskView } from '../../domain/wire/admin-task-view.ts';
import { readEnv } from '../../runtime/env.ts';
import { serve } from '../../runtime/http.ts';
import { callers, dynamo } from '../callers.ts';
import { route } from './route.ts';

const env = readEnv('api/admin-reads');
const tasks = taskTable(dynamo, env.TASK_TABLE);
const get = getAnyTask(tasks);

export const handler = serve(
  route,
  async ({ params }) => {
    const task = await get(params.task_id);
    return { body: adminTaskView(task, await tasks.findAttempts(task.id)) };
  },
  callers,
);
