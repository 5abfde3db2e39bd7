import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { clientConfig } from '../../adapters/aws/client-config.ts';
import { taskHistory } from '../../adapters/aws/dynamodb/task-history.ts';
import { queueEstimatesOf } from '../../adapters/aws/queue-estimates.ts';
import { cachedSecret } from '../../adapters/aws/secrets.ts';
import { typicalSecondsOfTask } from '../../domain/providers/durations.ts';
import { batchTasks } from '../../domain/tasks/list-tasks.ts';
import { taskResponseFor } from '../../domain/wire/task-response.ts';
import { readEnv } from '../../runtime/env.ts';
import { serve } from '../../runtime/http.ts';
import { callers, dynamo } from '../callers.ts';
import { route } from './route.ts';

const env = readEnv('api/batch-tasks');
const find = batchTasks({ history: taskHistory(dynamo, env.TASK_TABLE), now: Date.now });
const toResponse = taskResponseFor({
  baseUrl: env.PUBLIC_URL,
  secret: cachedSecret(new SecretsManagerClient(clientConfig), env.SIGNING_SECRET, Date.now),
  now: Date.now,
  typicalSeconds: (task) => typicalSecondsOfTask(task, env.TYPICAL_SECONDS),
  queued: queueEstimatesOf(dynamo, env).ofQueued,
});

export const handler = serve(
  route,
  async ({ body, caller }) => {
    const tasks = await find(body, caller.account);
    return { body: { data: await Promise.all(tasks.map((task) => toResponse(task))) } };
  },
  callers,
);
