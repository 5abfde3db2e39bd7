import { type Act, auditEntry } from '../model/audit.ts';
import type { Clock } from '../model/clock.ts';
import { Problem } from '../model/problem.ts';
import { type EndedTask, isEnded, type WithRequest } from '../model/task.ts';
import { getTask, taskRunning } from './get-task.ts';
import type { TaskStore } from './ports.ts';

/** If the callback was not sent within this time, the reconciler sends it. */
export const graceMs = 60 * 1000;

type Deps = {
  readonly tasks: Pick<TaskStore, 'find' | 'scheduleCallback'>;
  readonly deliverCallback: (taskId: string) => Promise<void>;
  readonly now: Clock;
  /** The callback is recorded as pending, and was not sent at once: the reconciler sends it. */
  readonly wakeFailed: (taskId: string, cause: unknown) => void;
};

/**
 * Sends the callback of an ended task once more, under the same event id, beginning with the first attempt;
 * unless that is on its way already. When it is the operator who asks, `act` says so, and it is written down. A send that
 * fails does not fail the request: the fact is written, and the reconciler sends the callback within a minute or two.
 * @throws {Problem} `task_running` before the task has ended, `invalid_request` when it has no
 *   `callback_url`, or what `getTask` throws
 */
export const redeliver =
  (deps: Deps) =>
  async (id: string, account: string, act?: Act): Promise<WithRequest<EndedTask>> => {
    const task = await getTask(deps)(id, account);
    if (!isEnded(task)) throw taskRunning(id);
    if (task.callbackUrl === undefined) {
      throw new Problem('invalid_request', `The task ${id} was made without a callback_url.`, {
        param: 'callback_url',
      });
    }
    // While one delivery is on its way, another request for it adds none.
    const entry = act && entryAbout(act, task);
    const isScheduled = await deps.tasks.scheduleCallback(id, deps.now() + graceMs, entry);
    if (isScheduled) {
      await deps.deliverCallback(id).catch((cause: unknown) => deps.wakeFailed(id, cause));
    }
    return { ...task, callback: { state: 'pending', attempts: 0 } };
  };

const entryAbout = (act: Act, { id, account, callback }: EndedTask) =>
  auditEntry(
    act,
    { account, taskId: id },
    { before: { callback: callback?.state ?? 'pending' }, after: { callback: 'pending' } },
  );
