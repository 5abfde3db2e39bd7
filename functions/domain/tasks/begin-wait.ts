import { maxIdlePauseMs } from '../model/capacity.ts';
import { type ActiveTask, awaitsCancellation, type Pending } from '../model/task.ts';
import type { Slots } from '../providers/slots.ts';
import type { TaskStore, Workflow } from './ports.ts';

// A state of the workflow that waits saves its task token, which can end the wait early. The news that ends it may have been
// written before the token. Both are writes of one record, so the later write finds the other one, and ends the wait.

type SlotDeps = {
  readonly tasks: Pick<TaskStore, 'saveTaskToken'>;
  readonly slots: Pick<Slots, 'enter' | 'idlePauseMs' | 'grantBeside'>;
  readonly workflow: Pick<Workflow, 'finish'>;
  readonly pause: (milliseconds: number) => Promise<void>;
};

/**
 * Begins the wait for a slot: saves the task token, and enters the queue. A function that gives the task a slot, or cancels
 * it, ends the wait. The submit comes next and checks the task and its slot.
 */
export const awaitSlot =
  (deps: SlotDeps) =>
  async (taskId: string, token: string): Promise<void> => {
    const { tasks, slots, workflow } = deps;
    const task = await tasks.saveTaskToken(taskId, token);
    const isOver =
      task?.status !== 'pending' || task.outcome !== undefined || task.cancelledAt !== undefined;
    if (isOver || (await slots.enter(task))) await workflow.finish(token);
    else await endIdlePause(deps, task);
  };

/**
 * Waits for the end of the pause of a busy provider. If that provider has no job of ours, no slot is freed there, and the
 * task would wait for the reconciler. Another task may have found it busy in the meantime, so the pause is read after
 * each wait.
 */
async function endIdlePause({ slots, pause }: SlotDeps, task: Pending): Promise<void> {
  let leftMs = maxIdlePauseMs;
  for (;;) {
    const pauseMs = await slots.idlePauseMs(task);
    if (pauseMs === 0 || pauseMs > leftMs) return;
    leftMs -= pauseMs;
    await pause(pauseMs);
    await slots.grantBeside(task);
  }
}

type ProviderDeps = { readonly tasks: TaskStore; readonly workflow: Pick<Workflow, 'wake'> };

/** Begins the wait before a poll. News about the task ends it early. */
export const awaitProvider =
  ({ tasks, workflow }: ProviderDeps) =>
  async (taskId: string, token: string): Promise<void> => {
    const task = await tasks.saveTaskToken(taskId, token);
    if (!task || hasNews(task)) await workflow.wake(token);
  };

const hasNews = (task: ActiveTask): boolean =>
  task.outcome !== undefined || awaitsCancellation(task) || hasUnreadWebhook(task);

// A poll that came after the webhook has handled it, also when the provider did not respond: then this wait must not
// end early.
const hasUnreadWebhook = ({ providerWebhookAt, polledAt = 0 }: ActiveTask): boolean =>
  providerWebhookAt !== undefined && providerWebhookAt > polledAt;
