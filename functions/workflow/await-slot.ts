import { setTimeout } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SFNClient } from '@aws-sdk/client-sfn';
import { clientConfig } from '../adapters/aws/client-config.ts';
import { taskTable } from '../adapters/aws/dynamodb/task-table.ts';
import { slotDeps } from '../adapters/aws/provider-slots.ts';
import { taskTokens } from '../adapters/aws/state-machine.ts';
import { poolsWith } from '../domain/providers/pools.ts';
import { providerSlots } from '../domain/providers/slots.ts';
import { awaitSlot } from '../domain/tasks/begin-wait.ts';
import { WaitInput } from '../domain/tasks/state-inputs.ts';
import { readEnv } from '../runtime/env.ts';
import { grantExpired } from '../runtime/slot-signals.ts';
import { step } from '../runtime/step.ts';

const env = readEnv('workflow/await-slot');
const dynamo = new DynamoDBClient(clientConfig);
const states = new SFNClient(clientConfig);
const wait = awaitSlot({
  tasks: taskTable(dynamo, env.TASK_TABLE),
  slots: providerSlots(
    slotDeps({
      dynamo,
      states,
      tables: { tasks: env.TASK_TABLE, queue: env.QUEUE_TABLE },
      pools: poolsWith(env.PROVIDER_CAPACITIES),
      now: Date.now,
      grantExpired,
    }),
  ),
  workflow: taskTokens(states),
  pause: (milliseconds) => setTimeout(milliseconds),
});

export const handler = step(WaitInput, ({ taskId, token }) => wait(taskId, token));
