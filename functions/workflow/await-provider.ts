import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SFNClient } from '@aws-sdk/client-sfn';
import { clientConfig } from '../adapters/aws/client-config.ts';
import { taskTable } from '../adapters/aws/dynamodb/task-table.ts';
import { taskTokens } from '../adapters/aws/state-machine.ts';
import { awaitProvider } from '../domain/tasks/begin-wait.ts';
import { WaitInput } from '../domain/tasks/state-inputs.ts';
import { readEnv } from '../runtime/env.ts';
import { step } from '../runtime/step.ts';

const env = readEnv('workflow/await-provider');
const wait = awaitProvider({
  tasks: taskTable(new DynamoDBClient(clientConfig), env.TASK_TABLE),
  workflow: taskTokens(new SFNClient(clientConfig)),
});

export const handler = step(WaitInput, ({ taskId, token }) => wait(taskId, token));
