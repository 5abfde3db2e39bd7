import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { accountTable } from '../adapters/aws/dynamodb/account-table.ts';
import { taskTable } from '../adapters/aws/dynamodb/task-table.ts';
import { cachedSecret } from '../adapters/aws/secrets.ts';
import { deliver, sign } from '../adapters/callbacks/deliver.ts';
import { currentSecrets } from '../domain/model/account.ts';
import { metricNames } from '../domain/model/metric-names.ts';
import { callbackEventId } from '../domain/model/task.ts';
import { notifyCaller, sendCallback } from '../domain/tasks/notify-caller.ts';
import { callbackBodyFor } from '../domain/wire/task-response.ts';
import type { Env } from '../runtime/env.ts';
import { log } from '../runtime/log.ts';
import { countTaskMetric } from '../runtime/metric.ts';

type Clients = { readonly dynamo: DynamoDBClient; readonly secretsManager: SecretsManagerClient };

/** What the functions that notify callers share. */
export function callbacks({ dynamo, secretsManager }: Clients, env: Env<'workflow/notify-caller'>) {
  const now = Date.now;
  const accounts = accountTable(dynamo, env.ACCOUNT_TABLE);
  const linkKey = cachedSecret(secretsManager, env.SIGNING_SECRET, now);
  const toBody = callbackBodyFor({ baseUrl: env.PUBLIC_URL, secret: linkKey, now });
  const rules = { allowLoopback: env.ALLOW_LOOPBACK };
  const tasks = taskTable(dynamo, env.TASK_TABLE);
  const deps: Parameters<typeof notifyCaller>[0] = {
    tasks,
    // The links in the body are signed too, so their key is read at the same time.
    secretsOf: async (account) => {
      const [secrets] = await Promise.all([accounts.secrets(account), linkKey()]);
      return currentSecrets(secrets, now());
    },
    bodyOf: async (task) => JSON.stringify(await toBody(task)),
    deliver: ({ taskId, url, body, secrets }) => {
      const headers = sign(secrets, callbackEventId(taskId), body, now());
      return deliver({ url, body, headers, rules });
    },
    now,
    callbackRetryDelays: env.CALLBACK_RETRY_DELAYS,
    attempted: (task, { state, attempts, lastStatus }, cause) => {
      const taskId = task.id;
      log('debug', 'callback.attempted', {
        taskId,
        code: state,
        count: attempts,
        status: lastStatus,
        cause,
      });
      if (state !== 'undelivered') return;
      log('warn', 'callback.undelivered', { taskId, cause });
      countTaskMetric(task, metricNames.undeliveredCallback);
    },
  };
  return {
    secretsOf: deps.secretsOf,
    notifyCaller: notifyCaller(deps),
    sendCallback: sendCallback(deps),
  };
}
