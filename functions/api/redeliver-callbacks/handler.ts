import { LambdaClient } from '@aws-sdk/client-lambda';
import { clientConfig } from '../../adapters/aws/client-config.ts';
import { taskHistory } from '../../adapters/aws/dynamodb/task-history.ts';
import { taskTable } from '../../adapters/aws/dynamodb/task-table.ts';
import { taskFunctionStarter } from '../../adapters/aws/task-function.ts';
import { redeliverAll } from '../../domain/tasks/redeliver.ts';
import { readEnv } from '../../runtime/env.ts';
import { serve } from '../../runtime/http.ts';
import { log } from '../../runtime/log.ts';
import { callers, dynamo } from '../callers.ts';
import { route } from './route.ts';

const env = readEnv('api/redeliver-callback');
const send = redeliverAll({
  history: taskHistory(dynamo, env.TASK_TABLE),
  tasks: taskTable(dynamo, env.TASK_TABLE),
  deliverCallback: taskFunctionStarter(new LambdaClient(clientConfig), env.NOTIFY_FUNCTION),
  now: Date.now,
  wakeFailed: (taskId, cause) => log('warn', 'wake.failed', { taskId, cause }),
});

export const handler = serve(
  route,
  async ({ body, caller }) => ({ body: await send(body, caller.account) }),
  callers,
);
