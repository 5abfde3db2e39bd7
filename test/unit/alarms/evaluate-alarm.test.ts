import { describe, expect, test } from 'vitest';
import { type Datum, firedAlarms, readAlarm } from '../../support/alarms/evaluate-alarm.ts';
import { omit } from '../../support/omit.ts';

const minute = 60_000;
const at = 1_000_000 * minute;
const properties = {
  Namespace: 'Darkroom',
  MetricName: 'Broken',
  Dimensions: [{ Name: 'service', Value: { Ref: 'AWS::StackName' } }],
  Period: 300,
  Statistic: 'Sum',
  Threshold: 1,
  EvaluationPeriods: 1,
  ComparisonOperator: 'GreaterThanOrEqualToThreshold',
  TreatMissingData: 'notBreaching',
};
const metricStat = (MetricName: string) => ({
  Metric: { Namespace: 'Darkroom', MetricName },
  Period: 300,
  Stat: 'Sum',
});

const read = (changes: object = {}) =>
  readAlarm('It', { ...properties, ...changes }, () => 'my-stack');
const datum = (minutesAgo: number, value: number, changes: Partial<Datum> = {}): Datum => ({
  namespace: 'Darkroom',
  metricName: 'Broken',
  dimensions: { service: 'my-stack' },
  at: at - minutesAgo * minute,
  value,
  ...changes,
});

describe('missing data, by the tables of the documentation of CloudWatch', () => {
  // 0 is a data point within the threshold, X one beyond it, - a missing one; the latest is the last.
  test.each([
    [3, '0 - X - X', 'OK', 'OK'],
    [3, '0 - - - -', 'OK', 'OK'],
    [3, '- - - - -', 'ALARM', 'OK'],
    [3, '0 X X - X', 'ALARM', 'ALARM'],
    [3, '- - X - -', 'ALARM', 'OK'],
    [2, '0 - X - X', 'ALARM', 'ALARM'],
    [2, '0 0 X 0 X', 'ALARM', 'ALARM'],
    [2, '0 - X - -', 'ALARM', 'OK'],
    [2, '- - - - 0', 'ALARM', 'OK'],
    [2, '- - - X -', 'ALARM', 'OK'],
  ])('%i of 3 with %s: %s as breaching, %s as not breaching', (toAlarm, points, breaching, not) => {
    const data = points.split(' ').flatMap((point, index) => {
      return point === '-' ? [] : [datum((5 - index) * 5, point === 'X' ? 1 : 0)];
    });
    const stateFor = (TreatMissingData: string) =>
      read({ EvaluationPeriods: 3, DatapointsToAlarm: toAlarm, TreatMissingData }).stateAt(
        data,
        at,
      );

    expect([stateFor('breaching'), stateFor('notBreaching')]).toEqual([breaching, not]);
  });
});

describe('the data of a period', () => {
  test.each([
    ['its sum reaches the threshold', [datum(5, 1), datum(1, 2)], 'ALARM'],
    ['its sum does not', [datum(5, 1), datum(1, 1)], 'OK'],
    ['a part of it came before', [datum(5.01, 1), datum(1, 2)], 'OK'],
    ['a part of it comes at the end of the period', [datum(5, 1), datum(0, 2)], 'OK'],
    ['a part belongs to another metric', [datum(5, 2), datum(1, 9, { metricName: 'Other' })], 'OK'],
    ['a part belongs to another namespace', [datum(5, 2), datum(1, 9, { namespace: 'x' })], 'OK'],
    [
      'a part belongs to another stack',
      [datum(5, 2), datum(1, 9, { dimensions: { service: 'other' } })],
      'OK',
    ],
    [
      'a part has one dimension more',
      [datum(5, 2), datum(1, 9, { dimensions: { service: 'my-stack', code: '1' } })],
      'OK',
    ],
    ['a part has no dimension', [datum(5, 2), datum(1, 9, { dimensions: {} })], 'OK'],
  ] as const)('when %s', (_what, data, state) => {
    expect(read({ Threshold: 3 }).stateAt(data, at)).toBe(state);
  });

  test.each([
    ['p95', 19, 'OK'],
    ['p95', 18, 'ALARM'],
    ['p50', 18, 'OK'],
    ['p99', 19, 'ALARM'],
  ])('%s of twenty values of which %i are small', (ExtendedStatistic, small, state) => {
    const data = Array.from({ length: 20 }, (_, nth) => datum(2, nth < small ? 10 : 5000));
    const alarm = readAlarm(
      'It',
      { ...omit(properties, 'Statistic'), ExtendedStatistic, Threshold: 3000 },
      () => 'my-stack',
    );

    expect(alarm.stateAt(data, at)).toBe(state);
  });

  test.each([
    ['GreaterThanThreshold', 'OK', 'ALARM'],
    ['GreaterThanOrEqualToThreshold', 'ALARM', 'ALARM'],
    ['LessThanThreshold', 'OK', 'OK'],
    ['LessThanOrEqualToThreshold', 'ALARM', 'OK'],
  ])('%s is %s at the threshold and %s above it', (ComparisonOperator, same, above) => {
    const alarm = read({ ComparisonOperator });

    expect(alarm.stateAt([datum(1, 1)], at)).toBe(same);
    expect(alarm.stateAt([datum(1, 2)], at)).toBe(above);
  });
});

