import { setTimeout } from 'node:timers/promises';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import { clientConfig } from '../adapters/aws/client-config.ts';
import { cachedSecret, canaryKey } from '../adapters/aws/secrets.ts';
import { publicApi } from '../adapters/public-api/public-api.ts';
import { metricNames } from '../domain/model/metric-names.ts';
import { CanaryFailed, runCanary } from '../domain/tasks/run-canary.ts';
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

// The schedule invokes this function. A failed canary is a result and not an error of the function, so it does not throw: the
// next run comes anyway.
export const handler = async (event: unknown): Promise<void> => {
  const { id } = Event.parse(event);
  try {
    const seconds = await run(id);
    emitMetrics({
      numbers: [
        [metricNames.canarySucceeded, 'Count', 1],
        [metricNames.canarySeconds, 'Seconds', seconds],
      ],
    });
  } catch (cause) {
    if (!(cause instanceof CanaryFailed)) throw cause;
    log('error', 'canary.failed', { taskId: cause.taskId, code: cause.step, cause });
    emitMetrics({ numbers: [[metricNames.canarySucceeded, 'Count', 0]] });
  }
};
