import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import { providerKey, secret } from '../aws/secrets.ts';
import { waitingStates } from '../aws/state-machine.ts';
import { taskTable } from '../aws/task-table.ts';
import { providersAt } from '../provider/providers.ts';
import { readEnv } from '../runtime/env.ts';
import { log } from '../runtime/log.ts';
import { step, WaitInput } from '../runtime/step.ts';
import { pollTask } from '../task/poll-task.ts';

const env = readEnv('workflow/poll-task');
const now = Date.now;
const keys = secret(new SecretsManagerClient(), env.PROVIDER_SECRET, now);
const poll = pollTask({
  tasks: taskTable(new DynamoDBClient(), env.TASK_TABLE),
  workflow: waitingStates(new SFNClient()),
  providers: providersAt(env, (provider) => providerKey(keys, provider)),
  now,
  providerBusy: (taskId, cause) => log('warn', 'provider.busy', { taskId, cause }),
});

export const handler = step(WaitInput, ({ taskId, token }) => poll(taskId, token));
