import {
  type Metric,
  type MetricName,
  type MetricUpdate,
  metricNames,
} from '../model/metric-names.ts';
import { toCredits } from '../model/money.ts';
import type { ActiveTask, EndedTask, Failure, Settled } from '../model/task.ts';
import type { Created } from './create-task.ts';

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
