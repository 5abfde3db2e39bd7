import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { clientConfig } from '../../adapters/aws/client-config.ts';
import { durations } from '../../adapters/aws/dynamodb/durations.ts';
import { queueTable } from '../../adapters/aws/dynamodb/queue-table.ts';
import { taskTable } from '../../adapters/aws/dynamodb/task-table.ts';
import { preparedKey, uploadKey } from '../../adapters/aws/s3/bucket-keys.ts';
import { objectLinks, uploadForms } from '../../adapters/aws/s3/presign.ts';
import { cachedSecret } from '../../adapters/aws/secrets.ts';
import { maxInputBytes } from '../../domain/model/catalogue.ts';
import { inputLinkSeconds } from '../../domain/model/task.ts';
import { typicalSecondsOfTask } from '../../domain/providers/durations.ts';
import { queueEstimatesOf } from '../../domain/providers/queue-position.ts';
import { getTaskStory } from '../../domain/tasks/get-task.ts';
import { retryAfter } from '../../domain/wire/retry-after.ts';
import { inputLinksOf } from '../../domain/wire/story.ts';
import { taskResponseFor } from '../../domain/wire/task-response.ts';
import { uploadsFor } from '../../domain/wire/view.ts';
import { readEnv } from '../../runtime/env.ts';
import { serve } from '../../runtime/http.ts';
import { callers, dynamo } from '../callers.ts';
import { waitRedirect } from '../offer-wait.ts';
import { route } from './route.ts';

const env = readEnv('api/get-task');
const find = getTaskStory({ tasks: taskTable(dynamo, env.TASK_TABLE), now: Date.now });
const form = uploadForms(dynamo.config, {
  bucket: env.INPUT_BUCKET,
  endpoint: env.AWS_ENDPOINT_URL_S3,
  maxBytes: maxInputBytes,
});
const uploads = uploadsFor((id, index, type, expiresAt) =>
  form(uploadKey(id, index), type, Date.now(), expiresAt),
);
const link = objectLinks(dynamo.config, {
  bucket: env.INPUT_BUCKET,
  endpoint: env.AWS_ENDPOINT_URL_S3,
  expiresIn: inputLinkSeconds,
});
const links = inputLinksOf((id, index, format) => link(preparedKey(id, index, format), Date.now()));
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

const whereToWait = waitRedirect(env);

export const handler = serve(
  route,
  async ({ params, caller, method, headers }) => {
    const { task, attempts } = await find(params.task_id, caller.account);
    const now = Date.now();
    const forms = await uploads(caller, task, now);
    const inputLinks = await links(task, now);
    const typicalSeconds = typicalSecondsOfTask(task, env.TYPICAL_SECONDS);
    return {
      seeOther: await whereToWait(task, caller, { method, headers }),
      headers: retryAfter(task, { now, typicalSeconds }),
      body: await toResponse(task, { uploads: forms, attempts, inputLinks }),
    };
  },
  callers,
);
