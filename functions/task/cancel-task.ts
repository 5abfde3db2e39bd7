import { getTask } from './get-task.ts';
import type { Clock, Tasks, Workflow } from './ports.ts';
import { Problem } from './problem.ts';
import { isEnded, type Running } from './task.ts';

type Needs = {
  readonly tasks: Pick<Tasks, 'find' | 'cancelled'>;
  readonly workflow: Pick<Workflow, 'start' | 'wake'>;
  readonly now: Clock;
};

/**
 * Writes that the caller wants his task no more, and has its workflow see that now; only the
 * workflow ends a task. Asking twice changes nothing.
 * @throws {Problem} `task_ended`, or what `getTask` throws
 */
export const cancelTask =
  (needs: Needs) =>
  async (id: string, account: string): Promise<Running> => {
    const task = await getTask(needs)(id, account);
    const cancelled = isEnded(task) ? undefined : await needs.tasks.cancelled(id, needs.now());
    if (!cancelled) {
      throw new Problem('task_ended', `The task ${id} is over already.`, { param: 'task_id' });
    }
    await wake(needs, cancelled);
    return cancelled;
  };

// A task that waits for uploads has no workflow yet: the one that is started sees the fact first.
// Between two waits there is nobody to wake, and the next one sees it.
async function wake({ workflow }: Needs, { id, startedAt, wakeToken }: Running): Promise<void> {
  if (startedAt === undefined) await workflow.start(id);
  else if (wakeToken) await workflow.wake(wakeToken);
}
