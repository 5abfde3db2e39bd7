import type { Clock } from '../model/clock.ts';
import { type MetricName, metricNames } from '../model/metric-names.ts';
import {
  type ActiveTask,
  hasCallbackResult,
  isDeleted,
  isEnded,
  isQueued,
  missingUploads,
  type Pending,
  type QueuedTask,
  type TaskRecord,
  type TaskRef,
} from '../model/task.ts';
import type { Recovery } from './ensure-workflow.ts';
import type { DueCheck, InputStore, TaskStore, Workflow } from './ports.ts';
import { hasWaitedTooLong, queueCheckMs } from './submit-task.ts';

/**
 * Why a task has to be checked: it was never started, its uploads came but not their events, its uploads never came,
 * it is past its deadline, its workflow may be dead, it waits for a slot, its callback was not delivered, or it was deleted and its
 * pictures may be left.
 */
export type CheckReason =
  | 'unstarted'
  | 'upload-event-lost'
  | 'uploads-expired'
  | 'past-deadline'
  | 'unwatched'
  | 'queued'
  | 'undelivered'
  | 'pictures-left';

/** A task that waits for a slot is not recovered, but put into the queue again, at its place. */
type Recovered = Exclude<CheckReason, 'queued'>;

/** The metric that counts what the reconciler recovered, by the reason of its check. */
export const recoveryMetrics: Readonly<Record<Recovered, MetricName>> = {
  unstarted: metricNames.unstartedTask,
  'upload-event-lost': metricNames.uploadEventLost,
  'uploads-expired': metricNames.uploadsExpired,
  'past-deadline': metricNames.taskPastDeadline,
  unwatched: metricNames.deadExecution,
  undelivered: metricNames.pendingCallback,
  'pictures-left': metricNames.unfinishedDeletion,
};

/** A task's own workflow settles it soon after its deadline; later than this it is stuck. */
const deadlineGraceMs = 60 * 1000;
/** For how long a check is leased: if it fails, it is repeated after this time. */
const leaseMs = 2 * 60 * 1000;

/**
 * A task that was polled within this time has an execution, and Step Functions need not be asked: it allows some ten
 * such requests a second (https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html). Longer than the
 * longest normal interval of polls, which is two minutes.
 */
const polledLatelyMs = 3 * 60 * 1000;

/** Why a task has to be checked at this moment, if it has to be. `uploaded` are the uploads that are in the bucket. */
export function dueCheck(
  task: TaskRecord,
  now: number,
  uploaded: ReadonlySet<number> = new Set(),
): CheckReason | undefined {
  if (task.nextCheckAt === undefined || task.nextCheckAt > now) return undefined;
  if (isDeleted(task)) return 'pictures-left';
  if (isEnded(task)) return hasCallbackResult(task) ? undefined : 'undelivered';
  if (awaitsUploads(task)) {
    const haveAllArrived = missingUploads(task).every((index) => uploaded.has(index));
    return haveAllArrived ? 'upload-event-lost' : 'uploads-expired';
  }
  return task.startedAt === undefined ? 'unstarted' : dueCheckOfStarted(task, now);
}

/** Whether a task that waits for a slot may have no workflow, or has waited too long. */
const isSuspect = (task: QueuedTask, now: number): boolean =>
  task.queue.missedAt !== undefined || hasWaitedTooLong(task, now);

function dueCheckOfStarted(task: ActiveTask, now: number): CheckReason | undefined {
  const { deadlineAt = Number.POSITIVE_INFINITY, polledAt = Number.NEGATIVE_INFINITY } = task;
  if (isQueued(task) && !isSuspect(task, now)) return 'queued';
  if (now < polledAt + polledLatelyMs) return undefined;
  return now > deadlineAt + deadlineGraceMs ? 'past-deadline' : 'unwatched';
}

/** Whether only events of uploads would start the task. A cancelled task is started without them, so that it ends. */
export const awaitsUploads = (task: TaskRecord): boolean =>
  !isDeleted(task) &&
  !isEnded(task) &&
  task.startedAt === undefined &&
  task.cancelledAt === undefined &&
  missingUploads(task).length > 0;

