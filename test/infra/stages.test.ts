import { describe, expect, test } from 'vitest';
import { type StageName, stageNamed, stages } from '../../infra/stage.ts';
import { readable } from './readable.ts';
import { ofType, propertiesOf, stageNames, synthesised } from './synthesised.ts';

describe('what only the laptop may', () => {
  const signs = ['LOOPBACK', 'USUAL_SECONDS', '127.0.0.1', 'http://', 'localhost'];
  const found = (name: StageName) => signs.filter((sign) => synthesised(name).json.includes(sign));

  test.each(['dev', 'prod'] as const)('is not to be found in %s', (name) => {
    expect(found(name)).toEqual([]);
  });

  test('is there on the laptop', () => {
    expect(found('local')).toEqual(['LOOPBACK', 'USUAL_SECONDS', '127.0.0.1', 'http://']);
  });
});

test('there are these stages, and another is refused by name', () => {
  expect(Object.keys(stages)).toEqual([...stageNames]);
  expect(() => stageNamed('staging')).toThrow(
    'There is no stage "staging"; there are local, dev, prod.',
  );
  expect(() => stageNamed('toString')).toThrow('There is no stage "toString"');
});

describe.each(stageNames)('in %s', (name) => {
  const stage = synthesised(name);
  const rule = (called: string) => propertiesOf(stage, 'AWS::Events::Rule', called);
  const target = (called: string) => ({
    Arn: { 'Fn::GetAtt': [expect.stringMatching(new RegExp(`^Triggers${called}`)), 'Arn'] },
    Id: 'Target0',
  });

  test('every minute somebody looks whether a task was left lying', () => {
    expect(rule('EveryMinute')).toEqual({
      ...{ ScheduleExpression: 'rate(1 minute)', State: 'ENABLED', Targets: [target('Sweep')] },
    });
  });

  test('an execution that ends badly is noticed at once', () => {
    expect(rule('ExecutionEndedBadly')).toEqual({
      EventPattern: {
        source: ['aws.states'],
        'detail-type': ['Step Functions Execution Status Change'],
        detail: {
          stateMachineArn: [{ Ref: expect.stringMatching(/^WorkflowMachine/) }],
          status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
        },
      },
      ...{ State: 'ENABLED', Targets: [target('ExecutionEnded')] },
    });
  });

  test('nothing else starts by a rule', () => {
    const names = ofType(stage, 'AWS::Events::Rule').map((found) => found.name);

    expect(names.sort()).toEqual(['EveryMinute', 'ExecutionEndedBadly']);
  });

  test('a callback is tried again after the contract, as long as the stage says', () => {
    const { Environment } = propertiesOf(stage, 'AWS::Lambda::Function', 'NotifyCaller');

    expect(Environment).toMatchObject({
      Variables: { CALLBACK_TAIL: stages[name].callbackTail.join(',') },
    });
    expect(stages[name].callbackTail.length).toBeGreaterThan(0);
  });

  test('telling a caller is not tried again by Lambda: who asked for it says when', () => {
    const [config, ...more] = ofType(stage, 'AWS::Lambda::EventInvokeConfig');

    expect(more).toEqual([]);
    expect(readable(config?.Properties['FunctionName'], stage.nameOf)).toBe('NotifyCaller');
    expect(config?.Properties).toMatchObject({ MaximumRetryAttempts: 0 });
  });

  test.each([
    ['DashScopeUrl', 'dashscope'],
    ['EvoLinkUrl', 'evolink'],
    ['FalUrl', 'fal'],
  ] as const)('%s is where the stage says, and can only be moved to where it may be', (id, at) => {
    const { pattern, [at]: url } = stages[name].providerUrls;

    expect(url).toMatch(new RegExp(pattern));
    expect(stage.template.Parameters[id]).toMatchObject({ Default: url, AllowedPattern: pattern });
  });

  test('who paints, and where fal’s keys are, is what the stage says within what is allowed', () => {
    const allowed = (id: string) => {
      const { Default, AllowedPattern } = { ...stage.template.Parameters[id] };
      return { value: `${Default}`, pattern: new RegExp(`${AllowedPattern}`) };
    };
    const [order, keys] = [allowed('Providers'), allowed('FalKeysUrl')];

    expect([order.value, keys.value]).toEqual([
      stages[name].providers,
      stages[name].providerUrls.falKeys,
    ]);
    expect(order.value).toMatch(order.pattern);
    expect('dashscope,').not.toMatch(order.pattern);
    expect(keys.value).toMatch(keys.pattern);
  });

  test('the template is within what CloudFormation takes', () => {
    expect(stage.resources.length).toBeLessThan(500);
    expect(Buffer.byteLength(stage.json)).toBeLessThan(1_000_000);
  });

  test('no resource has a name of our choosing, so that two stacks fit into one account', () => {
    const names = ['TableName', 'BucketName', 'FunctionName', 'RoleName', 'StateMachineName'];
    const chosen = stage.resources.flatMap(({ id, Type, Properties }) =>
      Type.startsWith('AWS::') && names.some((key) => typeof Properties[key] === 'string')
        ? [id]
        : [],
    );

    expect(chosen).toEqual([]);
  });
});

