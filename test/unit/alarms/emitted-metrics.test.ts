import { expect, test } from 'vitest';
import { dataInLine } from '../../support/alarms/emitted-metrics.ts';

const line = {
  _aws: {
    Timestamp: 1_757_156_493_000,
    CloudWatchMetrics: [
      {
        Namespace: 'Darkroom',
        Dimensions: [['service']],
        Metrics: [
          { Name: 'TaskFailed', Unit: 'Count' },
          { Name: 'TaskSeconds', Unit: 'Seconds' },
        ],
      },
    ],
  },
  service: 'my-stack',
  TaskFailed: 1,
  TaskSeconds: [3, 4.5],
  code: 'service_error',
};

test('each number of a metric in a line is a value, and no other field of the line is', () => {
  const common = {
    namespace: 'Darkroom',
    dimensions: { service: 'my-stack' },
    at: 1_757_156_493_000,
  };

  expect(dataInLine(JSON.stringify(line))).toEqual([
    { ...common, metricName: 'TaskFailed', value: 1 },
    { ...common, metricName: 'TaskSeconds', value: 3 },
    { ...common, metricName: 'TaskSeconds', value: 4.5 },
  ]);
});

test.each(['', 'START RequestId: 1', '{"level":"WARN","message":"task.recovered"}', '{ broken'])(
  'the line %j has no numbers',
  (text) => {
    expect(dataInLine(text)).toEqual([]);
  },
);

test('a line that names a metric without a number is an error', () => {
  const { TaskFailed, ...incomplete } = line;

  expect(() => dataInLine(JSON.stringify(incomplete))).toThrow();
});
