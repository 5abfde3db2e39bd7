import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import { clientConfig } from '../adapters/aws/client-config.ts';
import { taskTable } from '../adapters/aws/dynamodb/task-table.ts';
import { cachedSecret, providerKey } from '../adapters/aws/secrets.ts';
import { taskTokens } from '../adapters/aws/state-machine.ts';
import { createProviders, providerAdapters } from '../adapters/providers/registry.ts';
import { metricNames } from '../domain/model/metric-names.ts';
import { requireProviderKey } from '../domain/providers/provider-key.ts';
import { pollTask } from '../domain/tasks/poll-task.ts';
import { PollInput } from '../domain/tasks/state-inputs.ts';
import { readEnv } from '../runtime/env.ts';
import { log } from '../runtime/log.ts';
import { countMetric } from '../runtime/metric.ts';
import { step } from '../runtime/step.ts';

const env = readEnv('workflow/poll-task');
const now = Date.now;
const keys = cachedSecret(new SecretsManagerClient(clientConfig), env.PROVIDER_SECRET, now);
const poll = pollTask({
  tasks: taskTable(new DynamoDBClient(clientConfig), env.TASK_TABLE),
  workflow: taskTokens(new SFNClient(clientConfig)),
  providers: createProviders(providerAdapters, env.PROVIDER_URLS, (provider) =>
    requireProviderKey(provider, providerKey(keys, provider)),
  ),
  now,
  providerBusy: (taskId, cause) => log('warn', 'provider.busy', { taskId, cause }),
  overdue: () => countMetric(metricNames.taskPastDeadline),
  unanswered: (taskId) => {
    log('error', 'provider.unanswered', { taskId });
    countMetric(metricNames.unansweredTask);
  },
});

export const handler = step(PollInput, async ({ taskId, token, pollSeconds }) => {
  const outcome = await poll(taskId, token, pollSeconds);
  if (!outcome) return;
  const code = outcome.state === 'failed' ? outcome.failure.code : undefined;
  log('debug', 'task.generated', { taskId, code });
});
