import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { metricNames } from '../../functions/domain/model/metric-names.ts';
import awsMetrics from '../fixtures/aws-metrics.json' with { type: 'json' };
import { type Datum, firedAlarms, readAlarm } from '../support/alarms/evaluate-alarm.ts';
import { readable } from './readable.ts';
import { ofType, stageNames, synthesised } from './synthesised.ts';

// The alarms over metrics of AWS cannot be played at home. So their metrics are compared with what AWS documents, and
// their rules are evaluated over an hour of values as AWS would write them.

const stage = synthesised('prod');
/** Whether it is a metric of AWS, or one that CloudWatch makes from what AWS logs. */
const isOfAws = ({ namespace, metricName }: { namespace: string; metricName: string }) =>
  namespace !== 'Darkroom' || metricName === metricNames.responseMs;
const resolve = (value: unknown) => readable(value, stage.nameOf);
const alarms = ofType(stage, 'AWS::CloudWatch::Alarm')
  .map(({ name, Properties }) => readAlarm(name, Properties, resolve))
  .filter(({ metrics }) => metrics.some((metric) => isOfAws(metric)));

const DashboardBody = z.object({
  widgets: z.array(
    z.object({
      properties: z.looseObject({ metrics: z.array(z.array(z.unknown())).default([]) }),
    }),
  ),
});

/** The metrics of AWS that alarms and dashboard of a stage read: namespace, name, names of the dimensions. */
function awsMetricsOf(stageName: (typeof stageNames)[number]) {
  const { nameOf } = synthesised(stageName);
  const found = ofType(synthesised(stageName), 'AWS::CloudWatch::Alarm').flatMap(
    ({ name, Properties }) =>
      readAlarm(name, Properties, (value) => readable(value, nameOf)).metrics.map(
        ({ namespace, metricName, dimensions }) => ({
          namespace,
          metricName,
          dimensions: Object.keys(dimensions).toSorted(),
        }),
      ),
  );
  const [dashboard] = ofType(synthesised(stageName), 'AWS::CloudWatch::Dashboard');
  const body = readable(dashboard?.Properties['DashboardBody'], nameOf);
  const shown = DashboardBody.parse(JSON.parse(body)).widgets.flatMap(({ properties }) =>
    properties.metrics.map((metric) => {
      const [namespace, metricName, ...rest] = metric.filter((part) => typeof part === 'string');
      const dimensions = rest.filter((_, index) => index % 2 === 0).toSorted();
      return { namespace: `${namespace}`, metricName: `${metricName}`, dimensions };
    }),
  );
  return [...found, ...shown].filter(({ namespace }) => namespace !== 'Darkroom');
}

describe.each(stageNames)('in %s', (stageName) => {
  test('every metric of AWS is one that AWS documents, with these dimensions', () => {
    const metrics = awsMetricsOf(stageName);
    const unknown = metrics.filter(
      ({ namespace, metricName, dimensions }) =>
        !awsMetrics.some(
          (documented) =>
            documented.namespace === namespace &&
            documented.metrics.includes(metricName) &&
            documented.dimensions.some((names) => names.join() === dimensions.join()),
        ),
    );

    expect(metrics.length).toBeGreaterThan(40);
    expect(unknown).toEqual([]);
  });
});

test('each list of metrics names its page in the documentation of AWS, and the stack uses each', () => {
  const used = new Set(awsMetricsOf('prod').map(({ namespace }) => namespace));

  expect(awsMetrics.map(({ namespace }) => namespace)).toEqual([...used].toSorted());
  for (const { source } of awsMetrics) {
    expect(source).toMatch(/^https:\/\/docs\.aws\.amazon\.com\/[a-z-]+\/latest\/.+\.html$/);
  }
});

