import type { Slots } from '../providers/slots.ts';
import type { TaskStore, Workflow } from './ports.ts';

type Deps = {
  readonly tasks: Pick<TaskStore, 'saveTaskToken'>;
  readonly slots: Pick<Slots, 'enter'>;
  readonly workflow: Pick<Workflow, 'finish'>;
};

/**
 * Begins the wait for a slot: saves the task token, with which the wait ends, and enters the queue. Whoever hands the task
 * a slot, or cancels it, ends the wait; the token is saved first, so that each of them finds it, or this finds what they
 * have written. What follows is the submit, which looks at the task and at its slot.
 */
export const awaitSlot =
  ({ tasks, slots, workflow }: Deps) =>
  async (taskId: string, token: string): Promise<void> => {
    const task = await tasks.saveTaskToken(taskId, token);
    const hasNews =
      task?.status !== 'pending' || task.outcome !== undefined || task.cancelledAt !== undefined;
    if (hasNews || (await slots.enter(task))) await workflow.finish(token);
  };