type Deps = {
  readonly tasks: Pick<TaskStore, 'findDueChecks' | 'leaseCheck' | 'recordQueued'>;
  readonly inputs: Pick<InputStore, 'uploaded'>;
  readonly workflow: Pick<Workflow, 'wake'>;
  /** Puts a task into the queue, at its place. `true`: the task does not wait. */
  readonly enterQueue: (task: QueuedTask) => Promise<boolean>;
  readonly ensureWorkflowRunning: (task: ActiveTask) => Promise<Recovery>;
  /** Makes another function send the callback of an ended task. */
  readonly deliverCallback: (taskId: string) => Promise<void>;
  /** Makes another function delete the pictures of a deleted task. */
  readonly deletePictures: (taskId: string) => Promise<void>;
  readonly now: Clock;
  readonly recovered: (reason: Recovered, task: TaskRef) => void;
  readonly failed: (taskId: string, cause: unknown) => void;
};

const maxChecksAtOnce = 100;
const maxBatches = 50;

/**
 * Checks every task that is due, each on its own, so that one that fails does not stop the rest. A task
 * whose uploads never came is started too: its workflow fails it and returns its credits. It is checked when its
 * upload forms have expired, so nothing can arrive any more.
 */
export const reconcile = (deps: Deps) => async (): Promise<void> => {
  for (let batch = 0; batch < maxBatches; batch += 1) {
    const due = await deps.tasks.findDueChecks(deps.now(), maxChecksAtOnce);
    await Promise.all(
      due.map((one) => check(deps, one).catch((cause: unknown) => deps.failed(one.id, cause))),
    );
    if (due.length < maxChecksAtOnce) return;
  }
};

// The lease is written first: a check that fails is repeated later, and delays no other.
async function check(deps: Deps, due: DueCheck): Promise<void> {
  const task = await deps.tasks.leaseCheck(due, deps.now() + leaseMs);
  if (!task) return;
  const uploaded = awaitsUploads(task) ? await deps.inputs.uploaded(task.id) : undefined;
  const reason = dueCheck({ ...task, nextCheckAt: due.nextCheckAt }, deps.now(), uploaded);
  if (reason === 'queued') return checkQueued(deps, task);
  if (reason && (await recover(deps, task, reason))) deps.recovered(reason, refTo(task));
}

const refTo = (task: TaskRecord): TaskRef => ({
  id: task.id,
  account: isDeleted(task) ? task.owner : task.account,
});

/**
 * A task that waits for a slot needs no request to Step Functions here. If its execution is dead, the task does not take up
 * the slot that it is given, and is then checked again.
 */
async function checkQueued(deps: Deps, task: TaskRecord): Promise<void> {
  if (isDeleted(task) || !isQueued(task)) return;
  const { pools, since, expected } = task.queue;
  await deps.tasks.recordQueued(task.id, { pools, since, expected }, deps.now() + queueCheckMs);
  const waits = !(await deps.enterQueue(task));
  if (!waits && task.wakeToken) await deps.workflow.wake(task.wakeToken);
}

/** Whether there was anything to recover. */
async function recover(deps: Deps, task: TaskRecord, reason: Recovered): Promise<boolean> {
  if (isDeleted(task)) {
    await deps.deletePictures(task.id);
    return task.picturesDeletedAt === undefined; // otherwise for pictures that may have arrived since
  }
  if (isEnded(task)) {
    await deps.deliverCallback(task.id);
    return true;
  }
  const recovery = await deps.ensureWorkflowRunning(task);
  if (recovery !== 'alive') return true;
  if (task.status === 'pending') return wakePending(deps, task);
  if (reason !== 'past-deadline') return false;
  // Its workflow is alive and waits: woken, it polls and finds the task past its deadline.
  if (task.wakeToken) await deps.workflow.wake(task.wakeToken);
  return true;
}

/** For a task whose workflow is alive: puts it into the queue again, or wakes it when it waited too long or was cancelled. */
async function wakePending(deps: Deps, task: Pending): Promise<boolean> {
  if (isQueued(task) && !hasWaitedTooLong(task, deps.now())) await checkQueued(deps, task);
  else if (task.queue && task.wakeToken) await deps.workflow.wake(task.wakeToken);
  return false;
}
