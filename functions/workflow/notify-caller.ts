import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { accountTable } from '../aws/account-table.ts';
import { secret } from '../aws/secrets.ts';
import { taskTable } from '../aws/task-table.ts';
import { readEnv } from '../runtime/env.ts';
import { log } from '../runtime/log.ts';
import { count } from '../runtime/metric.ts';
import { step, TaskInput } from '../runtime/step.ts';
import { validSecrets } from '../task/account.ts';
import { answerAbout, withoutCallback } from '../task/answer.ts';
import { notifyCaller } from '../task/notify-caller.ts';
import { deliver } from '../webhook/deliver.ts';
import { sign } from '../webhook/sign.ts';

const env = readEnv('workflow/notify-caller');
const dynamo = new DynamoDBClient();
const now = Date.now;
const rules = { loopback: env.LOOPBACK === 'allowed' };
const accounts = accountTable(dynamo, env.ACCOUNT_TABLE);
const signing = secret(new SecretsManagerClient(), env.SIGNING_SECRET, now);
const answer = answerAbout({ baseUrl: env.PUBLIC_URL, secret: signing, now });
const notify = notifyCaller({
  tasks: taskTable(dynamo, env.TASK_TABLE),
  bodyOf: async (task) => JSON.stringify(withoutCallback(await answer(task))),
  deliver: async ({ id, account }, url, body) => {
    const secrets = validSecrets(await accounts.secrets(account), now());
    const headers = sign(secrets, `evt-${id}`, body, now());
    return deliver({ url, body, headers, rules });
  },
  now,
  tailSeconds: env.CALLBACK_TAIL,
  undelivered: (taskId) => {
    log('warn', 'callback.undelivered', { taskId });
    count('UndeliveredCallback');
  },
});

export const handler = step(TaskInput, async ({ taskId }) => {
  await notify(taskId);
  return { taskId };
});
