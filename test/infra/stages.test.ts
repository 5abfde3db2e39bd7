import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { providerAdapters } from '../../functions/adapters/providers/registry.ts';
import { providerNames } from '../../functions/domain/model/catalogue.ts';
import { lateThumbnailSeconds } from '../../functions/domain/model/task.ts';
import { lateWriteMs } from '../../functions/domain/tasks/delete-task.ts';
import { undeployedVariables } from '../../functions/runtime/env.ts';
import {
  type Stage,
  type StageName,
  stageNamed,
  stages,
  whyNotDeployable,
} from '../../infra/stage.ts';
import { readable } from './readable.ts';
import { newApp, newStack, ofType, propertiesOf, stageNames, synthesised } from './synthesised.ts';

/** The number of resources that dev and prod may have. Why it grew from 240, and never above 450: docs/decisions/029. */
const maxResources = 305;
const providerUrls = Object.values(providerAdapters).map(({ url }) => url);

describe('the settings that only the local stack has', () => {
  const localSettings = [...undeployedVariables, '127.0.0.1', 'http://', 'localhost'];
  const foundIn = (name: StageName) =>
    localSettings.filter((setting) => synthesised(name).json.includes(setting));

  test.each(['dev', 'prod'] as const)('are not in the template of %s', (name) => {
    expect(foundIn(name)).toEqual([]);
  });

  test('are in the template of the local stack', () => {
    expect(foundIn('local')).toEqual([...undeployedVariables, '127.0.0.1', 'http://']);
  });
});

