import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { clientConfig } from '../../adapters/aws/client-config.ts';
import { durations } from '../../adapters/aws/dynamodb/durations.ts';
import { queueTable } from '../../adapters/aws/dynamodb/queue-table.ts';
import { rejections } from '../../adapters/aws/dynamodb/rejections.ts';
import { cachedSecret, providersWithKey } from '../../adapters/aws/secrets.ts';
import { measuredSecondsOf } from '../../domain/providers/durations.ts';
import { listProviders } from '../../domain/providers/list-providers.ts';
import { pageResponse } from '../../domain/wire/cursor.ts';
import { readEnv } from '../../runtime/env.ts';
import { serve } from '../../runtime/http.ts';
import { callers, dynamo } from '../callers.ts';
import { route } from './route.ts';

const env = readEnv('api/list-providers');
const now = Date.now;
const secrets = new SecretsManagerClient(clientConfig);
const queue = queueTable(dynamo, env.QUEUE_TABLE);
const list = listProviders({
  order: env.PROVIDERS,
  capacities: env.PROVIDER_CAPACITIES,
  withKey: providersWithKey(cachedSecret(secrets, env.PROVIDER_SECRET, now)),
  typicalSeconds: measuredSecondsOf(
    durations(dynamo, env.ACTIVITY_TABLE, now),
    env.TYPICAL_SECONDS,
  ),
  rejections: rejections(dynamo, env.ACTIVITY_TABLE, now),
  queue,
  now,
});

export const handler = serve(
  route,
  async () => {
    const { providers, reconciledAt } = await list();
    return { body: { ...pageResponse(providers, undefined), reconciled_at: reconciledAt } };
  },
  callers,
);