test('the lists name no metric and no dimension that no alarm and no dashboard reads', () => {
  const used = stageNames.flatMap(awsMetricsOf);
  const keys = new Set(
    used.flatMap(({ namespace, metricName, dimensions }) => [
      `${namespace} ${metricName}`,
      `${namespace} by ${dimensions.join()}`,
    ]),
  );
  const listed = awsMetrics.flatMap(({ namespace, metrics, dimensions }) => [
    ...metrics.map((name) => `${namespace} ${name}`),
    ...dimensions.map((names) => `${namespace} by ${names.join()}`),
  ]);

  expect(listed.filter((key) => !keys.has(key))).toEqual([]);
});

const minuteMs = 60_000;
const hour = { from: 10 * 60 * minuteMs, to: 11 * 60 * minuteMs };

type Minutes = readonly [from: number, to: number];

/** The same values in each of these minutes of the hour. */
const inMinutes = (
  [first, last]: Minutes,
  [namespace, metricName]: readonly [namespace: string, metricName: string],
  dimensions: Datum['dimensions'],
  ...values: readonly number[]
): readonly Datum[] =>
  Array.from(
    { length: last - first + 1 },
    (_, index) => hour.from + (first + index) * minuteMs,
  ).flatMap((at) => values.map((value) => ({ namespace, metricName, dimensions, at, value })));

const lambda = (name: string) => ['AWS/Lambda', name] as const;
const states = (name: string) => ['AWS/States', name] as const;
/** This metric is made from the access log of the API. */
const responseMs = ['Darkroom', 'ResponseMs'] as const;
const api = (name: string) => ['AWS/ApiGateway', name] as const;
const dynamo = (name: string) => ['AWS/DynamoDB', name] as const;

const machine = { StateMachineArn: 'Machine' };
const http = { ApiId: 'Http' };
const own = { service: 'AWS::StackName' };
const of = (FunctionName: string) => ({ FunctionName });
const reconcile = of('Reconcile');
const whole = [0, 59] as const;

/** Every invocation writes its number of errors and of throttles, so a healthy function has zeros. */
const running = (minutes: Minutes, dimensions: Datum['dimensions']) => [
  ...inMinutes(minutes, lambda('Invocations'), dimensions, 1),
  ...inMinutes(minutes, lambda('Errors'), dimensions, 0),
  ...inMinutes(minutes, lambda('Throttles'), dimensions, 0),
];
const traffic = [
  ...running(whole, of('PollTask')),
  ...inMinutes(whole, states('ExecutionsStarted'), machine, 1),
  ...inMinutes(whole, states('ExecutionsSucceeded'), machine, 1),
  ...inMinutes(whole, states('ExecutionsFailed'), machine, 0),
  ...inMinutes(whole, states('ExecutionThrottled'), machine, 0),
  ...inMinutes(whole, api('Count'), http, 1, 1),
  ...inMinutes(whole, api('5xx'), http, 0, 0),
  ...inMinutes(whole, responseMs, own, 40, 90),
];
const healthy = [...running(whole, reconcile), ...traffic];

type Case = readonly [alarm: string, what: string, data: readonly Datum[]];

