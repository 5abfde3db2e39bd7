import type { Command } from 'commander';
import type { Task } from './answers.ts';
import type { DarkroomApi } from './api.ts';
import { CliError, isRefused } from './cli-error.ts';
import { apiFor } from './connected.ts';
import { type ConnectionOptions, withConnection } from './connection-options.ts';
import { taskId } from './identifiers.ts';
import type { Terminal } from './terminal.ts';

/** `darkroom cancel`: ends a task before its time. */
export function addCancel(program: Command, terminal: Terminal): void {
  withConnection(
    program
      .command('cancel')
      .description('cancel a task that is not over yet')
      .argument('<id>', 'which one, as `darkroom tasks` lists it', taskId),
  ).action(async (id: string, options: ConnectionOptions) => {
    const task = await cancel(await apiFor(options, terminal), id);
    const text = task.status === 'failed' ? 'is cancelled' : 'is being cancelled';
    terminal.print(options.json ? JSON.stringify(task) : `${id} ${text}`);
  });
}

async function cancel(api: DarkroomApi, id: string): Promise<Task> {
  const task = await api.cancel(id).catch((thrown: unknown) => {
    // The one who ended it may have been us, when the answer to our first try was lost.
    if (isRefused(thrown, 'task_ended')) return api.task(id);
    throw thrown;
  });
  if (isOver(task)) throw new CliError(`Nothing to cancel: ${id} is over already (${task.status})`);
  return task;
}

const isOver = (task: Task): boolean =>
  task.status === 'completed' ||
  (task.status === 'failed' && task.error.code !== 'request_cancelled');