describe('what is tried in dev is what runs in production', () => {
  const dev = synthesised('dev').template.Resources;
  const prod = synthesised('prod').template.Resources;

  test('but for what empties the buckets of a stack that goes', () => {
    const only = (these: object, those: object) =>
      Object.keys(these).filter((id) => !Object.keys(those).includes(id));

    expect(only(prod, dev)).toEqual([]);
    expect(only(dev, prod).map((id) => dev[id]?.Type)).toEqual([
      'Custom::S3AutoDeleteObjects',
      'Custom::S3AutoDeleteObjects',
      'AWS::IAM::Role',
      'AWS::Lambda::Function',
    ]);
  });

  test('but for how data is kept, how long logs are, and how many calls are taken', () => {
    const differing = Object.entries(prod).flatMap(([id, resource]) =>
      differences(resource, dev[id]).map((path) => `${resource.Type} ${path}`),
    );

    expect([...new Set(differing)].sort()).toEqual([
      'AWS::ApiGatewayV2::Stage Properties.DefaultRouteSettings.ThrottlingBurstLimit',
      'AWS::ApiGatewayV2::Stage Properties.DefaultRouteSettings.ThrottlingRateLimit',
      'AWS::DynamoDB::GlobalTable DeletionPolicy',
      'AWS::DynamoDB::GlobalTable Properties.Replicas.0.DeletionProtectionEnabled',
      'AWS::DynamoDB::GlobalTable Properties.Replicas.0.PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled',
      'AWS::DynamoDB::GlobalTable Properties.SSESpecification.SSEEnabled',
      'AWS::DynamoDB::GlobalTable Properties.SSESpecification.SSEType',
      'AWS::DynamoDB::GlobalTable UpdateReplacePolicy',
      'AWS::Logs::LogGroup Properties.RetentionInDays',
      'AWS::S3::Bucket DeletionPolicy',
      'AWS::S3::Bucket Properties.Tags', // asks CDK to empty it
      'AWS::S3::Bucket UpdateReplacePolicy',
      'AWS::S3::BucketPolicy Properties.PolicyDocument.Statement.1', // lets it
      'AWS::SecretsManager::Secret DeletionPolicy',
      'AWS::SecretsManager::Secret UpdateReplacePolicy',
    ]);
  });
});

/** Where two values differ, as paths. */
function differences(one: unknown, other: unknown, path: readonly string[] = []): string[] {
  if (!isObject(one) || !isObject(other)) return one === other ? [] : [path.join('.')];
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...keys].flatMap((key) => differences(one[key], other[key], [...path, key]));
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
