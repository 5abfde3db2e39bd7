import { type MetricName, metricNames } from '../model/metric-names.ts';
import { type ActiveTask, isEnded } from '../model/task.ts';
import type { Recovery } from './ensure-workflow.ts';
import type { TaskStore } from './ports.ts';

type Deps = {
  readonly tasks: Pick<TaskStore, 'find'>;
  readonly ensureWorkflowRunning: (task: ActiveTask) => Promise<Recovery>;
};

/** What followed the end of an execution. */
type ExecutionEnd = Recovery | 'settled' | 'unknown';

/**
 * An execution failed: its task gets the next execution at once. A task that has ended needs none; its pending
 * callback is sent by the reconciler.
 */
export const executionEnded =
  ({ tasks, ensureWorkflowRunning }: Deps) =>
  async (taskId: string): Promise<ExecutionEnd> => {
    const task = await tasks.find(taskId);
    if (!task) return 'unknown'; // one that was deleted, or an execution that was started by hand
    return isEnded(task) ? 'settled' : ensureWorkflowRunning(task);
  };

/**
 * The metric for the end of an execution. Only a restart counts: the other ends need no recovery, or are
 * counted by the reconciler.
 */
export const executionEndMetric = (end: ExecutionEnd): MetricName | undefined =>
  end === 'restarted' ? metricNames.deadExecution : undefined;
