import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  InvalidToken,
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
  type SFNClient,
  StartExecutionCommand,
  TaskDoesNotExist,
  TaskTimedOut,
} from '@aws-sdk/client-sfn';
import { woken } from '../task/failures.ts';
import type { Workflow } from '../task/ports.ts';

type Tokens = Pick<Workflow, 'wake' | 'finish'>;

/** The name of an execution: the task's own, and a number from the second on. */
const nameOf = (taskId: string, execution: number): string =>
  execution === 1 ? taskId : `${taskId}-${execution}`;

/** The task that an execution of this name belongs to. */
export const taskOf = (name: string): string =>
  name.replace(/^(task-unified-\d+-[a-z0-9]{8})-\d+$/, '$1');

/** Starts the workflow of a task. The execution is named after it: starting twice is starting once. */
export const starting = (client: SFNClient, stateMachineArn: string): Pick<Workflow, 'start'> => ({
  start: async (taskId, execution = 1) => {
    const input = JSON.stringify({ taskId });
    const name = nameOf(taskId, execution);
    try {
      await client.send(new StartExecutionCommand({ stateMachineArn, name, input }));
    } catch (error) {
      if (!(error instanceof ExecutionAlreadyExists)) throw error;
    }
  },
});

/** Looks at the executions there are. */
export const executions = (
  client: SFNClient,
  stateMachineArn: string,
): Pick<Workflow, 'state'> => ({
  state: async (taskId, execution) => {
    const machine = stateMachineArn.replace(':stateMachine:', ':execution:');
    const executionArn = `${machine}:${nameOf(taskId, execution)}`;
    try {
      const { status } = await client.send(new DescribeExecutionCommand({ executionArn }));
      return status === 'RUNNING' ? 'running' : 'over';
    } catch (error) {
      if (error instanceof ExecutionDoesNotExist) return 'absent';
      throw error;
    }
  },
});

/** Ends the wait of a state. The one that waits no more is not an error: the next poll sees the facts. */
export const waitingStates = (client: SFNClient): Tokens => ({
  wake: (taskToken) =>
    unlessStale(client.send(new SendTaskFailureCommand({ taskToken, error: woken }))),
  finish: (taskToken) =>
    unlessStale(client.send(new SendTaskSuccessCommand({ taskToken, output: '{}' }))),
});

const stale = [TaskTimedOut, TaskDoesNotExist, InvalidToken];

async function unlessStale(sent: Promise<unknown>): Promise<void> {
  try {
    await sent;
  } catch (error) {
    if (!stale.some((kind) => error instanceof kind)) throw error;
  }
}
