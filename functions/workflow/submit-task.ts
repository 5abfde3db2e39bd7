import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { inputLinks } from '../aws/input-links.ts';
import { providerKey, secret } from '../aws/secrets.ts';
import { taskTable } from '../aws/task-table.ts';
import { dashscope } from '../provider/dashscope.ts';
import { readEnv } from '../runtime/env.ts';
import { log } from '../runtime/log.ts';
import { count } from '../runtime/metric.ts';
import { step, TaskInput } from '../runtime/step.ts';
import { usualSeconds } from '../task/models.ts';
import { submitTask } from '../task/submit-task.ts';

const env = readEnv('workflow/submit-task');
const now = Date.now;
const keys = secret(new SecretsManagerClient(), env.PROVIDER_SECRET, now);
const submit = submitTask({
  tasks: taskTable(new DynamoDBClient(), env.TASK_TABLE),
  inputs: inputLinks(new S3Client(), env.INPUT_BUCKET),
  provider: dashscope({ baseUrl: env.DASHSCOPE_URL, apiKey: providerKey(keys, 'dashscope') }),
  providerName: 'dashscope',
  now,
  usualSeconds: (model) => usualSeconds(model, env.USUAL_SECONDS),
  outcomeUnknown: (taskId) => {
    log('error', 'submit.unknown', { taskId });
    count('UnknownSubmit');
  },
  operatorMustAct: (taskId, { failure, cause }) => {
    const said = cause instanceof Error ? cause.message : undefined;
    log('error', 'provider.refused_operator', { taskId, code: failure.code, said });
    count('ProviderRefusedOperator');
  },
});

export const handler = step(TaskInput, async ({ taskId }) => ({
  taskId,
  ...(await submit(taskId)),
}));