const firing: readonly Case[] = [
  [
    'ReconcilerStopped',
    'it does not run for eleven minutes',
    [...running([0, 30], reconcile), ...running([42, 59], reconcile), ...traffic],
  ],
  [
    'ReconcilerStopped',
    'it has not run since the first minute',
    [...running([0, 0], reconcile), ...traffic],
  ],
  [
    'ReconcilerStopped',
    'its only two runs in eleven minutes fail',
    [
      ...running([0, 30], reconcile),
      ...running([42, 59], reconcile),
      ...[33, 38].flatMap((minute) => [
        ...inMinutes([minute, minute], lambda('Invocations'), reconcile, 1),
        ...inMinutes([minute, minute], lambda('Errors'), reconcile, 1),
      ]),
      ...traffic,
    ],
  ],
  [
    'ExecutionFailed',
    'one execution fails',
    [...healthy, ...inMinutes([20, 20], states('ExecutionsFailed'), machine, 1)],
  ],
  [
    'ExecutionFailed',
    'one execution times out',
    [...healthy, ...inMinutes([20, 20], states('ExecutionsTimedOut'), machine, 1)],
  ],
  [
    'ExecutionFailed',
    'one execution is aborted',
    [...healthy, ...inMinutes([20, 20], states('ExecutionsAborted'), machine, 1)],
  ],
  [
    'FunctionError',
    'three functions crash in five minutes',
    [
      ...healthy,
      ...inMinutes([20, 20], lambda('Errors'), of('PollTask'), 1),
      ...inMinutes([21, 21], lambda('Errors'), of('InputUploaded'), 1),
      ...inMinutes([24, 24], lambda('Errors'), of('ExecutionEnded'), 1),
    ],
  ],
  [
    'FunctionThrottled',
    'five invocations of two functions are throttled in five minutes',
    [
      ...healthy,
      ...inMinutes([20, 21], lambda('Throttles'), of('SettleTask'), 2),
      ...inMinutes([24, 24], lambda('Throttles'), of('InputUploaded'), 1),
    ],
  ],
  [
    'ApiServerError',
    'five responses in five minutes are 5xx',
    [...healthy, ...inMinutes([20, 24], api('5xx'), http, 1)],
  ],
  [
    'WorkflowThrottled',
    'five transitions are throttled in five minutes',
    [...healthy, ...inMinutes([20, 24], states('ExecutionThrottled'), machine, 1)],
  ],
  [
    'TableThrottled',
    'ten requests to two tables are throttled in five minutes',
    [
      ...healthy,
      ...inMinutes([20, 24], dynamo('WriteThrottleEvents'), { TableName: 'Accounts' }, 1),
      ...inMinutes([20, 24], dynamo('ReadThrottleEvents'), { TableName: 'Idempotency' }, 1),
    ],
  ],
  [
    'IndexThrottled',
    'ten writes to an index are throttled in five minutes',
    [
      ...healthy,
      ...inMinutes(
        [20, 24],
        dynamo('WriteThrottleEvents'),
        { TableName: 'Tasks', GlobalSecondaryIndexName: 'nextCheck' },
        2,
      ),
    ],
  ],
  [
    'QueueStuck',
    'five requests to the queue are throttled in five minutes',
    [
      ...healthy,
      ...inMinutes([20, 22], dynamo('WriteThrottleEvents'), { TableName: 'Queue' }, 1),
      ...inMinutes([23, 24], dynamo('ReadThrottleEvents'), { TableName: 'Queue' }, 1),
    ],
  ],
  [
    'ApiSlow',
    'one response in ten takes three seconds for a quarter of an hour',
    [
      ...healthy,
      ...inMinutes([20, 34], responseMs, own, ...Array.from({ length: 18 }, () => 50), 3000, 4000),
    ],
  ],
];

