import { setTimeout } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import { clientConfig, s3ClientConfig } from '../adapters/aws/client-config.ts';
import { durations } from '../adapters/aws/dynamodb/durations.ts';
import { queueTable } from '../adapters/aws/dynamodb/queue-table.ts';
import { rejections } from '../adapters/aws/dynamodb/rejections.ts';
import { taskTable } from '../adapters/aws/dynamodb/task-table.ts';
import { slotDeps } from '../adapters/aws/provider-slots.ts';
import { inputLinks } from '../adapters/aws/s3/input-bucket.ts';
import { cachedSecret, providerKey, providersWithKey } from '../adapters/aws/secrets.ts';
import { taskProviders } from '../adapters/providers/registry.ts';
import { metricNames } from '../domain/model/metric-names.ts';
import { offeredProviders, requireProviderKey } from '../domain/providers/available-providers.ts';
import { measuredSecondsOf } from '../domain/providers/durations.ts';
import { poolsWith } from '../domain/providers/pools.ts';
import { queueEstimatesOf } from '../domain/providers/queue-position.ts';
import { providerSlots } from '../domain/providers/slots.ts';
import { providerWebhookUrl } from '../domain/tasks/provider-webhook.ts';
import { PreparedInput } from '../domain/tasks/state-inputs.ts';
import { submitTask } from '../domain/tasks/submit-task.ts';
import { readEnv } from '../runtime/env.ts';
import { log } from '../runtime/log.ts';
import { countTaskMetric } from '../runtime/metric.ts';
import { grantExpired } from '../runtime/slot-signals.ts';
import { step } from '../runtime/step.ts';

const env = readEnv('workflow/submit-task');
const now = Date.now;
const dynamo = new DynamoDBClient(clientConfig);
const secrets = new SecretsManagerClient(clientConfig);
const keys = cachedSecret(secrets, env.PROVIDER_SECRET, now);
const signing = cachedSecret(secrets, env.SIGNING_SECRET, now);
const estimates = queueEstimatesOf({
  queue: queueTable(dynamo, env.QUEUE_TABLE),
  durations: durations(dynamo, env.ACTIVITY_TABLE, now),
  capacities: env.PROVIDER_CAPACITIES,
  typicalSeconds: env.TYPICAL_SECONDS,
  now,
});
const rejected = rejections(dynamo, env.ACTIVITY_TABLE, now);
const submit = submitTask({
  tasks: taskTable(dynamo, env.TASK_TABLE),
  inputs: inputLinks(new S3Client(s3ClientConfig), env.INPUT_BUCKET),
  providers: taskProviders(env.PROVIDER_URLS, now, (provider) =>
    requireProviderKey(provider, providerKey(keys, provider)),
  ),
  availableProviders: offeredProviders(env.PROVIDERS, providersWithKey(keys)),
  webhookUrl: async (provider, taskId) =>
    providerWebhookUrl(env.PUBLIC_URL, await signing(), provider, taskId),
  slots: providerSlots(
    slotDeps({
      dynamo,
      states: new SFNClient(clientConfig),
      tables: { tasks: env.TASK_TABLE, queue: env.QUEUE_TABLE },
      pools: poolsWith(env.PROVIDER_CAPACITIES),
      now,
      grantExpired,
    }),
  ),
  typicalSeconds: measuredSecondsOf(
    durations(dynamo, env.ACTIVITY_TABLE, now),
    env.TYPICAL_SECONDS,
  ),
  expectedWait: estimates.ofNewcomer,
  now,
  pause: (milliseconds) => setTimeout(milliseconds),
  onAccepted: (taskId, provider) => log('debug', 'task.submitted', { taskId, provider }),
  outcomeUnknown: (task) => {
    log('error', 'submit.unknown', { taskId: task.id });
    countTaskMetric(task, metricNames.unknownSubmit);
  },
  onDeferred: (task, provider) => {
    log('warn', 'submit.deferred', { taskId: task.id, provider });
    countTaskMetric(task, metricNames.deferredSubmit);
  },
  operatorMustAct: (task, { failure, cause }) => {
    log('error', 'provider.account_rejected', {
      taskId: task.id,
      code: failure.code,
      providerError: cause instanceof Error ? cause.message : undefined,
    });
    countTaskMetric(task, metricNames.providerAccountRejected);
  },
  // The count is only information: no task fails because a rejection was not counted.
  recordRejection: (provider, code) =>
    rejected
      .record(provider, code)
      .catch((cause: unknown) => log('warn', 'rejection.not_counted', { provider, code, cause })),
  onFallback: (taskId, provider, cause) =>
    log('warn', 'provider.fallback', { taskId, provider, cause }),
});

export const handler = step(PreparedInput, async ({ taskId, inputFormats }) => ({
  taskId,
  ...(await submit(taskId, inputFormats)),
}));
