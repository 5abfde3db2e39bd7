import {
  ExecutionAlreadyExists,
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

type Start = Pick<Workflow, 'start'>;
type Tokens = Omit<Workflow, 'start'>;

/** Starts the workflow of a task. The execution is named after the task: starting twice is starting once. */
export const stateMachine = (client: SFNClient, stateMachineArn: string): Start => ({
  start: async (taskId) => {
    try {
      const input = JSON.stringify({ taskId });
      await client.send(new StartExecutionCommand({ stateMachineArn, name: taskId, input }));
    } catch (error) {
      if (!(error instanceof ExecutionAlreadyExists)) throw error;
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