const silent: readonly Case[] = [
  [
    'ReconcilerStopped',
    'four runs are missing, or failed',
    [
      ...running([0, 30], reconcile),
      ...running([35, 59], reconcile),
      ...inMinutes([50, 51], lambda('Errors'), reconcile, 1),
      ...traffic,
    ],
  ],
  [
    'ExecutionFailed',
    'executions succeed',
    [...healthy, ...inMinutes(whole, states('ExecutionsSucceeded'), machine, 50)],
  ],
  [
    'FunctionError',
    'two functions crash, and those that throw on purpose throw',
    [
      ...healthy,
      ...inMinutes([20, 21], lambda('Errors'), of('PollTask'), 1),
      ...inMinutes(whole, lambda('Errors'), of('PrepareInputs'), 5),
      ...inMinutes(whole, lambda('Errors'), of('SubmitTask'), 5),
      ...inMinutes(whole, lambda('Errors'), of('NotifyCaller'), 5),
    ],
  ],
  [
    'FunctionThrottled',
    'four invocations are throttled in five minutes',
    [...healthy, ...inMinutes([20, 23], lambda('Throttles'), of('PollTask'), 1)],
  ],
  [
    'ApiServerError',
    'four responses are 5xx and many are 4xx',
    [
      ...healthy,
      ...inMinutes([20, 23], api('5xx'), http, 1),
      ...inMinutes(whole, api('4xx'), http, 100),
    ],
  ],
  [
    'WorkflowThrottled',
    'four transitions are throttled in five minutes',
    [...healthy, ...inMinutes([20, 23], states('ExecutionThrottled'), machine, 1)],
  ],
  [
    'TableThrottled',
    'nine requests are throttled in five minutes',
    [...healthy, ...inMinutes([20, 20], dynamo('WriteThrottleEvents'), { TableName: 'Tasks' }, 9)],
  ],
  [
    'IndexThrottled',
    'nine writes to an index are throttled in five minutes',
    [
      ...healthy,
      ...inMinutes(
        [20, 20],
        dynamo('WriteThrottleEvents'),
        { TableName: 'Tasks', GlobalSecondaryIndexName: 'byAccount' },
        9,
      ),
    ],
  ],
  [
    'QueueStuck',
    'four requests to the queue are throttled in five minutes',
    [...healthy, ...inMinutes([20, 23], dynamo('WriteThrottleEvents'), { TableName: 'Queue' }, 1)],
  ],
  [
    'ApiSlow',
    'one response in ten is slow for ten minutes',
    [
      ...healthy,
      ...inMinutes(whole, responseMs, own, ...Array.from({ length: 18 }, () => 50)),
      ...inMinutes([20, 29], responseMs, own, 3000, 4000),
    ],
  ],
  [
    'ApiSlow',
    'one response in fifty is slow all the time',
    [
      ...healthy,
      ...inMinutes(whole, responseMs, own, ...Array.from({ length: 47 }, () => 50), 9000),
    ],
  ],
];

// The alarms only read back into the first quarter of an hour; they are not evaluated in it.
const firedIn = (data: readonly Datum[]) =>
  firedAlarms(alarms, data, { from: hour.from + 15 * minuteMs, to: hour.to });

test('no alarm fires in an hour in which nothing goes wrong', () => {
  expect(firedIn(healthy)).toEqual([]);
});

test.each(firing)('%s fires, and no other alarm, when %s', (alarm, _what, data) => {
  expect(firedIn(data)).toEqual([alarm]);
});

test.each(silent)('%s does not fire when %s', (_alarm, _what, data) => {
  expect(firedIn(data)).toEqual([]);
});

test('every alarm over metrics of AWS has data that make it fire and data that do not', () => {
  const names = alarms.map(({ name }) => name).toSorted();

  expect(names).not.toEqual([]);
  expect([...new Set(firing.map(([alarm]) => alarm))].toSorted()).toEqual(names);
  expect([...new Set(silent.map(([alarm]) => alarm))].toSorted()).toEqual(names);
});

test('all data are of a metric that the stack reads, and of one of its resources', () => {
  const key = (dimensions: Datum['dimensions']) =>
    JSON.stringify(Object.entries(dimensions).toSorted());
  const names = new Set([
    responseMs.join(' '),
    ...awsMetricsOf('prod').map((one) => `${one.namespace} ${one.metricName}`),
  ]);
  const resources = new Set(
    alarms.flatMap(({ metrics }) => metrics.map(({ dimensions }) => key(dimensions))),
  );
  const data = [...firing, ...silent].flatMap(([, , all]) => all);

  expect(data.filter((one) => !names.has(`${one.namespace} ${one.metricName}`))).toEqual([]);
  expect(
    new Set(data.map((one) => key(one.dimensions)).filter((one) => !resources.has(one))),
  ).toEqual(new Set());
});
