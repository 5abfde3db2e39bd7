import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { clientConfig } from '../../adapters/aws/client-config.ts';
import { taskTable } from '../../adapters/aws/dynamodb/task-table.ts';
import { cachedSecret } from '../../adapters/aws/secrets.ts';
import { getTask } from '../../domain/tasks/get-task.ts';
import { taskResponseFor } from '../../domain/wire/task-response.ts';
import { readEnv } from '../../runtime/env.ts';
import { serve } from '../../runtime/http.ts';
import { callers, dynamo } from '../callers.ts';
import { route } from './route.ts';

const env = readEnv('api/get-task');
const find = getTask({ tasks: taskTable(dynamo, env.TASK_TABLE), now: Date.now });
const toResponse = taskResponseFor({
  baseUrl: env.PUBLIC_URL,
  secret: cachedSecret(new SecretsManagerClient(clientConfig), env.SIGNING_SECRET, Date.now),
  now: Date.now,
  typicalSeconds: env.TYPICAL_SECONDS,
});

export const handler = serve(
  route,
  async ({ params, caller }) => ({
    body: await toResponse(await find(params.task_id, caller.account)),
  }),
  callers,
);
