import { Metrics } from '@aws-lambda-powertools/metrics';
import {
  type MetricName,
  type MetricUpdate,
  metricNamespace,
} from '../domain/model/metric-names.ts';

// The one dimension, `service`, is the name of the stack. Powertools reads it from POWERTOOLS_SERVICE_NAME.
// Without it, two stacks in one account would set off each other's alarms.
const metrics = new Metrics({ namespace: metricNamespace });

/** Adds 1 to a metric: writes one log line, which CloudWatch turns into a number. */
export const countMetric = (name: MetricName): void =>
  emitMetrics({ numbers: [[name, 'Count', 1]] });

/** Writes all numbers of one event in one log line, and no line when there is none. */
export function emitMetrics({ numbers, code }: MetricUpdate): void {
  if (numbers.length === 0) return;
  for (const [name, unit, value] of numbers) metrics.addMetric(name, unit, value);
  // A field of the log line, and not a dimension: every value of a dimension is one more metric to pay for.
  if (code !== undefined) metrics.addMetadata('code', code);
  metrics.publishStoredMetrics();
}
