import { type MetricName, metricNames } from '../model/metric-names.ts';
import { toCredits } from '../model/money.ts';
import type { ActiveTask, EndedTask, Failure, Settled } from '../model/task.ts';
import type { Created } from './create-task.ts';
import type { executionEnded } from './execution-ended.ts';
import type { CheckReason } from './reconcile.ts';

/**
 * One value of a metric. CloudWatch bills each name and stores it for 15 months, so no name contains a
 * caller or a task.
 */
type Metric = readonly [name: MetricName, unit: 'Count' | 'Seconds', value: number];

/** What one event adds to the metrics, and the error code if it is a failure. */
export type MetricUpdate = {
  readonly numbers: readonly Metric[];
  readonly code?: string | undefined;
};

/** What the creation of a task adds; a replayed request adds nothing. */
export const createdMetrics = ({ task, replayed }: Created): MetricUpdate => ({
  numbers: replayed
    ? []
    : [
        [metricNames.taskCreated, 'Count', 1],
        [metricNames.creditsReserved, 'Count', toCredits(task.reserved)],
      ],
});

/** What the end of a task adds. Only the settlement that ended it counts, so a task counts once. */
export const settledMetrics = (settlement: Settled | undefined): MetricUpdate => {
  if (!settlement) return { numbers: [] };
  const { task, ended } = settlement;
  return {
    numbers: [...resultOf(ended), ...timesOf(task, ended)],
    code: ended.status === 'failed' ? ended.failure.code : undefined,
  };
};

function resultOf(ended: EndedTask): readonly Metric[] {
  if (ended.status === 'failed') {
    const cause = causeMetric(ended.failure.code);
    return [[metricNames.taskFailed, 'Count', 1], ...(cause ? [[cause, 'Count', 1] as const] : [])];
  }
  return [
    [metricNames.taskCompleted, 'Count', 1],
    [metricNames.imagesMade, 'Count', ended.images.length],
    [metricNames.creditsCharged, 'Count', toCredits(ended.charged)],
  ];
}

/** The metric of a failure for which neither the caller nor a picture is the reason. */
function causeMetric(code: Failure['code']): MetricName | undefined {
  switch (code) {
    case 'service_error':
      return metricNames.brokenTask;
    case 'resource_exhausted':
    case 'generation_timeout':
    case 'service_unavailable':
    case 'quota_exceeded':
    case 'unknown_error':
      return metricNames.providerFailedTask;
    default:
      return undefined;
  }
}

// Counted from the start of the workflow: before it, the caller takes the time for uploads.
function timesOf(task: ActiveTask, { startedAt, finishedAt }: EndedTask): readonly Metric[] {
  if (startedAt === undefined) return [];
  const whole: Metric = [metricNames.taskSeconds, 'Seconds', (finishedAt - startedAt) / 1000];
  if (task.status === 'pending') return [whole];
  return [
    whole,
    [metricNames.waitSeconds, 'Seconds', (task.submittedAt - startedAt) / 1000],
    [metricNames.providerSeconds, 'Seconds', (finishedAt - task.submittedAt) / 1000],
  ];
}

/** The metric that counts what the reconciler recovered, by the reason of its check. */
export const recoveryMetrics: Readonly<Record<CheckReason, MetricName>> = {
  unstarted: metricNames.unstartedTask,
  'upload-event-lost': metricNames.uploadEventLost,
  'uploads-expired': metricNames.uploadsExpired,
  'past-deadline': metricNames.taskPastDeadline,
  unwatched: metricNames.deadExecution,
  undelivered: metricNames.pendingCallback,
  'pictures-left': metricNames.unfinishedDeletion,
};

type ExecutionEnd = Awaited<ReturnType<ReturnType<typeof executionEnded>>>;

/**
 * The metric for the end of an execution. Only a restart counts: the other ends need no recovery, or are
 * counted by the reconciler.
 */
export const executionEndMetric = (end: ExecutionEnd): MetricName | undefined =>
  end === 'restarted' ? metricNames.deadExecution : undefined;
