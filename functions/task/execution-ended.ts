import type { Rescue } from './bring-on.ts';
import type { Tasks } from './ports.ts';
import { isEnded, type Running } from './task.ts';

type Needs = {
  readonly tasks: Pick<Tasks, 'find'>;
  readonly bringOn: (task: Running) => Promise<Rescue>;
};

/**
 * An execution ended badly: its task gets the next one at once. One that has ended needs none; a
 * caller it still owes an answer gets it when that is due.
 */
export const executionEnded =
  ({ tasks, bringOn }: Needs) =>
  async (taskId: string): Promise<Rescue | 'settled' | 'unknown'> => {
    const task = await tasks.find(taskId);
    if (!task) return 'unknown'; // started by hand, and not for a task
    return isEnded(task) ? 'settled' : bringOn(task);
  };
