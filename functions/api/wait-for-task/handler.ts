import { setTimeout as sleep } from 'node:timers/promises';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { clientConfig } from '../../adapters/aws/client-config.ts';
import { taskTable } from '../../adapters/aws/dynamodb/task-table.ts';
import { waitingPlaces } from '../../adapters/aws/dynamodb/waiting-places.ts';
import { cachedSecret } from '../../adapters/aws/secrets.ts';
import { typicalSecondsOfTask } from '../../domain/providers/durations.ts';
import { getTask } from '../../domain/tasks/get-task.ts';
import { waitForTask } from '../../domain/tasks/wait-for-task.ts';
import { preferenceApplied } from '../../domain/wire/prefer.ts';
import { retryAfter } from '../../domain/wire/retry-after.ts';
import { taskResponseFor } from '../../domain/wire/task-response.ts';
import { readEnv } from '../../runtime/env.ts';
import { serve } from '../../runtime/http.ts';
import { log } from '../../runtime/log.ts';
import { callers, dynamo } from '../callers.ts';
import { route } from './route.ts';

const env = readEnv('api/wait-for-task');
const now = Date.now;
const wait = waitForTask({
  find: getTask({ tasks: taskTable(dynamo, env.TASK_TABLE), now }),
  places: waitingPlaces(dynamo, env.ACTIVITY_TABLE),
  now,
  sleep,
  takeUpFailed: (taskId, cause) => log('warn', 'wait.place_not_taken_up', { taskId, cause }),
  freeFailed: (taskId, cause) => log('warn', 'wait.place_not_freed', { taskId, cause }),
});
const toResponse = taskResponseFor({
  baseUrl: env.PUBLIC_URL,
  secret: cachedSecret(new SecretsManagerClient(clientConfig), env.SIGNING_SECRET, now),
  now,
  typicalSeconds: (task) => typicalSecondsOfTask(task, env.TYPICAL_SECONDS),
  // This function has no permissions for the queue. It estimates from the wait that was expected when the task began to wait.
  queued: async () => undefined,
});

export const handler = serve(
  route,
  async ({ params, query: { seconds, place }, caller }) => {
    const { task, hasWaited } = await wait({
      id: params.task_id,
      account: caller.account,
      seconds,
      place,
    });
    const typicalSeconds = typicalSecondsOfTask(task, env.TYPICAL_SECONDS);
    return {
      headers: {
        ...preferenceApplied(hasWaited ? seconds : undefined),
        ...retryAfter(task, { now: now(), typicalSeconds }),
      },
      body: await toResponse(task),
    };
  },
  callers,
);
