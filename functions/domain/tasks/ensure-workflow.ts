import type { Clock } from '../model/clock.ts';
import { type ActiveTask, isDeleted, isEnded, type TaskRef } from '../model/task.ts';
import type { TaskStore, Workflow } from './ports.ts';

/** From this many dead executions of a task on, each one is reported to the operator, who has to find out why they die. */
export const alarmingExecutions = 5;
/** When the reconciler checks a new execution, in milliseconds from its start. */
const restartGraceMs = 2 * 60 * 1000;
/** The second execution starts without a pause. The pause before the third is 4 s, and doubles up to 5 minutes. */
const pauseMs = { beforeThird: 4000, longest: 5 * 60 * 1000 };

/** What was done for a task that has not ended: nothing when its workflow is alive. */
export type Recovery = 'alive' | 'started' | 'restarted' | 'postponed';

type Deps = {
  readonly tasks: Pick<TaskStore, 'recordNextExecution'>;
  readonly workflow: Pick<Workflow, 'start' | 'executionState'>;
  readonly now: Clock;
  /** For the operator: the executions of the task die one after the other. */
  readonly exhausted: (task: TaskRef) => void;
};

/**
 * Makes sure that a task that has not ended has a running workflow: starts it when it is missing, and the
 * next execution when the last one died. Every state can be repeated, so the next execution continues where
 * the last one stopped. A task is never given up: the pauses grow, and the operator is told.
 */
export const ensureWorkflowRunning =
  (deps: Deps) =>
  async (task: ActiveTask): Promise<Recovery> => {
    const { workflow } = deps;
    const { id, execution = 1 } = task;
    const state = await workflow.executionState(id, execution);
    if (state === 'running') return 'alive';
    if (state === 'over') return replaceExecution(deps, task, execution);
    await workflow.start(id, execution);
    return 'started';
  };

/**
 * Gives a task its next execution. The event about a dead execution takes a second or two by itself, so the second
 * execution starts at once. Later ones are started by the reconciler, which runs once a minute.
 */
async function replaceExecution(
  { tasks, workflow, now, exhausted }: Deps,
  task: TaskRef,
  dead: number,
): Promise<Recovery> {
  const { id } = task;
  const isPostponed = dead > 1;
  const nextCheckAt = now() + (isPostponed ? pauseAfter(dead) : restartGraceMs);
  // Written before the start: if the start is lost, the next check finds the execution absent.
  if (!(await tasks.recordNextExecution(id, dead + 1, nextCheckAt))) return 'alive';
  if (dead >= alarmingExecutions) exhausted(task);
  if (isPostponed) return 'postponed';
  await workflow.start(id, dead + 1);
  return 'restarted';
}

/** The pause after execution number `dead`, the second or a later one, in milliseconds. */
const pauseAfter = (dead: number): number =>
  Math.min(pauseMs.beforeThird * 2 ** (dead - 2), pauseMs.longest);

type EndDeps = {
  readonly tasks: Pick<TaskStore, 'findRecord'>;
  readonly ensureWorkflowRunning: (task: ActiveTask) => Promise<Recovery>;
  /** For the operator: an execution has died, and another one has begun. The reconciler reports all other recoveries. */
  readonly restarted: (task: TaskRef) => void;
};

/** What followed the end of an execution. */
type ExecutionEnd = Recovery | 'settled' | 'unknown';

/**
 * An execution failed: its task gets the next one, the second at once and a later one after its pause. A task that has
 * ended needs none; its pending callback is sent by the reconciler.
 */
export const executionEnded =
  ({ tasks, ensureWorkflowRunning, restarted }: EndDeps) =>
  async (taskId: string): Promise<ExecutionEnd> => {
    const task = await tasks.findRecord(taskId);
    if (!task || isDeleted(task)) return 'unknown'; // or an execution that was started by hand
    if (isEnded(task)) return 'settled';
    const recovery = await ensureWorkflowRunning(task);
    if (recovery === 'restarted') restarted(task);
    return recovery;
  };
