import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { clientConfig } from '../../adapters/aws/client-config.ts';
import { durations } from '../../adapters/aws/dynamodb/durations.ts';
import { queueTable } from '../../adapters/aws/dynamodb/queue-table.ts';
import { taskHistory } from '../../adapters/aws/dynamodb/task-history.ts';
import { cachedSecret } from '../../adapters/aws/secrets.ts';
import { typicalSecondsOfTask } from '../../domain/providers/durations.ts';
import { queueEstimatesOf } from '../../domain/providers/queue-position.ts';
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
  queued: queueEstimatesOf({
    queue: queueTable(dynamo, env.QUEUE_TABLE),
    durations: durations(dynamo, env.ACTIVITY_TABLE, Date.now),
    capacities: env.PROVIDER_CAPACITIES,
    typicalSeconds: env.TYPICAL_SECONDS,
    now: Date.now,
  }).ofQueued,
});

// Loaded only when a request wants thumbnails: nothing else here needs the S3 client, which is a third of the code.
let thumbnails: Promise<ReturnType<ThumbnailsModule['thumbnailsOf']>> | undefined;
type ThumbnailsModule = typeof import('./thumbnails.ts');
const findThumbnails = () => {
  thumbnails ??= import('./thumbnails.ts').then(({ thumbnailsOf }) => thumbnailsOf(env));
  return thumbnails;
};

export const handler = serve(
  route,
  async ({ body, caller }) => {
    const tasks = await find(body, caller.account);
    const linksOf = body.thumbnails ? await findThumbnails() : undefined;
    const data = tasks.map(async (task) => toResponse(task, { thumbnails: await linksOf?.(task) }));
    return { body: { data: await Promise.all(data) } };
  },
  callers,
);
