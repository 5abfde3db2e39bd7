import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  ExecutionDoesNotExist,
  paginateListExecutions,
  type SFNClient,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { findTasks } from '../../functions/adapters/aws/dynamodb/whole-tables.ts';
import { taskIdOf } from '../../functions/adapters/aws/state-machine.ts';
import type { TaskRecord } from '../../functions/domain/model/task.ts';
import { isSubmittedAgain } from './compare-tables.ts';
import type { Plan } from './plan.ts';

/**
 * An execution that does not fit the restored tables. `lost task`: they do not have its task. `ahead of its task`: it
 * waits for a provider, but in these tables its task is not submitted yet. After it is stopped, a new execution submits
 * the task.
 */
export type Orphan = {
  readonly execution: string;
  readonly task: string;
  readonly reason: 'lost task' | 'ahead of its task';
  /** In unix seconds. */
  readonly started_at: number;
};

type Clients = { readonly dynamo: DynamoDBClient; readonly states: SFNClient };

/** Finds the running executions that do not fit the restored tables. */
export async function findOrphans(
  { dynamo, states }: Clients,
  { tables, stateMachine }: Plan,
): Promise<readonly Orphan[]> {
  const pages = paginateListExecutions(
    { client: states },
    { stateMachineArn: stateMachine, statusFilter: 'RUNNING' },
  );
  const orphans: Orphan[] = [];
  for await (const { executions = [] } of pages) {
    const ids = executions.map(({ name = '' }) => taskIdOf(name));
    const before = await findTasks(dynamo, tables.Tasks.from, ids);
    const restored = await findTasks(dynamo, tables.Tasks.to, ids);
    for (const { executionArn: execution = '', name = '', startDate } of executions) {
      const task = taskIdOf(name);
      const reason = reasonOf(before.get(task), restored.get(task));
      const started_at = Math.floor((startDate?.getTime() ?? 0) / 1000);
      if (reason) orphans.push({ execution, task, reason, started_at });
    }
  }
  return orphans;
}

function reasonOf(
  before: TaskRecord | undefined,
  restored: TaskRecord | undefined,
): Orphan['reason'] | undefined {
  if (!restored) return 'lost task';
  return before && isSubmittedAgain(before, restored) ? 'ahead of its task' : undefined;
}

/** Stops executions. It is no error when one has ended by itself. */
export async function stopExecutions(states: SFNClient, orphans: readonly Orphan[]): Promise<void> {
  for (const { execution: executionArn } of orphans) {
    const stop = new StopExecutionCommand({
      executionArn,
      error: 'Restored',
      cause: 'The tables were restored to a moment before this.',
    });
    await states.send(stop).catch((thrown: unknown) => {
      if (!(thrown instanceof ExecutionDoesNotExist)) throw thrown;
    });
  }
}