test('there are three stages, and the name of another throws an error that lists them', () => {
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

  test('the reconciler runs every minute', () => {
    expect(rule('EveryMinute')).toEqual({
      ScheduleExpression: 'rate(1 minute)',
      State: 'ENABLED',
      Targets: [target('Reconcile')],
    });
  });

  test('an execution that fails, times out or is aborted starts its function at once', () => {
    expect(rule('ExecutionEndedBadly')).toEqual({
      EventPattern: {
        source: ['aws.states'],
        'detail-type': ['Step Functions Execution Status Change'],
        detail: {
          stateMachineArn: [{ Ref: expect.stringMatching(/^WorkflowMachine/) }],
          status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
        },
      },
      State: 'ENABLED',
      Targets: [target('ExecutionEnded')],
    });
  });

  test('there is no other rule', () => {
    const names = ofType(stage, 'AWS::Events::Rule').map((found) => found.name);

    expect(names.sort()).toEqual(['EveryMinute', 'ExecutionEndedBadly']);
  });

  test('after the four attempts of the contract, callbacks are retried with the pauses of the stage', () => {
    const { Environment } = propertiesOf(stage, 'AWS::Lambda::Function', 'NotifyCaller');

    expect(Environment).toMatchObject({
      Variables: { CALLBACK_RETRY_DELAYS: stages[name].callbackRetryDelays.join(',') },
    });
    expect(stages[name].callbackRetryDelays.length).toBeGreaterThan(0);
  });

  test('Lambda does not retry NotifyCaller by itself, because the reconciler decides when, and MakeThumbnail once', () => {
    const configs = ofType(stage, 'AWS::Lambda::EventInvokeConfig').map(({ Properties }) => [
      readable(Properties['FunctionName'], stage.nameOf),
      Properties['MaximumRetryAttempts'],
      Properties['MaximumEventAgeInSeconds'],
    ]);

    expect(configs.toSorted()).toEqual([
      ['MakeThumbnail', 1, 600],
      ['NotifyCaller', 0, undefined],
    ]);
  });

  test('the latest possible event about a picture is over before the pictures of a deleted task are deleted again', () => {
    expect(lateThumbnailSeconds * 1000 + 60_000).toBeLessThan(lateWriteMs);
  });

  test('every provider has a URL', () => {
    expect(providerUrls).toHaveLength(providerNames.length);
  });

  test.each(providerUrls)(
    '$name is a parameter, and can only be set to what the stage allows',
    (url) => {
      const { pattern, origin }: Stage['providerUrls'] = stages[name].providerUrls;
      const { Default, AllowedPattern } = { ...stage.template.Parameters[url.name] };

      expect(Default).toBe(origin ?? url.default);
      expect(Default).toMatch(new RegExp(pattern));
      expect(AllowedPattern).toBe(pattern);
    },
  );

  test('the order of the providers, and where fal’s keys are, are parameters within what is allowed', () => {
    const allowed = (id: string) => {
      const { Default, AllowedPattern } = { ...stage.template.Parameters[id] };
      return { value: `${Default}`, pattern: new RegExp(`${AllowedPattern}`) };
    };
    const [order, keys] = [allowed('Providers'), allowed('FalKeysUrl')];

    expect([order.value, keys.value]).toEqual([
      stages[name].providers,
      name === 'local'
        ? 'http://127.0.0.1:1/.well-known/jwks.json'
        : 'https://rest.alpha.fal.ai/.well-known/jwks.json',
    ]);
    expect(order.value).toMatch(order.pattern);
    expect('dashscope,').not.toMatch(order.pattern);
    expect('dashscope').toMatch(order.pattern);
    expect(keys.value).toMatch(keys.pattern);
  });

  test('tasks and their results are kept for as many days as the parameter says, and a task as long as its results', () => {
    const days = { Ref: 'RetentionDays' };
    const daysOf = (called: string) =>
      propertiesOf(stage, 'AWS::Lambda::Function', called)['Environment'];
    const [rule] = lifecycleRules(propertiesOf(stage, 'AWS::S3::Bucket', 'Results'));

    expect(stage.template.Parameters['RetentionDays']).toMatchObject({
      Type: 'Number',
      Default: stages[name].retentionDays,
      MinValue: 1,
      MaxValue: 3650,
    });
    expect(rule).toMatchObject({ ExpirationInDays: days });
    // SettleTask decides when the record of a task is deleted, and GetResult when a link says that the result was deleted.
    for (const called of ['SettleTask', 'GetResult']) {
      expect(daysOf(called)).toMatchObject({ Variables: { RETENTION_DAYS: days } });
    }
  });

  test('the template is far below the limits of CloudFormation', () => {
    // CloudFormation takes 500. Growing above this is a decision: a route that needs no other permissions
    // than an existing one shares its function.
    expect(stage.resources.length).toBeLessThanOrEqual(maxResources);
    expect(Buffer.byteLength(stage.json)).toBeLessThan(1_000_000);
  });

  test('no resource depends on itself through others, which CloudFormation would reject', () => {
    const { Resources } = stage.template;
    const dependencies = new Map(
      Object.entries(Resources).map(([id, resource]) => [id, referencesIn(resource)]),
    );
    expect(dependencies.size).toBeGreaterThan(0);
    const isLeaf = (id: string) =>
      (dependencies.get(id) ?? []).every((one) => !dependencies.has(one));
    // Removes the resources that depend on nothing that is left, until only cycles are left.
    for (let leaves = ['']; leaves.length > 0; ) {
      leaves = [...dependencies.keys()].filter(isLeaf);
      for (const id of leaves) dependencies.delete(id);
    }

    expect([...dependencies.keys()]).toEqual([]);
  });

  test('no resource has a name that we chose, so that two stacks fit into one account', () => {
    const names = ['TableName', 'BucketName', 'FunctionName', 'RoleName', 'StateMachineName'];
    expect(stage.resources).not.toEqual([]);
    const chosen = stage.resources.flatMap(({ id, Type, Properties }) =>
      Type.startsWith('AWS::') && names.some((key) => typeof Properties[key] === 'string')
        ? [id]
        : [],
    );

    expect(chosen).toEqual([]);
  });
});

