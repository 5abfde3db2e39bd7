import { type Act, auditEntry } from '../model/audit.ts';
import type { Clock } from '../model/clock.ts';
import { Problem } from '../model/problem.ts';
import {
  type ActiveTask,
  isEnded,
  requestOf,
  startGraceMs,
  type WithRequest,
} from '../model/task.ts';
import { getTask } from './get-task.ts';
import type { TaskStore, Workflow } from './ports.ts';

type Deps = {
  readonly tasks: Pick<TaskStore, 'find' | 'requestCancel'>;
  readonly workflow: Pick<Workflow, 'start' | 'wake'>;
  readonly now: Clock;
  /** The cancellation is recorded, and the workflow was not woken or started: it reads the fact later. */
  readonly wakeFailed: (taskId: string, cause: unknown) => void;
};

/**
 * Records that the caller has cancelled a task, and wakes its workflow; only the workflow ends a task. A task that no
 * provider has yet ends without a charge. A job that waits at its provider is cancelled there if the provider
 * agrees; otherwise the task goes on, and is charged for what is made.
 * Cancelling twice changes nothing. If the operator cancels, `act` is for the audit log. A wake-up that fails does not fail
 * the request, because the fact is written.
 * @throws {Problem} `task_ended`, `task_not_cancellable`, or what `getTask` throws
 */
export const cancelTask =
  (deps: Deps) =>
  async (id: string, account: string, act?: Act): Promise<WithRequest<ActiveTask>> => {
    const task = await getTask(deps)(id, account);
    const now = deps.now();
    const cancelled = isEnded(task)
      ? undefined
      : await deps.tasks.requestCancel(id, now, now + startGraceMs, entryAbout(act, task, now));
    if (!cancelled) throw taskEnded(id);
    if (cancelled.cancelledAt === undefined) throw taskNotCancellable(id);
    await wake(deps, cancelled).catch((cause: unknown) => deps.wakeFailed(id, cause));
    return { ...requestOf(task), ...cancelled };
  };

const entryAbout = (act: Act | undefined, { id, account }: ActiveTask, now: number) =>
  act &&
  auditEntry(
    act,
    { account, taskId: id },
    {
      before: { cancel_requested_at: null },
      after: { cancel_requested_at: Math.floor(now / 1000) },
    },
  );

const param = 'task_id';

export const taskEnded = (id: string): Problem =>
  new Problem('task_ended', `The task ${id} is over already.`, { param });

export const taskNotCancellable = (id: string): Problem =>
  new Problem(
    'task_not_cancellable',
    `The task ${id} cannot be cancelled any more: its provider has begun, or cannot cancel. It is charged for what is made.`,
    { param },
  );

// A task that waits for uploads has no workflow yet: the one that is started reads the cancellation first.
// Without a token no state waits right now, and the next one to wait reads it.
async function wake({ workflow }: Deps, { id, startedAt, wakeToken }: ActiveTask): Promise<void> {
  if (startedAt === undefined) await workflow.start(id);
  else if (wakeToken) await workflow.wake(wakeToken);
}
