import type { Command } from 'commander';
import type { DarkroomApi, Task } from '../api/api.ts';
import { apiFor, type ConnectionOptions, withConnectionOptions } from '../api/connection.ts';
import { parseTaskId } from '../program/arguments.ts';
import { CliError, hasErrorCode } from '../program/cli-error.ts';
import { exitCodes } from '../program/exit-codes.ts';
import type { Terminal } from '../program/terminal.ts';

/** `darkroom cancel`: ends a task before it is finished. */
export function addCancel(program: Command, terminal: Terminal): void {
  withConnectionOptions(
    program
      .command('cancel')
      .description('cancel a task that has not ended yet')
      .argument('<id>', 'its id, as `darkroom tasks` lists it', parseTaskId),
  ).action(async (id: string, options: ConnectionOptions) => {
    const task = await cancel(await apiFor(options, terminal), id);
    const state = stateAfterCancel(task);
    terminal.print(options.json ? JSON.stringify(task) : `${id} ${state}`);
  });
}

/** The state of a task after a cancel, in words. */
export function stateAfterCancel({ status }: Pick<Task, 'status'>): string {
  if (status === 'failed') return 'is cancelled';
  return status === 'pending'
    ? 'is being cancelled'
    : 'will be cancelled if its provider still can';
}

async function cancel(api: DarkroomApi, id: string): Promise<Task> {
  const task = await api.cancel(id).catch((thrown: unknown) => {
    // Perhaps our first request has cancelled the task, and only its response was lost.
    if (hasErrorCode(thrown, 'task_ended')) return api.task(id);
    throw thrown;
  });
  if (hasEndedOtherwise(task)) {
    throw new CliError(`Nothing to cancel: ${id} has ended already (${task.status})`, {
      exitCode: exitCodes.rejected,
      code: 'task_ended',
      taskId: id,
    });
  }
  return task;
}

const hasEndedOtherwise = (task: Task): boolean =>
  task.status === 'completed' ||
  (task.status === 'failed' && task.error.code !== 'request_cancelled');
