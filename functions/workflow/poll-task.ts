import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import { clientConfig } from '../adapters/aws/client-config.ts';
import { taskTable } from '../adapters/aws/dynamodb/task-table.ts';
import { slotDeps } from '../adapters/aws/provider-slots.ts';
import { cachedSecret, providerKey } from '../adapters/aws/secrets.ts';
import { taskTokens, workingTokens } from '../adapters/aws/state-machine.ts';
import { taskProviders } from '../adapters/providers/registry.ts';
import { metricNames } from '../domain/model/metric-names.ts';
import { requireProviderKey } from '../domain/providers/available-providers.ts';
import { poolsWith } from '../domain/providers/pools.ts';
import { providerSlots } from '../domain/providers/slots.ts';
import { endTask } from '../domain/tasks/end-task.ts';
import { pollTask, readingKeysMeanwhile } from '../domain/tasks/poll-task.ts';
import { settleActive } from '../domain/tasks/settle-task.ts';
import { PollInput } from '../domain/tasks/state-inputs.ts';
import { readEnv } from '../runtime/env.ts';
import { log } from '../runtime/log.ts';
import { countTaskMetric } from '../runtime/metric.ts';
import { grantExpired, slotNotReleased } from '../runtime/slot-signals.ts';
import { step } from '../runtime/step.ts';
import { callbacks } from './callbacks.ts';
import { settlement } from './settlement.ts';

const env = readEnv('workflow/poll-task');
const now = Date.now;
const stepFunctions = new SFNClient(clientConfig);
const dynamo = new DynamoDBClient(clientConfig);
const secretsManager = new SecretsManagerClient(clientConfig);
const keys = cachedSecret(secretsManager, env.PROVIDER_SECRET, now);
const { deps, settled, recordDuration } = settlement(dynamo, env);
const { notifyCaller, sendCallback, secretsOf } = callbacks({ dynamo, secretsManager }, env);
const tasks = taskTable(dynamo, env.TASK_TABLE);
const { release } = providerSlots(
  slotDeps({
    dynamo,
    states: stepFunctions,
    tables: { tasks: env.TASK_TABLE, queue: env.QUEUE_TABLE },
    pools: poolsWith(env.PROVIDER_CAPACITIES),
    now,
    grantExpired,
  }),
);
const poll = pollTask({
  tasks,
  workflow: { ...taskTokens(stepFunctions), ...workingTokens(stepFunctions) },
  releaseSlot: (task) => release(task).catch((cause) => slotNotReleased(task.id, cause)),
  providers: taskProviders(env.PROVIDER_URLS, now, (provider) =>
    requireProviderKey(provider, providerKey(keys, provider)),
  ),
  now,
  endTask: endTask({
    tasks,
    settle: settleActive(deps),
    settled,
    secretsOf,
    sendCallback,
    notifyCaller,
    recordDuration,
  }),
  notifyCaller,
  endingFailed: (taskId, cause) => log('warn', 'state.failed', { taskId, cause }),
  outcomeRecorded: (taskId, outcome) => {
    const code = outcome.state === 'failed' ? outcome.failure.code : undefined;
    log('debug', 'task.generated', { taskId, code });
  },
  providerBusy: (taskId, cause) => log('warn', 'provider.busy', { taskId, cause }),
  overdue: (task) => countTaskMetric(task, metricNames.taskPastDeadline),
  unanswered: (task) => {
    log('error', 'provider.unanswered', { taskId: task.id });
    countTaskMetric(task, metricNames.unansweredTask);
  },
});

const pollWithKeys = readingKeysMeanwhile(keys, poll);

export const handler = step(PollInput, async ({ taskId, token, pollSeconds }) => {
  await pollWithKeys(taskId, token, pollSeconds);
});
