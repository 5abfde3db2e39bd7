import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { clientConfig } from '../adapters/aws/client-config.ts';
import { TaskInput } from '../domain/tasks/state-inputs.ts';
import { readEnv } from '../runtime/env.ts';
import { step } from '../runtime/step.ts';
import { callbacks } from './callbacks.ts';

const { notifyCaller } = callbacks(
  {
    dynamo: new DynamoDBClient(clientConfig),
    secretsManager: new SecretsManagerClient(clientConfig),
  },
  readEnv('workflow/notify-caller'),
);

export const handler = step(TaskInput, async ({ taskId }) => {
  await notifyCaller(taskId);
  return { taskId };
});
