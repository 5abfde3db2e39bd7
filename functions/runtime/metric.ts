import { Metrics } from '@aws-lambda-powertools/metrics';
import { sandbox } from '../domain/model/catalogue.ts';
import {
  type MetricName,
  type MetricUpdate,
  metricNamespace,
} from '../domain/model/metric-names.ts';
import { isTest, type OfAccount } from '../domain/model/mode.ts';

// The one dimension, `service`, is the name of the stack. Powertools reads it from POWERTOOLS_SERVICE_NAME.
// Without it, two stacks in one account would set off each other's alarms.
const metrics = new Metrics({ namespace: metricNamespace });

// Metrics, and so alarms, are only about live tasks: a test task is left out here, and nowhere else.

/** Adds 1 to a metric about a task. */
export const countTaskMetric = (task: OfAccount, name: MetricName): void =>
  emitTaskMetrics(task, { numbers: [[name, 'Count', 1]] });

/** Writes what an event in the life of a task adds. */
export function emitTaskMetrics(task: OfAccount, update: MetricUpdate): void {
  if (!isTest(task)) emitMetrics(update);
}

/** Adds 1 to a metric about the slots of a pool. The slots of the sandbox are only for test tasks. */
export function countSlotMetric(pool: string, name: MetricName): void {
  if (pool !== sandbox) emitMetrics({ numbers: [[name, 'Count', 1]] });
}

/**
 * Metrics that do not distinguish test tasks. The reconciler's failures are not about a task, and test tasks have no
 * budget. The function that makes thumbnails does not know whether a task is a test task.
 */
type OtherMetric = 'BudgetExceeded' | 'ReconcilerFailure' | 'ThumbnailFailed';

/** Adds 1 to a metric: writes one log line, which CloudWatch turns into a number. */
export const countMetric = (name: OtherMetric): void =>
  emitMetrics({ numbers: [[name, 'Count', 1]] });

/** Writes all numbers of one event in one log line, and no line when there is none. */
export function emitMetrics({ numbers, code }: MetricUpdate): void {
  if (numbers.length === 0) return;
  for (const [name, unit, value] of numbers) metrics.addMetric(name, unit, value);
  // A field of the log line, and not a dimension: every value of a dimension is one more metric to pay for.
  if (code !== undefined) metrics.addMetadata('code', code);
  metrics.publishStoredMetrics();
}
