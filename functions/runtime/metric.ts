import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';

const metrics = new Metrics({ namespace: 'Darkroom', serviceName: 'darkroom' });

/** Counts something an alarm may watch: one log line that CloudWatch turns into a number. */
export function count(name: string): void {
  metrics.addMetric(name, MetricUnit.Count, 1);
  metrics.publishStoredMetrics();
}
