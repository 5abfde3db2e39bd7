import { maxIdlePauseMs } from '../model/capacity.ts';
import type { Pending } from '../model/task.ts';
import type { Slots } from '../providers/slots.ts';
import type { TaskStore, Workflow } from './ports.ts';

type Deps = {
  readonly tasks: Pick<TaskStore, 'saveTaskToken'>;
  readonly slots: Pick<Slots, 'enter' | 'idlePauseMs' | 'grantBeside'>;
  readonly workflow: Pick<Workflow, 'finish'>;
  readonly pause: (milliseconds: number) => Promise<void>;
};

/**
 * Begins the wait for a slot: saves the task token, with which the wait ends, and enters the queue. A function that gives
 * the task a slot, or cancels it, ends the wait. The token is saved first, so either that function finds the token, or
 * this one finds what it has written. The submit comes next and checks the task and its slot.
 */
export const awaitSlot =
  (deps: Deps) =>
  async (taskId: string, token: string): Promise<void> => {
    const { tasks, slots, workflow } = deps;
    const task = await tasks.saveTaskToken(taskId, token);
    const hasNews =
      task?.status !== 'pending' || task.outcome !== undefined || task.cancelledAt !== undefined;
    if (hasNews || (await slots.enter(task))) await workflow.finish(token);
    else await endIdlePause(deps, task);
  };

/**
 * A provider that was busy and has no job of ours frees no slot: without this the task would wait for the reconciler. Others
 * may have found it busy in the meantime, so the pause is read again after each wait.
 */
async function endIdlePause({ slots, pause }: Deps, task: Pending): Promise<void> {
  let leftMs = maxIdlePauseMs;
  for (;;) {
    const pauseMs = await slots.idlePauseMs(task);
    if (pauseMs === 0 || pauseMs > leftMs) return;
    leftMs -= pauseMs;
    await pause(pauseMs);
    await slots.grantBeside(task);
  }
}
