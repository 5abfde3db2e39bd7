import { getTask } from './get-task.ts';
import type { Clock, Tasks } from './ports.ts';
import { Problem } from './problem.ts';
import { type Ended, isEnded } from './task.ts';

/** Should nobody be told by then, the sweep has it done. */
const graceMs = 60 * 1000;

type Needs = {
  readonly tasks: Pick<Tasks, 'find' | 'callbackOwed'>;
  readonly tell: (taskId: string) => Promise<void>;
  readonly now: Clock;
};

/**
 * Tells the caller once more how his task ended, under the same event id, beginning with the first attempt.
 * @throws {Problem} `task_running` before there is anything to tell, `invalid_request` when nobody
 *   asked to be told, or what `getTask` throws
 */
export const redeliver =
  (needs: Needs) =>
  async (id: string, account: string): Promise<Ended> => {
    const task = await getTask(needs)(id, account);
    if (!isEnded(task)) {
      throw new Problem('task_running', `The task ${id} is not over yet.`, { param: 'task_id' });
    }
    if (task.callbackUrl === undefined) {
      throw new Problem('invalid_request', `The task ${id} was made without a callback_url.`, {
        param: 'callback_url',
      });
    }
    await needs.tasks.callbackOwed(id, needs.now() + graceMs);
    await needs.tell(id);
    return { ...task, callback: { state: 'owed', attempts: 0 } };
  };
