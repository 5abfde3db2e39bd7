import * as z from 'zod';
import { evaluateExpression } from './metric-math.ts';

/** One value that was put into a metric. */
export type Datum = {
  readonly namespace: string;
  readonly metricName: string;
  readonly dimensions: Readonly<Record<string, string>>;
  /** In milliseconds since 1970. */
  readonly at: number;
  readonly value: number;
};

type AlarmState = 'OK' | 'ALARM';

/** An alarm of a template, ready to be evaluated. */
export type TestedAlarm = {
  readonly name: string;
  /** Every metric that the alarm reads. */
  readonly metrics: readonly AlarmMetric[];
  /** How far back the alarm reads at most, in milliseconds. */
  readonly rangeMs: number;
  /** Its state by the data up to this moment. */
  readonly stateAt: (data: readonly Datum[], at: number) => AlarmState;
};

type AlarmMetric = Pick<Datum, 'namespace' | 'metricName' | 'dimensions'>;

// These properties of a template do not change the state of an alarm.
const about = {
  AlarmDescription: z.string().optional(),
  AlarmActions: z.unknown().optional(),
  OKActions: z.unknown().optional(),
};
const rule = {
  ...about,
  ComparisonOperator: z.enum([
    'GreaterThanOrEqualToThreshold',
    'GreaterThanThreshold',
    'LessThanOrEqualToThreshold',
    'LessThanThreshold',
  ]),
  Threshold: z.number(),
  EvaluationPeriods: z.int().positive(),
  DatapointsToAlarm: z.int().positive().optional(),
  // `missing` and `ignore` keep the state or have a third one. No alarm of ours needs them.
  TreatMissingData: z.enum(['breaching', 'notBreaching']),
};
const metric = {
  Namespace: z.string(),
  MetricName: z.string(),
  Dimensions: z.array(z.strictObject({ Name: z.string(), Value: z.unknown() })).default([]),
};
// Below a minute the rules of high resolution would begin.
const Period = z.int().positive().multipleOf(60);
const Statistic = z.string().regex(/^(Sum|Maximum|p\d+(\.\d+)?)$/, 'is not known here');
const MetricQuery = z.strictObject({
  Id: z.string(),
  MetricStat: z.strictObject({ Metric: z.strictObject(metric), Period, Stat: Statistic }),
  ReturnData: z.literal(false),
});
const ExpressionQuery = z.strictObject({
  Id: z.string(),
  Expression: z.string(),
  Label: z.string().optional(),
  Period: Period.optional(),
  ReturnData: z.literal(true).optional(),
});
const AlarmOfMetric = z.strictObject({
  ...rule,
  ...metric,
  Period,
  Statistic: Statistic.optional(),
  ExtendedStatistic: Statistic.optional(),
});
const AlarmOfExpression = z.strictObject({
  ...rule,
  Metrics: z.array(z.union([MetricQuery, ExpressionQuery])),
});
const Alarm = z.union([AlarmOfMetric, AlarmOfExpression]);

type Source = AlarmMetric & { readonly id: string; readonly statistic: string };

/**
 * Reads the properties of an alarm from a template. `resolve` turns the value of a dimension, which may be a reference,
 * into the text that data have.
 * @throws {Error} for every property and value that it does not know
 */
export function readAlarm(
  name: string,
  properties: unknown,
  resolve: (value: unknown) => string,
): TestedAlarm {
  const alarm = Alarm.parse(properties);
  const { sources, expression, periodMs } =
    'Metrics' in alarm ? readQueries(alarm.Metrics, resolve) : readMetric(alarm, resolve);
  const range = alarm.EvaluationPeriods + extraPeriods;
  const valueBetween = (data: readonly Datum[], from: number, to: number) => {
    const values = Object.fromEntries(
      sources.map((source) => [source.id, aggregate(source, data, from, to)]),
    );
    return evaluateExpression(expression, values);
  };
  return {
    name,
    metrics: sources,
    rangeMs: range * periodMs,
    stateAt: (data, at) => {
      const periods = Array.from({ length: range }, (_, index) => at - (range - index) * periodMs);
      const dataPoints = periods.map((from) => valueBetween(data, from, from + periodMs));
      return stateOf(alarm, dataPoints);
    },
  };
}

/**
 * CloudWatch fetches more periods than an alarm needs, in case some of the latest have no data. It documents how many
 * by one example only: five for an alarm of three.
 */
const extraPeriods = 2;

type Rule = z.output<typeof Alarm>;

