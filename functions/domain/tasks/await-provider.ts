import { type ActiveTask, awaitsCancellation } from '../model/task.ts';
import type { TaskStore, Workflow } from './ports.ts';

type Deps = { readonly tasks: TaskStore; readonly workflow: Pick<Workflow, 'wake'> };

/**
 * Begins a wait before a poll: saves the task token, with which news about the task ends the wait early. The news
 * may have arrived before the token. Both are writes of one record, so the later of the two sees the other,
 * and ends the wait.
 */
export const awaitProvider =
  ({ tasks, workflow }: Deps) =>
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
