import { type IMetric, MathExpression, Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { Aws, Duration } from 'aws-cdk-lib/core';

/** Tells a function under which stack its metrics are kept. */
export const metered = { POWERTOOLS_SERVICE_NAME: Aws.STACK_NAME };

/** A metric that our own functions count (`functions/runtime/metric.ts`). */
export const ours = (metricName: string, minutes = 5, statistic: string = Stats.SUM): Metric =>
  new Metric({
    ...{ namespace: 'Darkroom', metricName, statistic },
    dimensionsMap: { service: Aws.STACK_NAME },
    period: Duration.minutes(minutes),
  });

/** All of these together. What nothing was heard of counts as none: most services only tell what happened. */
export const together = (label: string, minutes: number, metrics: readonly IMetric[]): IMetric =>
  new MathExpression({
    label,
    expression: `SUM([${metrics.map((_, index) => `FILL(m${index}, 0)`).join(', ')}])`,
    usingMetrics: Object.fromEntries(metrics.map((metric, index) => [`m${index}`, metric])),
    period: Duration.minutes(minutes),
  });
