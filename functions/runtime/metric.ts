import { Metrics } from '@aws-lambda-powertools/metrics';
import type { Measured } from '../task/measures.ts';

// The one dimension, `service`, is the stack's name and comes from POWERTOOLS_SERVICE_NAME: two
// stacks in one account must not set off each other's alarms.
const metrics = new Metrics({ namespace: 'Darkroom' });

/** Counts something an alarm may watch: one log line that CloudWatch turns into a number. */
export const count = (name: string): void => measure({ numbers: [[name, 'Count', 1]] });

/** All numbers of one event, in one log line; nothing to measure is no line. */
export function measure({ numbers, code }: Measured): void {
  if (numbers.length === 0) return;
  for (const [name, unit, value] of numbers) metrics.addMetric(name, unit, value);
  // A field to search the log for: as a dimension, every code would be a set of metrics to pay for.
  if (code !== undefined) metrics.addMetadata('code', code);
  metrics.publishStoredMetrics();
}
