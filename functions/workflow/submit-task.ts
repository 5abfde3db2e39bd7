import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { durations } from '../aws/durations.ts';
import { inputLinks } from '../aws/input-links.ts';
import { providerKey, providersWithKey, secret } from '../aws/secrets.ts';
import { taskTable } from '../aws/task-table.ts';
import { providersAt } from '../provider/providers.ts';
import { readEnv } from '../runtime/env.ts';
import { log } from '../runtime/log.ts';
import { count } from '../runtime/metric.ts';
import { step, TaskInput } from '../runtime/step.ts';
import { learnedSeconds, paintersOf } from '../task/models.ts';
import { providerCallbackUrl } from '../task/provider-callback.ts';
import { submitTask } from '../task/submit-task.ts';

const env = readEnv('workflow/submit-task');
const now = Date.now;
const dynamo = new DynamoDBClient();
const secrets = new SecretsManagerClient();
const keys = secret(secrets, env.PROVIDER_SECRET, now);
const withKey = providersWithKey(keys);
const signing = secret(secrets, env.SIGNING_SECRET, now);
const submit = submitTask({
  tasks: taskTable(dynamo, env.TASK_TABLE),
  inputs: inputLinks(new S3Client(), env.INPUT_BUCKET),
  providers: providersAt(env, (provider) => providerKey(keys, provider)),
  offered: async (model) => {
    const offered = await withKey();
    return paintersOf(model, env.PROVIDERS).filter((name) => offered.has(name));
  },
  callbackUrl: async (provider, taskId) =>
    providerCallbackUrl(env.PUBLIC_URL, await signing(), provider, taskId),
  usualSeconds: learnedSeconds(durations(dynamo, env.ACTIVITY_TABLE, now), env.USUAL_SECONDS),
  now,
  outcomeUnknown: (taskId) => {
    log('error', 'submit.unknown', { taskId });
    count('UnknownSubmit');
  },
  operatorMustAct: (taskId, { failure, cause }) => {
    const said = cause instanceof Error ? cause.message : undefined;
    log('error', 'provider.refused_operator', { taskId, code: failure.code, said });
    count('ProviderRefusedOperator');
  },
  passedOver: (taskId, provider, cause) =>
    log('warn', 'provider.passed_over', { taskId, provider, cause }),
});

export const handler = step(TaskInput, async ({ taskId }) => ({
  taskId,
  ...(await submit(taskId)),
}));