// "How alarm state is evaluated when data is missing":
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
function stateOf(alarm: Rule, dataPoints: readonly (number | undefined)[]): AlarmState {
  const { EvaluationPeriods, DatapointsToAlarm = EvaluationPeriods, TreatMissingData } = alarm;
  const latest = dataPoints
    .filter((value) => value !== undefined)
    .slice(-EvaluationPeriods)
    .map((value) => isBreaching(alarm, value));
  const filled = TreatMissingData === 'breaching' ? EvaluationPeriods - latest.length : 0;
  return latest.filter(Boolean).length + filled >= DatapointsToAlarm ? 'ALARM' : 'OK';
}

function isBreaching({ ComparisonOperator, Threshold }: Rule, value: number): boolean {
  switch (ComparisonOperator) {
    case 'GreaterThanOrEqualToThreshold':
      return value >= Threshold;
    case 'GreaterThanThreshold':
      return value > Threshold;
    case 'LessThanOrEqualToThreshold':
      return value <= Threshold;
    case 'LessThanThreshold':
      return value < Threshold;
    default:
      return ComparisonOperator satisfies never;
  }
}

type Resolve = (value: unknown) => string;

function readMetric(alarm: z.output<typeof AlarmOfMetric>, resolve: Resolve) {
  const { Statistic: statistic, ExtendedStatistic, Period: seconds } = alarm;
  return {
    sources: [sourceOf('m', alarm, statistic ?? ExtendedStatistic, resolve)],
    expression: 'm',
    periodMs: seconds * 1000,
  };
}

function readQueries(queries: z.output<typeof AlarmOfExpression>['Metrics'], resolve: Resolve) {
  const metrics = queries.filter((query) => 'MetricStat' in query);
  const [expression, ...others] = queries.filter((query) => 'Expression' in query);
  if (!expression || others.length > 0) throw new Error('an alarm has exactly one expression here');
  const periods = new Set(metrics.map(({ MetricStat }) => MetricStat.Period));
  const [seconds, ...otherPeriods] = periods;
  if (seconds === undefined || otherPeriods.length > 0)
    throw new Error('the metrics of an alarm have one period here');
  return {
    sources: metrics.map(({ Id, MetricStat }) =>
      sourceOf(Id, MetricStat.Metric, MetricStat.Stat, resolve),
    ),
    expression: expression.Expression,
    periodMs: seconds * 1000,
  };
}

function sourceOf(
  id: string,
  { Namespace, MetricName, Dimensions }: z.output<z.ZodObject<typeof metric>>,
  statistic: string | undefined,
  resolve: Resolve,
): Source {
  if (statistic === undefined) throw new Error(`${MetricName} has no statistic`);
  return {
    id,
    namespace: Namespace,
    metricName: MetricName,
    dimensions: Object.fromEntries(Dimensions.map(({ Name, Value }) => [Name, resolve(Value)])),
    statistic,
  };
}

/** The statistic of the data of one period. Data with more or other dimensions belong to another metric. */
function aggregate(
  source: Source,
  data: readonly Datum[],
  from: number,
  to: number,
): number | undefined {
  const values = data
    .filter((datum) => datum.at >= from && datum.at < to && isOf(source, datum))
    .map(({ value }) => value);
  if (values.length === 0) return undefined;
  if (source.statistic === 'Maximum') return Math.max(...values);
  if (source.statistic === 'Sum') return values.reduce((sum, value) => sum + value, 0);
  const rank = Math.ceil((Number(source.statistic.slice(1)) / 100) * values.length);
  return values.toSorted((a, b) => a - b)[Math.max(0, rank - 1)];
}

const isOf = ({ namespace, metricName, dimensions }: AlarmMetric, datum: Datum): boolean =>
  datum.namespace === namespace &&
  datum.metricName === metricName &&
  Object.keys(datum.dimensions).length === Object.keys(dimensions).length &&
  Object.entries(dimensions).every(([name, value]) => datum.dimensions[name] === value);

const minuteMs = 60_000;

/**
 * The names of the alarms that are in the state ALARM at some time between two moments, by the data of this time and
 * before it. CloudWatch evaluates an alarm every minute, over periods that end with that minute.
 */
export function firedAlarms(
  alarms: readonly TestedAlarm[],
  data: readonly Datum[],
  { from, to }: { readonly from: number; readonly to: number },
): readonly string[] {
  const first = Math.ceil(from / minuteMs) * minuteMs;
  const minutes = Array.from(
    { length: Math.max(1, Math.ceil((to - first) / minuteMs) + 1) },
    (_, minute) => first + minute * minuteMs,
  );
  const fires = ({ metrics, stateAt, rangeMs }: TestedAlarm) => {
    const own = data.filter(
      (datum) => datum.at >= from - rangeMs && metrics.some((one) => isOf(one, datum)),
    );
    return minutes.some((at) => stateAt(own, at) === 'ALARM');
  };
  return alarms.filter(fires).map(({ name }) => name);
}
