import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import { clientConfig } from '../../adapters/aws/client-config.ts';
import { taskTable } from '../../adapters/aws/dynamodb/task-table.ts';
import { secretVersions } from '../../adapters/aws/secret-versions.ts';
import { taskTokens } from '../../adapters/aws/state-machine.ts';
import { providerAdapters, webhookVerifiers } from '../../adapters/providers/registry.ts';
import { signingKeys } from '../../domain/model/signing-keys.ts';
import { linkValidForMs } from '../../domain/model/task.ts';
import { receiveProviderWebhook } from '../../domain/tasks/provider-webhook.ts';
import { readEnv } from '../../runtime/env.ts';
import { serve } from '../../runtime/http.ts';
import { log } from '../../runtime/log.ts';
import { route } from './route.ts';

const env = readEnv('api/provider-webhook');
const receive = receiveProviderWebhook({
  tasks: taskTable(new DynamoDBClient(clientConfig), env.TASK_TABLE),
  workflow: taskTokens(new SFNClient(clientConfig)),
  keys: signingKeys({
    readVersions: secretVersions(new SecretsManagerClient(clientConfig), env.SIGNING_SECRET),
    now: Date.now,
    signatureValidForMs: linkValidForMs,
  }),
  verifiers: webhookVerifiers(providerAdapters, env.PROVIDER_KEYS_URLS, Date.now),
  now: Date.now,
  wakeFailed: (taskId, cause) => log('warn', 'wake.failed', { taskId, cause }),
});

export const handler = serve(
  route,
  async ({ params: { provider, job, secret }, headers, body }) => {
    await receive({ provider, taskId: job, secret }, { headers, body });
    return { body: {} };
  },
);
