import type { Tasks, Workflow } from './ports.ts';
import type { Running } from './task.ts';

type Needs = { readonly tasks: Tasks; readonly workflow: Pick<Workflow, 'wake'> };

/**
 * Begins the first wait: keeps the token with which it can be cut short. What it would wait for may
 * be written already; two writers on one record see each other, so one of them ends the wait.
 */
export const awaitProvider =
  ({ tasks, workflow }: Needs) =>
  async (taskId: string, token: string): Promise<void> => {
    const task = await tasks.waiting(taskId, token);
    if (!task || isToBeSeen(task)) await workflow.wake(token);
  };

const isToBeSeen = ({ outcome, cancelledAt, calledBackAt }: Running): boolean =>
  outcome !== undefined || cancelledAt !== undefined || calledBackAt !== undefined;
