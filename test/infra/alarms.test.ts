import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { countedMetrics } from './counted-metrics.ts';
import { readable } from './readable.ts';
import { type Found, ofType, stageNames, synthesised } from './synthesised.ts';

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
});

const runbook = readFileSync('docs/runbook.md', 'utf8');
const section = /^## Alarms$([\s\S]*?)^## /m.exec(runbook)?.[1] ?? '';
const headings = [...section.matchAll(/^### (.+)$/gm)].map(([, text = '']) => text);

const rulesIn = (found: readonly Found[]) =>
  found.map(({ name, Properties }) => ({ name, ...Rule.parse(Properties) }));

type Watching = ReturnType<typeof rulesIn>[number];

/** What an alarm reads, whichever way CloudFormation says it. */
function metricsOf(rule: Watching): readonly z.output<typeof Stat>[] {
  if (rule.Metrics) return rule.Metrics.flatMap(({ MetricStat = [] }) => MetricStat);
  const { Period, Statistic } = rule;
  return [Stat.parse({ Metric: Metric.parse(rule), Period, Stat: Statistic })];
}

function line(rule: Watching): string {
  const metrics = metricsOf(rule);
  const names = [...new Set(metrics.map(({ Metric: { MetricName } }) => MetricName))].join(' ');
  const minutes = ((metrics[0]?.Period ?? 0) * rule.EvaluationPeriods) / 60;
  const sign = rule.ComparisonOperator.startsWith('Less') ? '<' : '≥';
  return `${rule.name}: ${names} ${sign} ${rule.Threshold} in ${minutes} min`;
}

describe.each(stageNames)('in %s', (name) => {
  const stage = synthesised(name);
  const rules = rulesIn(ofType(stage, 'AWS::CloudWatch::Alarm'));

  test('every alarm has its heading in the runbook, and every heading its alarm', () => {
    expect(rules.map((rule) => rule.name)).toEqual(headings);
  });

  test('what wakes somebody is this', () => {
    expect(rules.map(line)).toEqual([
      'TaskPastDeadline: TaskPastDeadline ≥ 1 in 5 min',
      'ExhaustedTask: ExhaustedTask ≥ 1 in 5 min',
      'BrokenTask: BrokenTask ≥ 3 in 15 min',
      'UnknownSubmit: UnknownSubmit ≥ 3 in 60 min',
      'ProviderRefusedOperator: ProviderRefusedOperator ≥ 1 in 5 min',
      'UndeliveredCallback: UndeliveredCallback ≥ 5 in 60 min',
      'SweepFailure: SweepFailure ≥ 3 in 15 min',
      'SweepStopped: Invocations Errors < 1 in 10 min',
      'ExecutionFailed: ExecutionsFailed ExecutionsTimedOut ExecutionsAborted ≥ 1 in 5 min',
      'FunctionError: Errors ≥ 3 in 5 min',
      'FunctionThrottled: Throttles ≥ 5 in 5 min',
      'ApiServerError: 5xx ≥ 5 in 5 min',
    ]);
  });

  describe.each(rules)('$name', (rule) => {
    test('says what is wrong, and where it stands what to do', () => {
      expect(rule.AlarmDescription).toMatch(/^[A-Z].{15,}\. What to do: docs\/runbook\.md#[a-z]+$/);
      expect(rule.AlarmDescription.split('#')[1]).toBe(rule.name.toLowerCase());
    });

    test('is quiet when nothing is heard, unless silence is what it is about', () => {
      expect(rule.TreatMissingData).toBe(
        rule.name === 'SweepStopped' ? 'breaching' : 'notBreaching',
      );
    });

    test('adds up no more than the ten metrics an alarm may have', () => {
      expect(metricsOf(rule).length).toBeLessThanOrEqual(10);
      expect(metricsOf(rule).map((one) => one.Stat)).toEqual(metricsOf(rule).map(() => 'Sum'));
    });

    test('watches this stack alone, by what its functions count or its resources are', () => {
      for (const { Metric: metric } of metricsOf(rule)) {
        const [{ Name, Value } = {}, ...more] = metric.Dimensions;
        expect(more).toEqual([]);
        if (metric.Namespace === 'Darkroom') {
          expect([Name, Value]).toEqual(['service', { Ref: 'AWS::StackName' }]);
          expect(countedMetrics).toContain(metric.MetricName);
        } else {
          expect(stage.template.Resources).toHaveProperty(readable(Value, (id) => id));
        }
      }
    });
  });

  test('a crash of a function that answers by errors is no alarm; that of any other is', () => {
    const error = rules.find((rule) => rule.name === 'FunctionError');
    const watched = error && metricsOf(error).map(({ Metric: { Dimensions } }) => Dimensions[0]);

    expect(watched?.map((dimension) => readable(dimension?.Value, stage.nameOf)).sort()).toEqual([
      ...['AwaitProvider', 'ExecutionEnded', 'InputUploaded', 'IssueKey', 'PollTask', 'Sweep'],
    ]);
  });
});

describe('the mail', () => {
  const stage = synthesised('prod');
  const topic = ofType(stage, 'AWS::SNS::Topic')[0]?.id;
  const parts = stage.resources.filter(({ Type }) => Type.startsWith('AWS::SNS::'));
  const condition = parts[0]?.['Condition'];

  test('is sent where the deployment says, when an alarm begins and when it is over', () => {
    const action = { 'Fn::If': [condition, { Ref: topic }, { Ref: 'AWS::NoValue' }] };
    for (const { Properties } of ofType(stage, 'AWS::CloudWatch::Alarm')) {
      expect(Properties).toMatchObject({ AlarmActions: [action], OKActions: [action] });
    }
    expect(ofType(stage, 'AWS::SNS::Subscription')[0]?.Properties).toEqual({
      ...{ Protocol: 'email', Endpoint: { Ref: 'AlarmEmail' }, TopicArn: { Ref: topic } },
    });
  });

  test('without an address there is none of it', () => {
    expect(stage.template.Parameters['AlarmEmail']).toMatchObject({ Default: '' });
    expect(stage.template['Conditions']).toEqual({
      [String(condition)]: { 'Fn::Not': [{ 'Fn::Equals': [{ Ref: 'AlarmEmail' }, ''] }] },
    });
    expect(parts.map((part) => part['Condition'])).toEqual([condition, condition, condition]);
  });

  test.each([
    ['', true],
    ['team@example.com', true],
    ['nobody', false],
    ['two words@example.com', false],
  ])('an address of %j is taken: %j', (address, taken) => {
    const { AllowedPattern } = stage.template.Parameters['AlarmEmail'] ?? {};

    expect(new RegExp(String(AllowedPattern)).test(address)).toBe(taken);
  });

  test('comes from the alarms of this account, over TLS, and from nobody else', () => {
    const [policy] = ofType(stage, 'AWS::SNS::TopicPolicy');

    expect(policy?.Properties['PolicyDocument']).toMatchObject({
      Statement: [
        { Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
        {
          ...{ Effect: 'Allow', Action: 'sns:Publish' },
          Principal: { Service: 'cloudwatch.amazonaws.com' },
          Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
        },
      ],
    });
  });
});
