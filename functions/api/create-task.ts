import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SFNClient } from '@aws-sdk/client-sfn';
import { uploadKey } from '../aws/bucket-keys.ts';
import { callersOf } from '../aws/callers.ts';
import { durations } from '../aws/durations.ts';
import { keyActivity } from '../aws/key-activity.ts';
import { openings } from '../aws/ledger.ts';
import { starting } from '../aws/state-machine.ts';
import { taskTable } from '../aws/task-table.ts';
import { uploadForms } from '../aws/upload-form.ts';
import { refusal } from '../network/check-url.ts';
import { readEnv } from '../runtime/env.ts';
import { route } from '../runtime/http.ts';
import { log } from '../runtime/log.ts';
import { measure } from '../runtime/metric.ts';
import { createTask } from '../task/create-task.ts';
import { fileIdOf } from '../task/file-url.ts';
import { newTaskId } from '../task/ids.ts';
import { created } from '../task/measures.ts';
import { learnedSeconds, paintersOf, usualSeconds } from '../task/models.ts';
import { limitRequests } from '../task/rate-limit.ts';
import { GenerationRequest } from '../task/request.ts';
import { uploadsOf } from '../task/uploads.ts';
import { createdView } from '../task/view.ts';

const env = readEnv('api/create-task');
const dynamo = new DynamoDBClient();
const now = Date.now;
const activity = keyActivity(dynamo, env.ACTIVITY_TABLE);
const form = uploadForms(dynamo.config, {
  bucket: env.INPUT_BUCKET,
  endpoint: env.AWS_ENDPOINT_URL_S3,
});
const uploads = uploadsOf((id, index, type) => form(uploadKey(id, index), type, now()));
const create = createTask({
  ledger: openings(dynamo, {
    accounts: env.ACCOUNT_TABLE,
    keys: env.KEY_TABLE,
    tasks: env.TASK_TABLE,
    idempotency: env.IDEMPOTENCY_TABLE,
  }),
  tasks: taskTable(dynamo, env.TASK_TABLE),
  workflow: starting(new SFNClient(), env.WORKFLOW_ARN),
  now,
  newId: newTaskId,
  refusal: (url) => refusal(url, { loopback: env.LOOPBACK === 'allowed' }),
  fileIdOf: fileIdOf(env.PUBLIC_URL),
  startFailed: (taskId, cause) => log('warn', 'start.failed', { taskId, cause }),
});

// Of the provider that is asked first: whether it has a key, and takes the job, is seen later.
const learned = learnedSeconds(durations(dynamo, env.ACTIVITY_TABLE, now), env.USUAL_SECONDS);
const usual = async (model: string): Promise<number> => {
  const [first] = paintersOf(model, env.PROVIDERS);
  return first ? Math.round(await learned(model, first)) : usualSeconds(model, env.USUAL_SECONDS);
};

export const handler = route(
  callersOf(dynamo, env, activity),
  GenerationRequest,
  async ({ body, caller, headers }) => {
    const answer = await create(body, caller, headers['idempotency-key']);
    measure(created(answer));
    const { task, replayed } = answer;
    return {
      status: 200,
      headers: replayed ? { 'idempotency-replayed': 'true' } : {},
      body: createdView(
        task,
        { now: now(), usualSeconds: await usual(task.model) },
        await uploads(task),
      ),
    };
  },
  { limit: limitRequests(activity, now) },
);
