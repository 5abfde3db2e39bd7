import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  InvalidToken,
  SendTaskFailureCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
  type SFNClient,
  StartExecutionCommand,
  TaskDoesNotExist,
  TaskTimedOut,
} from '@aws-sdk/client-sfn';
import { isTaskId } from '../../domain/model/ids.ts';
import { rescheduled, woken } from '../../domain/model/workflow-errors.ts';
import type { Workflow } from '../../domain/tasks/ports.ts';

/** The name of an execution: the task's id, from the second execution on with its number. */
const nameOf = (taskId: string, execution: number): string =>
  execution === 1 ? taskId : `${taskId}-${execution}`;

/** The task that an execution of this name belongs to. */
export function taskIdOf(name: string): string {
  const withoutNumber = name.replace(/-\d+$/, '');
  return isTaskId(withoutNumber) ? withoutNumber : name;
}

/** Starts the workflow of a task. The execution's name is the task's id, so starting it twice starts it once. */
export const workflowStarter = (
  client: SFNClient,
  stateMachineArn: string,
): Pick<Workflow, 'start'> => ({
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

/** Reads the state of executions. */
export const workflowExecutions = (
  client: SFNClient,
  stateMachineArn: string,
): Pick<Workflow, 'executionState'> => ({
  executionState: async (taskId, execution) => {
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

/** Ends the wait of a state. A state that no longer waits is not an error: the next poll reads the facts. */
export const taskTokens = (
  client: SFNClient,
): Pick<Workflow, 'wake' | 'finish' | 'reschedule'> => ({
  wake: (taskToken) =>
    ignoreStaleToken(client.send(new SendTaskFailureCommand({ taskToken, error: woken }))),
  finish: (taskToken) =>
    ignoreStaleToken(client.send(new SendTaskSuccessCommand({ taskToken, output: '{}' }))),
  reschedule: (taskToken, taskId, { waitSeconds, pollSeconds }) => {
    // The state machine makes the input of its next states from the cause.
    const cause = JSON.stringify({ taskId, waitSeconds, pollSeconds });
    return ignoreStaleToken(
      client.send(new SendTaskFailureCommand({ taskToken, error: rescheduled, cause })),
    );
  },
});

const heartbeatsPerInterval = 3;

/** For a function that still works while its state waits. */
export const workingTokens = (client: SFNClient): Pick<Workflow, 'fail' | 'keepAlive'> => ({
  fail: (taskToken, { name: error, message: cause }) =>
    ignoreStaleToken(client.send(new SendTaskFailureCommand({ taskToken, error, cause }))),
  keepAlive: (taskToken, seconds) => {
    // A heartbeat that fails is followed by the next one. If all fail, the state is entered again, which does no harm.
    const beat = () =>
      client.send(new SendTaskHeartbeatCommand({ taskToken })).catch(() => undefined);
    let beats: Promise<unknown> = beat();
    const timer = setInterval(
      () => {
        beats = Promise.all([beats, beat()]);
      },
      (seconds * 1000) / heartbeatsPerInterval,
    );
    return {
      [Symbol.asyncDispose]: async () => {
        clearInterval(timer);
        await beats; // Lambda freezes a function that has returned in the middle of a request
      },
    };
  },
});

const staleTokenErrors = [TaskTimedOut, TaskDoesNotExist, InvalidToken];

async function ignoreStaleToken(sent: Promise<unknown>): Promise<void> {
  try {
    await sent;
  } catch (error) {
    if (!staleTokenErrors.some((kind) => error instanceof kind)) throw error;
  }
}
