import { describe, expect, test } from 'vitest';
import { eventBus } from '../../../local/aws/event-bridge/event-bus.ts';
import { EventPattern, matches } from '../../../local/aws/event-bridge/event-pattern.ts';
import { type EventRule, eventRulesOf } from '../../../local/aws/template/read-event-rules.ts';
import { schedulesOf } from '../../../local/aws/template/read-schedules.ts';

const functionArn = 'arn:aws:lambda:us-east-1:000000000000:function:Recover';

describe('a pattern', () => {
  const event = {
    source: 'aws.states',
    resources: ['arn:one', 'arn:two'],
    detail: { status: 'FAILED', redriveCount: 0, output: null },
  };

  test.each([
    ['no condition at all', {}, true],
    ['one of several values', { detail: { status: ['FAILED', 'ABORTED'] } }, true],
    ['a value that is not listed', { detail: { status: ['ABORTED'] } }, false],
    ['all of its fields', { source: ['aws.states'], detail: { status: ['FAILED'] } }, true],
    ['only some of its fields', { source: ['aws.s3'], detail: { status: ['FAILED'] } }, false],
    ['a text that looks like a number', { detail: { redriveCount: ['0'] } }, false],
    ['a number', { detail: { redriveCount: [0] } }, true],
    ['a null', { detail: { output: [null] } }, true],
    ['a field that is not there', { detail: { input: [null] } }, false],
    ['a field below one that is not there', { other: { status: ['FAILED'] } }, false],
    ['the prefix of a text', { source: [{ prefix: 'aws.' }] }, true],
    [
      'the prefix of something that is no text',
      { detail: { redriveCount: [{ prefix: '0' }] } },
      false,
    ],
    ['an item of a list', { resources: ['arn:two'] }, true],
  ])('is compared with %s', (_, pattern, expected) => {
    expect(matches(EventPattern.parse(pattern), event)).toBe(expected);
  });

  test.each([
    [{ detail: { status: [{ 'anything-but': ['FAILED'] }] } }],
    [{ detail: { status: [{ exists: true }] } }],
    [{ $or: [{ source: ['aws.s3'] }] }],
    [{ source: 'aws.s3' }],
  ])('is rejected when it has a condition that is not implemented: %j', (pattern) => {
    expect(EventPattern.safeParse(pattern).success).toBe(false);
  });

  test('is rejected with the condition that is not implemented, and its place', () => {
    const numeric = { numeric: ['>', 0] };
    const { error } = EventPattern.safeParse({ detail: { redriveCount: [0, numeric] } });

    expect(error?.issues).toMatchObject([
      {
        path: ['detail', 'redriveCount', 1],
        message:
          'the local stack compares with values and prefixes only, not with {"numeric":[">",0]}',
      },
    ]);
  });
});

describe('the rules of a template', () => {
  const rule = (properties: object) => ({ Type: 'AWS::Events::Rule', Properties: properties });
  const context = (resources: Record<string, ReturnType<typeof rule>>) => ({
    template: {
      stackName: 'Dark',
      parameters: {},
      conditions: {},
      assets: new Map(),
      resources: {
        Flow: { Type: 'AWS::StepFunctions::StateMachine', Properties: {} },
        Recover: {
          Type: 'AWS::Lambda::Function',
          Properties: { FunctionName: 'Recover' },
        },
        ...resources,
      },
    },
  });
  const Targets = [{ Arn: { 'Fn::GetAtt': ['Recover', 'Arn'] } }];
  const waiting = {
    EventPattern: { source: ['aws.states'], detail: { stateMachineArn: [{ Ref: 'Flow' }] } },
    Targets,
  };

  test('are read with resolved references in their patterns, and are not schedules', () => {
    const found = context({ Ended: rule(waiting) });

    expect(eventRulesOf(found)).toEqual([
      {
        id: 'Ended',
        pattern: {
          source: ['aws.states'],
          detail: {
            stateMachineArn: ['arn:aws:states:us-east-1:000000000000:stateMachine:Dark-Flow'],
          },
        },
        functionArn,
      },
    ]);
    expect(schedulesOf(found)).toEqual([]);
  });

  test('are left out when they are schedules, or are disabled', () => {
    const found = context({
      Reconcile: rule({ ScheduleExpression: 'rate(1 day)', Targets }),
      Off: rule({ ...waiting, State: 'DISABLED' }),
    });

    expect(eventRulesOf(found)).toEqual([]);
  });

  test.each([
    ['calls something else', { Targets: [{ Arn: 'arn:aws:sns:us-east-1:0:Alarm' }] }],
    ['transforms its input', { Targets: [{ Arn: functionArn, InputTransformer: {} }] }],
    ['is on another bus', { EventBusName: 'Other' }],
    ['compares in another way', { EventPattern: { source: [{ suffix: 's' }] } }],
    ['is for events of another service', { EventPattern: { source: ['aws.ec2'] } }],
    ['is for several services', { EventPattern: { source: ['aws.states', 'aws.ec2'] } }],
    ['is for events of any service', { EventPattern: { detail: { status: ['FAILED'] } } }],
    [
      'is for other events of Step Functions',
      { EventPattern: { source: ['aws.states'], 'detail-type': ['Map Run Status Change'] } },
    ],
    ['has neither a pattern nor a rate', { EventPattern: { Ref: 'AWS::NoValue' } }],
  ])('are rejected when one %s', (_, differing) => {
    expect(() => eventRulesOf(context({ Odd: rule({ ...waiting, ...differing }) }))).toThrow(
      /^Odd/,
    );
  });
});

describe('the bus', () => {
  const ended = { source: 'a', 'detail-type': 'b', resources: [], detail: { status: 'FAILED' } };
  const pattern = { detail: { status: ['FAILED'] } };

  function setUp(...rules: readonly Omit<EventRule, 'id'>[]) {
    const delivered: [string, unknown][] = [];
    const deliver = (arn: string, event: unknown) => void delivered.push([arn, event]);
    const now = () => Date.UTC(2030, 0, 2, 3, 4, 5, 678);
    return {
      delivered,
      ...eventBus({ rules: rules.map((rule) => ({ id: 'Ended', ...rule })), deliver, now }),
    };
  }

  test('delivers an event to the functions of the matching rules, in AWS’s envelope', () => {
    const other = { detail: { status: ['ABORTED'] } };
    const { publish, delivered } = setUp(
      { pattern, functionArn },
      { pattern: other, functionArn: 'arn:other' },
    );
    publish(ended);

    const envelope = {
      version: '0',
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      account: '000000000000',
      region: 'us-east-1',
      time: '2030-01-02T03:04:05Z',
    };
    expect(delivered).toEqual([[functionArn, { ...envelope, ...ended }]]);
  });

  test('delivers the input of the rule instead of the event, if it has one', () => {
    const { publish, delivered } = setUp({ pattern, functionArn, input: { reconcile: true } });
    publish(ended);

    expect(delivered).toEqual([[functionArn, { reconcile: true }]]);
  });

  test('delivers nothing after it is closed', () => {
    const { publish, close, delivered } = setUp({ pattern, functionArn });
    close();
    publish(ended);

    expect(delivered).toEqual([]);
  });
});
