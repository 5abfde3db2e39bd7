import { setTimeout } from 'node:timers/promises';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import { clientConfig } from '../adapters/aws/client-config.ts';
import { cachedSecret, canaryKey } from '../adapters/aws/secrets.ts';
import { publicApi } from '../adapters/public-api/public-api.ts';
import { canaryMetrics, canaryOutcome, runCanary } from '../domain/tasks/run-canary.ts';
import { readEnv } from '../runtime/env.ts';
import { log } from '../runtime/log.ts';
import { emitMetrics } from '../runtime/metric.ts';

const env = readEnv('events/canary');
const run = runCanary({
  api: publicApi({ url: env.PUBLIC_URL, allowLoopback: env.ALLOW_LOOPBACK }),
  readKey: canaryKey(
    cachedSecret(new SecretsManagerClient(clientConfig), env.CANARY_SECRET, Date.now),
  ),
  now: Date.now,
  sleep: setTimeout,
});

const Event = z.object({ id: z.string() });

// The schedule invokes this function.
export const handler = async (event: unknown): Promise<void> => {
  const outcome = await canaryOutcome(run(Event.parse(event).id));
  if (outcome.state === 'failed') {
    const { error } = outcome;
    log('error', 'canary.failed', { taskId: error.taskId, code: error.step, cause: error });
  }
  emitMetrics(canaryMetrics(outcome));
};
