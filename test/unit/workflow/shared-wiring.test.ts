import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { SFNClient } from '@aws-sdk/client-sfn';
import { afterAll, expect, test, vi } from 'vitest';
import { only } from '../../support/fakes.ts';
import { completed, pending, processing, sampleId } from '../../support/tasks.ts';
import { lines } from '../runtime/lines.ts';

// The dimension of the metrics is read when the module is loaded.
vi.stubEnv('POWERTOOLS_SERVICE_NAME', 'Darkroom-prod');
vi.stubEnv('AWS_REGION', 'eu-central-1');
afterAll(() => vi.unstubAllEnvs());
const { workflowRecovery } = await import('../../../functions/events/workflow-recovery.ts');
const { callbacks } = await import('../../../functions/workflow/callbacks.ts');
const { settlement } = await import('../../../functions/workflow/settlement.ts');

const written = lines();
const writtenBy = async (operation: () => unknown): Promise<string> => {
  const before = written.text().length;
  await operation();
  return written.text().slice(before);
};

/** A client of AWS whose every call has this response. */
const answering = <Client>(response: object): Client =>
  ({ send: async () => response }) as unknown as Client;

const table = { TASK_TABLE: 'tasks', ACCOUNT_TABLE: 'accounts', PUBLIC_URL: 'https://example.com' };
const unlimited = { capacity: undefined, countedBy: 'provider' } as const;
const variables = { ALLOW_LOOPBACK: false, POWERTOOLS_SERVICE_NAME: 'Darkroom-prod' } as const;

test('the fifth execution of a task that has died is an error in the log and a metric', async () => {
  const recover = workflowRecovery(
    { recordNextExecution: async () => true },
    answering<SFNClient>({ status: 'FAILED' }),
    'arn:aws:states:eu-central-1:111122223333:stateMachine:machine',
  );

  expect(await writtenBy(() => recover(pending({ execution: 4 })))).not.toContain('ExhaustedTask');
  const text = await writtenBy(() => recover(pending({ execution: 5 })));
  expect(text).toContain('task.exhausted');
  expect(text).toContain('"ExhaustedTask":1');
});

test('a settled task is counted, and one that was settled before is not', async () => {
  const { settled } = settlement(answering<DynamoDBClient>({}), {
    ...table,
    ...variables,
    KEY_TABLE: 'keys',
    QUEUE_TABLE: 'queue',
    PROVIDER_CAPACITIES: only(unlimited),
    ACTIVITY_TABLE: 'activity',
    INPUT_BUCKET: 'inputs',
    RESULT_BUCKET: 'results',
    RETENTION_DAYS: 30,
    MODEL_PRICES: {},
  });

  expect(await writtenBy(() => settled(undefined))).toBe('');
  const text = await writtenBy(() => settled({ task: processing(), ended: completed() }));
  expect(text).toContain('"TaskCompleted":1');
});

test('the callback of a task that there is not any more is sent to nobody', async () => {
  const { notifyCaller } = callbacks(
    {
      dynamo: answering<DynamoDBClient>({ Items: [] }),
      secretsManager: answering<SecretsManagerClient>({}),
    },
    { ...table, ...variables, SIGNING_SECRET: 'signing', CALLBACK_RETRY_DELAYS: [60] },
  );

  expect(await writtenBy(async () => expect(await notifyCaller(sampleId)).toBeUndefined())).toBe(
    '',
  );
});
