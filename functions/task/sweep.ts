import type { Rescue } from './bring-on.ts';
import type { Clock, Due, Tasks, Workflow } from './ports.ts';
import { isEnded, missingUploads, type Running, type Task } from './task.ts';

/**
 * Why somebody has to look at a task: it was never started, its uploads never came, it is past its
 * deadline, its workflow may be dead, or its caller was not told.
 */
export type Reason = 'unstarted' | 'uploads-over' | 'past-deadline' | 'unwatched' | 'untold';

/** A task is settled soon after its deadline by its own workflow; what is later than this is stuck. */
const deadlineGraceMs = 60 * 1000;
/** The next look at a task that is looked at now. */
const lookAgainMs = 2 * 60 * 1000;

/** What is due about a task at this moment, if anything. */
export function whatIsDue(task: Task, now: number): Reason | undefined {
  if (task.dueAt === undefined || task.dueAt > now) return undefined;
  if (isEnded(task)) return isTold(task) ? undefined : 'untold';
  if (task.startedAt === undefined) {
    return missingUploads(task).length > 0 ? 'uploads-over' : 'unstarted';
  }
  const { deadlineAt = Number.POSITIVE_INFINITY } = task;
  return now > deadlineAt + deadlineGraceMs ? 'past-deadline' : 'unwatched';
}

const isTold = (task: Task): boolean =>
  'callback' in task &&
  (task.callback?.state === 'delivered' || task.callback?.state === 'undelivered');

type Needs = {
  readonly tasks: Pick<Tasks, 'due' | 'look'>;
  readonly workflow: Pick<Workflow, 'wake'>;
  readonly bringOn: (task: Running) => Promise<Rescue>;
  /** Has the caller of an ended task told, by somebody else. */
  readonly tell: (taskId: string) => Promise<void>;
  readonly now: Clock;
  readonly rescued: (reason: Reason, taskId: string) => void;
  readonly failed: (taskId: string, cause: unknown) => void;
};

const mostAtOnce = 100;
const mostBatches = 20;

/**
 * Does what is due, each task on its own, so that one that fails does not stop the rest.
 * Uploads that never came are started too: the workflow refuses the task and returns its credits.
 */
export const sweep = (needs: Needs) => async (): Promise<void> => {
  for (let batch = 0; batch < mostBatches; batch += 1) {
    const due = await needs.tasks.due(needs.now(), mostAtOnce);
    await Promise.all(
      due.map((one) => lookAt(needs, one).catch((cause: unknown) => needs.failed(one.id, cause))),
    );
    if (due.length < mostAtOnce) return;
  }
};

// The look is written first: what fails is looked at again later, and keeps nobody else waiting.
async function lookAt(needs: Needs, due: Due): Promise<void> {
  const task = await needs.tasks.look(due, needs.now() + lookAgainMs);
  const reason = task && whatIsDue({ ...task, dueAt: due.dueAt }, needs.now());
  if (task && reason && (await act(needs, task, reason))) needs.rescued(reason, task.id);
}

/** Whether there was anything to rescue. */
async function act(needs: Needs, task: Task, reason: Reason): Promise<boolean> {
  if (isEnded(task)) {
    await needs.tell(task.id);
    return true;
  }
  const rescue = await needs.bringOn(task);
  if (rescue !== 'alive') return true;
  if (reason !== 'past-deadline') return false;
  // It lives and waits for something: the question to the provider sees that its time is over.
  if (task.wakeToken) await needs.workflow.wake(task.wakeToken);
  return true;
}
