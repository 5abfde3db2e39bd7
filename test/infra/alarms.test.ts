import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { metricNames } from '../../functions/domain/model/metric-names.ts';
import { readable } from './readable.ts';
import { type Found, ofType, stageNames, synthesised, withCanary } from './synthesised.ts';

const Metric = z.object({
  Namespace: z.string(),
  MetricName: z.string(),
  Dimensions: z.array(z.object({ Name: z.string(), Value: z.unknown() })).default([]),
});
const Stat = z.object({ Metric, Period: z.number(), Stat: z.string() });
const Query = z.object({
  Id: z.string(),
  ReturnData: z.boolean(),
  Expression: z.string().optional(),
  MetricStat: Stat.optional(),
});
const Rule = z.object({
  AlarmDescription: z.string(),
  ComparisonOperator: z.string(),
  Threshold: z.number(),
  EvaluationPeriods: z.number(),
  TreatMissingData: z.string(),
  Metrics: z.array(Query).optional(),
  ...Metric.partial().shape,
  Period: z.number().optional(),
  Statistic: z.string().optional(),
  ExtendedStatistic: z.string().optional(),
});

const TableProperties = z.object({
  GlobalSecondaryIndexes: z.array(z.object({ IndexName: z.string() })).default([]),
});

const runbook = readFileSync('docs/runbook.md', 'utf8');
const section = /^## Alarms$([\s\S]*?)^## /m.exec(runbook)?.[1] ?? '';
const headings = [...section.matchAll(/^### (.+)$/gm)].map(([, text = '']) => text);

/** Alarms that only a setting brings. */
const optional = ['CanaryFailing'];
const headingsOfAll = headings.filter((heading) => !optional.includes(heading));

const rulesIn = (found: readonly Found[]) =>
  found.map(({ name, Properties }) => ({ name, ...Rule.parse(Properties) }));

type AlarmRule = ReturnType<typeof rulesIn>[number];

/** The metrics of an alarm, in either of the two forms that CloudFormation has. */
function metricsOf(rule: AlarmRule): readonly z.output<typeof Stat>[] {
  if (rule.Metrics) return rule.Metrics.flatMap(({ MetricStat = [] }) => MetricStat);
  const { Period, Statistic, ExtendedStatistic } = rule;
  return [Stat.parse({ Metric: Metric.parse(rule), Period, Stat: Statistic ?? ExtendedStatistic })];
}

/** The expression that the alarm of this name computes from its metrics. */
function expressionOf(rules: readonly AlarmRule[], name: string): string {
  const { Metrics = [] } = rules.find((rule) => rule.name === name) ?? {};
  const [{ Expression = '' } = {}] = Metrics.filter(({ ReturnData }) => ReturnData);
  return Expression;
}

function line(rule: AlarmRule): string {
  const metrics = metricsOf(rule);
  const names = [...new Set(metrics.map(({ Metric: { MetricName } }) => MetricName))].join(' ');
  const minutes = ((metrics[0]?.Period ?? 0) * rule.EvaluationPeriods) / 60;
  const sign = rule.ComparisonOperator.startsWith('Less') ? '<' : '≥';
  return `${rule.name}: ${names} ${sign} ${rule.Threshold} in ${minutes} min`;
}

test('the runbook has sections about alarms', () => {
  expect(headings).not.toEqual([]);
});

test('with the canary there is one alarm more, which has a section as well', () => {
  const rules = rulesIn(ofType(withCanary(), 'AWS::CloudWatch::Alarm'));
  const [last] = rules.slice(-1);

  expect(rules.map((rule) => rule.name)).toEqual(headings);
  expect(last && line(last)).toBe('CanaryFailing: CanarySucceeded < 2 in 50 min');
  expect(last).toMatchObject({ TreatMissingData: 'breaching', EvaluationPeriods: 1 });
  expect(last?.AlarmDescription).toMatch(/ What to do: docs\/runbook\.md#canaryfailing$/);
});

describe.each(stageNames)('in %s', (name) => {
  const stage = synthesised(name);
  const rules = rulesIn(ofType(stage, 'AWS::CloudWatch::Alarm'));

  test('every alarm has a section in the runbook, and every section an alarm', () => {
    expect(rules.map((rule) => rule.name)).toEqual(headingsOfAll);
  });

  test('these are the alarms, with their thresholds', () => {
    expect(rules.map(line)).toEqual([
      'TaskPastDeadline: TaskPastDeadline ≥ 1 in 5 min',
      'ExhaustedTask: ExhaustedTask ≥ 1 in 5 min',
      'BrokenTask: BrokenTask ≥ 3 in 15 min',
      'ProviderFailing: ProviderFailedTask DeferredSubmit TaskCompleted ≥ 0.5 in 15 min',
      'UnstartedTask: UnstartedTask ≥ 5 in 15 min',
      'UploadEventLost: UploadEventLost ≥ 1 in 5 min',
      'UnknownSubmit: UnknownSubmit ≥ 3 in 60 min',
      'ProviderAccountRejected: ProviderAccountRejected ≥ 1 in 5 min',
      'UndeliveredCallback: UndeliveredCallback ≥ 5 in 60 min',
      'ReconcilerFailure: ReconcilerFailure ≥ 3 in 15 min',
      'ReconcilerStopped: Invocations Errors < 1 in 10 min',
      'ExecutionFailed: ExecutionsFailed ExecutionsTimedOut ExecutionsAborted ≥ 1 in 5 min',
      'FunctionError: Errors ≥ 3 in 5 min',
      'FunctionThrottled: Throttles ≥ 5 in 5 min',
      'ApiServerError: 5xx ≥ 5 in 5 min',
      'WorkflowThrottled: ExecutionThrottled ≥ 5 in 5 min',
      'TableThrottled: ReadThrottleEvents WriteThrottleEvents ≥ 10 in 5 min',
      'IndexThrottled: ReadThrottleEvents WriteThrottleEvents ≥ 10 in 5 min',
      'ApiSlow: ResponseMs ≥ 3000 in 15 min',
      'QueueStuck: ExpiredGrant ReclaimedSlot OldestQueuedSeconds ReadThrottleEvents WriteThrottleEvents ≥ 5 in 5 min',
    ]);
  });

  describe.each(rules)('$name', (rule) => {
    test('says what is wrong, and links to its section of the runbook', () => {
      expect(rule.AlarmDescription).toMatch(/^[A-Z].{15,}\. What to do: docs\/runbook\.md#[a-z]+$/);
      expect(rule.AlarmDescription.split('#')[1]).toBe(rule.name.toLowerCase());
    });

    test('treats missing data as good, unless the alarm is about missing data', () => {
      expect(rule.TreatMissingData).toBe(
        rule.name === 'ReconcilerStopped' ? 'breaching' : 'notBreaching',
      );
    });

    test('adds up at most ten metrics, which is the limit of CloudWatch', () => {
      expect(metricsOf(rule).length).toBeLessThanOrEqual(10);
      const stat = rule.name === 'ApiSlow' ? 'p95' : 'Sum';
      const statOf = ({ MetricName }: z.output<typeof Metric>) =>
        MetricName === metricNames.oldestQueuedSeconds ? 'Maximum' : stat;
      expect(metricsOf(rule).map((one) => one.Stat)).toEqual(
        metricsOf(rule).map((one) => statOf(one.Metric)),
      );
    });

    test('reads only metrics of this stack: those that its functions emit, and those of its resources', () => {
      expect(metricsOf(rule)).not.toEqual([]);
      for (const { Metric: metric } of metricsOf(rule)) {
        const [{ Name, Value } = {}, ...more] = metric.Dimensions.filter(
          (one) => one.Name !== 'GlobalSecondaryIndexName',
        );
        expect(more).toEqual([]);
        if (metric.Namespace === 'Darkroom') {
          expect([Name, Value]).toEqual(['service', { Ref: 'AWS::StackName' }]);
          expect(Object.values<string>(metricNames)).toContain(metric.MetricName);
        } else {
          expect(stage.template.Resources).toHaveProperty(readable(Value, (id) => id));
        }
      }
    });
  });

  test('providers that fail only two tasks, or fewer than they complete, set off no alarm', () => {
    const share = (failed: number | undefined, completed: number | undefined) =>
      evaluate(expressionOf(rules, 'ProviderFailing'), { failed, completed, deferred: undefined });

    expect(share(undefined, undefined)).toBe(0);
    expect(share(undefined, 100)).toBe(0);
    expect(share(2, undefined)).toBe(0);
    expect(share(3, undefined)).toBe(1);
    expect(share(3, 3)).toBe(0.5);
    expect(share(3, 4)).toBeLessThan(0.5);
  });

  test('three submits that no provider accepts set off an alarm while no task is completed', () => {
    const share = (deferred: number, completed: number | undefined) =>
      evaluate(expressionOf(rules, 'ProviderFailing'), { failed: undefined, completed, deferred });

    expect(share(2, undefined)).toBe(0);
    expect(share(3, undefined)).toBe(1);
    expect(share(200, 1)).toBe(0); // the provider works at its limit
  });

  test('the throttles of every table and index are counted, except for reads of two lists for people, and for the tables of files and of the audit', () => {
    const watched = rules
      .filter(({ name: alarm }) => alarm.endsWith('Throttled') || alarm === 'QueueStuck')
      .flatMap(metricsOf)
      .filter(({ Metric: { MetricName } }) => MetricName.endsWith('ThrottleEvents'))
      .map(({ Metric: { MetricName, Dimensions } }) =>
        [MetricName, ...Dimensions.map(({ Value }) => readable(Value, (id) => id))].join(' '),
      );
    const existing = ofType(stage, 'AWS::DynamoDB::GlobalTable').flatMap(({ id, Properties }) => {
      const { GlobalSecondaryIndexes } = TableProperties.parse(Properties);
      return [id, ...GlobalSecondaryIndexes.map(({ IndexName }) => `${IndexName} ${id}`)];
    });
    // Lists for people: a throttled read of them delays nothing.
    const unwatched = ['ReadThrottleEvents byDay', 'ReadThrottleEvents undelivered'];
    const expected = existing
      .flatMap((one) => [`ReadThrottleEvents ${one}`, `WriteThrottleEvents ${one}`])
      .filter((one) => !unwatched.some((metric) => one.startsWith(`${metric} `)))
      // Only requests use these tables, and a request that stays throttled is a 5xx of the API.
      .filter((one) => !one.includes('TablesFiles') && !one.includes('TablesAudit'));

    expect(existing).toHaveLength(14);
    expect(watched.toSorted()).toEqual(expected.toSorted());
  });

  test('an error of a function that throws on purpose sets off no alarm; an error of any other function does', () => {
    const error = rules.find((rule) => rule.name === 'FunctionError');
    const dimensions = error && metricsOf(error).map(({ Metric: { Dimensions } }) => Dimensions[0]);

    expect(dimensions?.map((dimension) => readable(dimension?.Value, stage.nameOf)).sort()).toEqual(
      [
        'AwaitProvider',
        'AwaitSlot',
        'DeletePictures',
        'ExecutionEnded',
        'InputUploaded',
        'IssueKey',
        'PollTask',
        'Reconcile',
      ],
    );
  });
});

describe('the prices in the runbook', () => {
  const rows = [...runbook.matchAll(/^\|([^|]+)\| ?(\d*) ?\| ?([\d.]*) ?\| ([\d.]+) \|$/gm)].map(
    ([, what = '', count, each, total]) => ({
      what: what.trim(),
      count: Number(count),
      each: Number(each),
      total: Number(total),
    }),
  );
  const [alarmMetrics, ownMetrics, dashboards, together] = rows;

  test('are for as many metrics and dashboards as there are', () => {
    const stage = synthesised('prod');
    const rules = rulesIn(ofType(stage, 'AWS::CloudWatch::Alarm'));

    expect(rows).toHaveLength(4);
    expect(alarmMetrics?.count).toBe(rules.flatMap(metricsOf).length);
    const ofCanary = Object.values(metricNames).filter((metric) => metric.startsWith('Canary'));
    expect(ofCanary).toHaveLength(2);
    expect(ownMetrics?.count).toBe(Object.keys(metricNames).length - ofCanary.length);
    expect(dashboards?.count).toBe(ofType(stage, 'AWS::CloudWatch::Dashboard').length);
  });

  test('are added up rightly', () => {
    const items = rows.slice(0, 3);

    for (const { count, each, total } of items) expect(count * each).toBeCloseTo(total, 2);
    expect(together?.what).toBe('together');
    expect(items.reduce((sum, { total }) => sum + total, 0)).toBeCloseTo(together?.total ?? 0, 2);
    expect(readFileSync('docs/performance.md', 'utf8')).toContain(
      `[$${together?.total.toFixed(2)}](runbook.md`,
    );
  });

  test('are for alarms of standard resolution, and for no more than twenty', () => {
    const rules = rulesIn(ofType(synthesised('prod'), 'AWS::CloudWatch::Alarm'));
    const numbers = ['seventeen', 'eighteen', 'nineteen', 'twenty'];

    expect(rules.length).toBeLessThanOrEqual(20);
    expect(runbook).toContain(`Each stack has ${numbers[rules.length - 17]} alarms`);
    expect(alarmMetrics?.what).toContain(`${numbers[rules.length - 17]} alarms`);
    const periods = rules.flatMap(metricsOf).map(({ Period }) => Period);
    expect(periods).not.toEqual([]);
    for (const period of periods) expect(period).toBeGreaterThanOrEqual(60);
  });
});

/** The value that CloudWatch computes for an expression with `IF` and `FILL` over one value of each metric. */
function evaluate(
  expression: string,
  values: Readonly<Record<'failed' | 'deferred' | 'completed', number | undefined>>,
): unknown {
  const fill = (value: number | undefined, missing: number) => value ?? missing;
  const choose = (condition: boolean, yes: number, no: number) => (condition ? yes : no);
  const run = new Function('IF', 'FILL', ...Object.keys(values), `return ${expression}`);
  return run(choose, fill, ...Object.values(values));
}

test('every log event that the runbook searches for is one that the code writes', () => {
  const code = readdirSync('functions', { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => readFileSync(join('functions', path), 'utf8'))
    .join('\n');
  const events = [...runbook.matchAll(/"([a-z]+\.[a-z_]+)"/g)].map(([, event]) => event);

  expect(events.length).toBeGreaterThan(8);
  expect(events.filter((event) => !code.includes(`'${event}'`))).toEqual([]);
});

describe('the mail of the alarms', () => {
  const stage = synthesised('prod');
  const topic = ofType(stage, 'AWS::SNS::Topic')[0]?.id;
  const topicResources = stage.resources.filter(({ Type }) => Type.startsWith('AWS::SNS::'));
  const condition = topicResources[0]?.['Condition'];

  test('goes to the address of the deployment when an alarm begins and when it ends', () => {
    const action = { 'Fn::If': [condition, { Ref: topic }, { Ref: 'AWS::NoValue' }] };
    const alarms = ofType(stage, 'AWS::CloudWatch::Alarm');
    expect(alarms).toHaveLength(headingsOfAll.length);
    for (const { Properties } of alarms) {
      expect(Properties).toMatchObject({ AlarmActions: [action], OKActions: [action] });
    }
    expect(ofType(stage, 'AWS::SNS::Subscription')[0]?.Properties).toEqual({
      Protocol: 'email',
      Endpoint: { Ref: 'AlarmEmail' },
      TopicArn: { Ref: topic },
    });
  });

  test('has no resource when there is no address', () => {
    expect(stage.template.Parameters['AlarmEmail']).toMatchObject({ Default: '' });
    expect(stage.template['Conditions']).toEqual({
      [String(condition)]: { 'Fn::Not': [{ 'Fn::Equals': [{ Ref: 'AlarmEmail' }, ''] }] },
    });
    expect(topicResources.map((resource) => resource['Condition'])).toEqual([
      condition,
      condition,
      condition,
    ]);
  });

  test.each([
    ['', true],
    ['team@example.com', true],
    ['nobody', false],
    ['two words@example.com', false],
  ])('the parameter accepts the address %j: %j', (address, isAccepted) => {
    const { AllowedPattern } = stage.template.Parameters['AlarmEmail'] ?? {};

    expect(new RegExp(String(AllowedPattern)).test(address)).toBe(isAccepted);
  });

  test('is sent only by alarms of this account, and only over TLS', () => {
    const [policy] = ofType(stage, 'AWS::SNS::TopicPolicy');

    expect(policy?.Properties['PolicyDocument']).toMatchObject({
      Statement: [
        { Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
        {
          Effect: 'Allow',
          Action: 'sns:Publish',
          Principal: { Service: 'cloudwatch.amazonaws.com' },
          Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
        },
      ],
    });
  });
});
