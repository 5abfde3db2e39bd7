import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import { signingKeys } from '../aws/signing-keys.ts';
import { waitingStates } from '../aws/state-machine.ts';
import { taskTable } from '../aws/task-table.ts';
import { falSignature } from '../provider/fal-signature.ts';
import { readEnv } from '../runtime/env.ts';
import { openRoute } from '../runtime/http.ts';
import { providerCallback } from '../task/provider-callback.ts';

const env = readEnv('api/provider-callback');
const now = Date.now;
const hear = providerCallback({
  tasks: taskTable(new DynamoDBClient(), env.TASK_TABLE),
  workflow: waitingStates(new SFNClient()),
  keys: signingKeys(new SecretsManagerClient(), env.SIGNING_SECRET, now),
  signatures: { fal: falSignature({ keysUrl: env.FAL_KEYS_URL }) },
  now,
});

export const handler = openRoute(async ({ path, headers }, { body = '', isBase64Encoded }) => {
  const { provider = '', task = '', secret = '' } = path;
  const text = isBase64Encoded ? Buffer.from(body, 'base64').toString() : body;
  await hear({ provider, taskId: task, secret }, { headers, body: text });
  return { status: 200, body: {} };
});
