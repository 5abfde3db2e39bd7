import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { clientConfig } from '../adapters/aws/client-config.ts';
import { accountTable } from '../adapters/aws/dynamodb/account-table.ts';
import { taskTable } from '../adapters/aws/dynamodb/task-table.ts';
import { cachedSecret } from '../adapters/aws/secrets.ts';
import { deliver } from '../adapters/callbacks/deliver.ts';
import { sign } from '../adapters/callbacks/sign.ts';
import { currentSecrets } from '../domain/model/account.ts';
import { metricNames } from '../domain/model/metric-names.ts';
import { callbackEventId } from '../domain/model/task.ts';
import { notifyCaller } from '../domain/tasks/notify-caller.ts';
import { TaskInput } from '../domain/tasks/state-inputs.ts';
import { endedTaskResponseFor } from '../domain/wire/task-response.ts';
import { withoutCallback } from '../domain/wire/view.ts';
import { readEnv } from '../runtime/env.ts';
import { log } from '../runtime/log.ts';
import { countMetric } from '../runtime/metric.ts';
import { step } from '../runtime/step.ts';

const env = readEnv('workflow/notify-caller');
const dynamo = new DynamoDBClient(clientConfig);
const now = Date.now;
const rules = { allowLoopback: env.ALLOW_LOOPBACK };
const accounts = accountTable(dynamo, env.ACCOUNT_TABLE);
const signing = cachedSecret(new SecretsManagerClient(clientConfig), env.SIGNING_SECRET, now);
const responseFor = endedTaskResponseFor({ baseUrl: env.PUBLIC_URL, secret: signing, now });
const notify = notifyCaller({
  tasks: taskTable(dynamo, env.TASK_TABLE),
  bodyOf: async (task) => JSON.stringify(withoutCallback(await responseFor(task))),
  deliver: async ({ id, account }, url, body) => {
    const secrets = currentSecrets(await accounts.secrets(account), now());
    const headers = sign(secrets, callbackEventId(id), body, now());
    return deliver({ url, body, headers, rules });
  },
  now,
  callbackRetryDelays: env.CALLBACK_RETRY_DELAYS,
  undelivered: (taskId, cause) => {
    log('warn', 'callback.undelivered', { taskId, cause });
    countMetric(metricNames.undeliveredCallback);
  },
});

export const handler = step(TaskInput, async ({ taskId }) => {
  const callback = await notify(taskId);
  if (callback) {
    const { state, attempts, lastStatus } = callback;
    log('debug', 'callback.attempted', {
      taskId,
      code: state,
      count: attempts,
      status: lastStatus,
    });
  }
  return { taskId };
});
