import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SFNClient } from '@aws-sdk/client-sfn';
import { waitingStates } from '../aws/state-machine.ts';
import { taskTable } from '../aws/task-table.ts';
import { readEnv } from '../runtime/env.ts';
import { step, WaitInput } from '../runtime/step.ts';
import { awaitProvider } from '../task/await-provider.ts';

const env = readEnv('workflow/await-provider');
const wait = awaitProvider({
  tasks: taskTable(new DynamoDBClient(), env.TASK_TABLE),
  workflow: waitingStates(new SFNClient()),
});

export const handler = step(WaitInput, ({ taskId, token }) => wait(taskId, token));