describe('a template that must not be deployed', () => {
  test.each(stageNames)('%s without its code asks for a parameter that takes no value', (name) => {
    const { NotForDeployment } = synthesised(name).template.Parameters;
    const { AllowedPattern, Default, ConstraintDescription } = { ...NotForDeployment };

    expect(Default).toBeUndefined();
    expect(ConstraintDescription).toMatch(/without the code. It cannot be deployed/);
    for (const value of ['', 'yes', 'local', '\n', `${ConstraintDescription}`]) {
      expect(value).not.toMatch(new RegExp(`^(?:${AllowedPattern})$`));
    }
  });

  test.each([
    ['local', /^This stage lets callers reach the machine that it runs on\. It cannot/],
    ['dev', undefined],
    ['prod', undefined],
  ] as const)(
    '%s with its code can be deployed, unless it has a reason against it',
    (name, reason) => {
      expect(whyNotDeployable(stageNamed(name), true)).toEqual(
        reason && expect.stringMatching(reason),
      );
    },
  );
});

test.each(stageNames)('%s cannot be deleted by mistake if it keeps its data', (name) => {
  expect(newStack(newApp(), name).terminationProtection).toBe(stages[name].keepData);
});

describe('dev has what production has', () => {
  const dev = synthesised('dev').template.Resources;
  const prod = synthesised('prod').template.Resources;

  test('except for the resources that empty the buckets of a deleted stack', () => {
    const only = (these: object, those: object) =>
      Object.keys(these).filter((id) => !Object.keys(those).includes(id));

    expect(only(prod, dev)).toEqual([]);
    expect(only(dev, prod).map((id) => dev[id]?.Type)).toEqual([
      'Custom::S3AutoDeleteObjects',
      'Custom::S3AutoDeleteObjects',
      'AWS::IAM::Role',
      'AWS::Lambda::Function',
      'AWS::Logs::LogGroup',
    ]);
  });

  test('except for the protection of data and the retention of logs', () => {
    const differing = Object.entries(prod).flatMap(([id, resource]) =>
      differences(resource, dev[id]).map((path) => `${resource.Type} ${path}`),
    );

    expect([...new Set(differing)].sort()).toEqual([
      'AWS::DynamoDB::GlobalTable DeletionPolicy',
      'AWS::DynamoDB::GlobalTable Properties.Replicas.0.DeletionProtectionEnabled',
      'AWS::DynamoDB::GlobalTable Properties.Replicas.0.PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled',
      'AWS::DynamoDB::GlobalTable Properties.SSESpecification.SSEEnabled',
      'AWS::DynamoDB::GlobalTable Properties.SSESpecification.SSEType',
      'AWS::DynamoDB::GlobalTable UpdateReplacePolicy',
      'AWS::Logs::LogGroup Properties.RetentionInDays',
      'AWS::S3::Bucket DeletionPolicy',
      'AWS::S3::Bucket Properties.Tags', // tells CDK to empty the bucket
      'AWS::S3::Bucket UpdateReplacePolicy',
      'AWS::S3::BucketPolicy Properties.PolicyDocument.Statement.1', // permits CDK to do so
      'AWS::SecretsManager::Secret DeletionPolicy',
      'AWS::SecretsManager::Secret UpdateReplacePolicy',
    ]);
  });
});

/** The logical ids that a value refers to: by `Ref`, `Fn::GetAtt`, `Fn::Sub` or `DependsOn`. */
function referencesIn(value: unknown): readonly string[] {
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (key === 'Ref') return [String(inner)];
    if (key === 'DependsOn') return [inner].flat().map(String);
    if (key === 'Fn::GetAtt') return [String([inner].flat()[0])];
    if (key === 'Fn::Sub' && typeof inner === 'string') {
      return [...inner.matchAll(/\$\{(\w+)[.}]/g)].map(([, name = '']) => name);
    }
    return referencesIn(inner);
  });
}

/** Where two values differ, as paths. */
function differences(one: unknown, other: unknown, path: readonly string[] = []): string[] {
  if (!isObject(one) || !isObject(other)) return one === other ? [] : [path.join('.')];
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...keys].flatMap((key) => differences(one[key], other[key], [...path, key]));
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

function lifecycleRules({ LifecycleConfiguration }: Record<string, unknown>): readonly unknown[] {
  return z.object({ Rules: z.array(z.unknown()) }).parse(LifecycleConfiguration).Rules;
}
