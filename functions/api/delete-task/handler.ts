import { LambdaClient } from '@aws-sdk/client-lambda';
import { runnerClientConfig } from '../../adapters/aws/client-config.ts';
import { taskTable } from '../../adapters/aws/dynamodb/task-table.ts';
import { taskFunctionRunner } from '../../adapters/aws/task-function.ts';
import { deleteTask } from '../../domain/tasks/delete-task.ts';
import { readEnv } from '../../runtime/env.ts';
import { serve } from '../../runtime/http.ts';
import { callers, dynamo } from '../callers.ts';
import { route } from './route.ts';

const env = readEnv('api/delete-task');
const remove = deleteTask({
  tasks: taskTable(dynamo, env.TASK_TABLE),
  deletePictures: taskFunctionRunner(
    new LambdaClient(runnerClientConfig),
    env.DELETE_PICTURES_FUNCTION,
  ),
  now: Date.now,
});

export const handler = serve(
  route,
  async ({ params, caller }) => ({ body: await remove(params.task_id, caller.account) }),
  callers,
);
