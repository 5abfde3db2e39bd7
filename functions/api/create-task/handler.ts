import { SFNClient } from '@aws-sdk/client-sfn';
import { clientConfig } from '../../adapters/aws/client-config.ts';
import { durations } from '../../adapters/aws/dynamodb/durations.ts';
import { playCredits } from '../../adapters/aws/dynamodb/play-credits.ts';
import { queueTable } from '../../adapters/aws/dynamodb/queue-table.ts';
import { reservations } from '../../adapters/aws/dynamodb/reservations.ts';
import { taskTable } from '../../adapters/aws/dynamodb/task-table.ts';
import { uploadKey } from '../../adapters/aws/s3/bucket-keys.ts';
import { uploadForms } from '../../adapters/aws/s3/presign.ts';
import { workflowStarter } from '../../adapters/aws/state-machine.ts';
import { urlProblem } from '../../adapters/outbound/check-url.ts';
import { maxInputBytes, pricedModels } from '../../domain/model/catalogue.ts';
import { requestHeaders } from '../../domain/model/http-headers.ts';
import { newTaskId } from '../../domain/model/ids.ts';
import { metricNames } from '../../domain/model/metric-names.ts';
import { providersOf } from '../../domain/providers/available-providers.ts';
import { estimateSeconds } from '../../domain/providers/durations.ts';
import { queueEstimatesOf } from '../../domain/providers/queue-position.ts';
import { createTask } from '../../domain/tasks/create-task.ts';
import { fileIdOf } from '../../domain/tasks/input-files.ts';
import { createdMetrics } from '../../domain/tasks/metrics.ts';
import { generationRequest } from '../../domain/wire/request.ts';
import { retryAfter } from '../../domain/wire/retry-after.ts';
import { createdView, uploadsOf } from '../../domain/wire/view.ts';
import { readEnv } from '../../runtime/env.ts';
import { replayedHeader, serve } from '../../runtime/http.ts';
import { log } from '../../runtime/log.ts';
import { countMetric, emitTaskMetrics } from '../../runtime/metric.ts';
import { jsonBody } from '../../runtime/route.ts';
import { callers, dynamo } from '../callers.ts';
import { waitRedirect } from '../offer-wait.ts';
import { route } from './route.ts';

const env = readEnv('api/create-task');
const now = Date.now;
const form = uploadForms(dynamo.config, {
  bucket: env.INPUT_BUCKET,
  endpoint: env.AWS_ENDPOINT_URL_S3,
  maxBytes: maxInputBytes,
});
const uploads = uploadsOf((id, index, type, expiresAt) =>
  form(uploadKey(id, index), type, now(), expiresAt),
);
const catalogue = pricedModels(env.MODEL_PRICES);
const create = createTask({
  catalogue,
  ledger: {
    ...reservations(dynamo, {
      accounts: env.ACCOUNT_TABLE,
      keys: env.KEY_TABLE,
      tasks: env.TASK_TABLE,
      idempotency: env.IDEMPOTENCY_TABLE,
    }),
    ...playCredits(dynamo, env.ACCOUNT_TABLE),
  },
  tasks: taskTable(dynamo, env.TASK_TABLE),
  workflow: workflowStarter(new SFNClient(clientConfig), env.WORKFLOW_ARN),
  now,
  newId: newTaskId,
  urlProblem: (url, maxLength) => urlProblem(url, { maxLength, allowLoopback: env.ALLOW_LOOPBACK }),
  fileIdOf: fileIdOf(env.PUBLIC_URL, env.FORMER_URL),
  startFailed: (taskId, cause) => log('warn', 'start.failed', { taskId, cause }),
  budgetExceeded: (account) => {
    countMetric(metricNames.budgetExceeded);
    log('warn', 'budget.exceeded', { account });
  },
});
const estimate = estimateSeconds({
  durations: durations(dynamo, env.ACTIVITY_TABLE, now),
  providers: env.PROVIDERS,
  typicalSeconds: env.TYPICAL_SECONDS,
});
const { ofCreated } = queueEstimatesOf({
  queue: queueTable(dynamo, env.QUEUE_TABLE),
  durations: durations(dynamo, env.ACTIVITY_TABLE, now),
  capacities: env.PROVIDER_CAPACITIES,
  typicalSeconds: env.TYPICAL_SECONDS,
  now,
});
const whereToWait = waitRedirect(env);

export const handler = serve(
  { ...route, body: jsonBody(generationRequest(catalogue, env.MODEL_ALIASES)) },
  async ({ body, caller, method, headers }) => {
    const created = await create(body, caller, headers[requestHeaders.idempotencyKey]);
    const { task, replayed } = created;
    emitTaskMetrics(task, createdMetrics(created));
    const [typicalSeconds, queued] = await Promise.all([
      estimate(task),
      ofCreated(task, providersOf(task, env.PROVIDERS)),
    ]);
    return {
      seeOther: await whereToWait(task, caller, { method, headers }),
      headers: {
        ...replayedHeader(replayed),
        ...retryAfter(task, { now: now(), typicalSeconds }),
      },
      body: createdView(
        task,
        { now: now(), typicalSeconds, queued },
        await uploads(task, now()),
        body.ignored,
      ),
    };
  },
  callers,
);