describe('an alarm with an expression', () => {
  const { Namespace, MetricName, Dimensions, Period, Statistic, ...rule } = properties;
  const withQueries = (Metrics: readonly object[]) => readAlarm('It', { ...rule, Metrics }, String);
  const queries = [
    { Id: 'ratio', Expression: 'failed / (failed + FILL(done, 0))', Label: 'share' },
    { Id: 'failed', MetricStat: metricStat('Failed'), ReturnData: false },
    { Id: 'done', MetricStat: metricStat('Done'), ReturnData: false },
  ];
  const failed = datum(1, 2, { metricName: 'Failed', dimensions: {} });
  const done = datum(2, 1, { metricName: 'Done', dimensions: {} });

  test('is evaluated by the value of the expression in each period', () => {
    const alarm = withQueries(queries);

    expect(alarm.stateAt([failed], at)).toBe('ALARM');
    expect(alarm.stateAt([failed, done], at)).toBe('OK');
    expect(alarm.stateAt([], at)).toBe('OK');
    expect(alarm.metrics.map((one) => one.metricName)).toEqual(['Failed', 'Done']);
  });

  test.each([
    ['without an expression', queries.slice(1), 'exactly one expression'],
    ['with two expressions', [...queries, { Id: 'e', Expression: 'done' }], 'one expression'],
    [
      'with two periods',
      [
        ...queries,
        {
          Id: 'slow',
          MetricStat: { ...metricStat('Done'), Period: 900 },
          ReturnData: false,
        },
      ],
      'one period',
    ],
  ])('%s is refused', (_what, metrics, message) => {
    expect(() => withQueries(metrics)).toThrow(message);
  });
});

test.each([
  { TreatMissingData: 'missing' },
  { TreatMissingData: 'ignore' },
  { TreatMissingData: undefined },
  { Statistic: 'Average' },
  { Statistic: undefined },
  { Period: 10 },
  { Unit: 'Count' },
  { ThresholdMetricId: 'band' },
  { EvaluateLowSampleCountPercentile: 'ignore' },
  { ComparisonOperator: 'GreaterThanUpperThreshold' },
])('an alarm with %j is refused, because it would be evaluated in another way', (change) => {
  expect(() => read(change)).toThrow();
});

describe('an alarm has fired', () => {
  const alarm = read({ Threshold: 2 });
  const times = { from: at - 60 * minute, to: at };
  const fired = (data: readonly Datum[]) => firedAlarms([alarm], data, times);

  test('when two values come within five minutes, wherever the minutes begin', () => {
    for (const offset of [0, 1, 2, 3, 4]) {
      expect(fired([datum(30.5 + offset, 1), datum(27 + offset, 1)])).toEqual(['It']);
    }
  });

  test('when its last value came in the minute that is not over', () => {
    const data = [datum(1, 2)];

    expect(firedAlarms([alarm], data, { from: at - minute, to: at - 30_000 })).toEqual(['It']);
  });

  test('but not when they are further apart, or outside of the time that is asked for', () => {
    expect(fired([datum(33, 1), datum(27, 1)])).toEqual([]);
    expect(fired([datum(120, 2)])).toEqual([]);
    expect(fired([])).toEqual([]);
  });
});
