import { LambdaClient } from '@aws-sdk/client-lambda';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { clientConfig } from '../../adapters/aws/client-config.ts';
import { taskTable } from '../../adapters/aws/dynamodb/task-table.ts';
import { cachedSecret } from '../../adapters/aws/secrets.ts';
import { taskFunctionStarter } from '../../adapters/aws/task-function.ts';
import { redeliver } from '../../domain/tasks/redeliver.ts';
import { endedTaskResponseFor } from '../../domain/wire/task-response.ts';
import { readEnv } from '../../runtime/env.ts';
import { serve } from '../../runtime/http.ts';
import { log } from '../../runtime/log.ts';
import { callers, dynamo } from '../callers.ts';
import { route } from './route.ts';

const env = readEnv('api/redeliver-callback');
const redeliverCallback = redeliver({
  tasks: taskTable(dynamo, env.TASK_TABLE),
  deliverCallback: taskFunctionStarter(new LambdaClient(clientConfig), env.NOTIFY_FUNCTION),
  now: Date.now,
  wakeFailed: (taskId, cause) => log('warn', 'wake.failed', { taskId, cause }),
});
const toResponse = endedTaskResponseFor({
  baseUrl: env.PUBLIC_URL,
  secret: cachedSecret(new SecretsManagerClient(clientConfig), env.SIGNING_SECRET, Date.now),
  now: Date.now,
});

export const handler = serve(
  route,
  async ({ params, caller }) => ({
    body: await toResponse(await redeliverCallback(params.task_id, caller.account)),
  }),
  callers,
);
