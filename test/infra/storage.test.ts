import { describe, expect, test } from 'vitest';
import { type StageName, stages } from '../../infra/stage.ts';
import { readable } from './readable.ts';
import { ofType, type Synthesised, stageNames, synthesised } from './synthesised.ts';

const named = (stage: Synthesised, type: string, name: string) => {
  const found = ofType(stage, type).find((resource) => resource.name === name);
  if (!found) throw new Error(`there is no ${type} ${name}`);
  return found.Properties;
};
const key = (hash: string, range?: string) => [
  { AttributeName: hash, KeyType: 'HASH' },
  ...(range ? [{ AttributeName: range, KeyType: 'RANGE' }] : []),
];

describe.each(stageNames)('the tables of %s', (name) => {
  const stage = synthesised(name);
  const table = (called: string) => named(stage, 'AWS::DynamoDB::GlobalTable', called);
  const all = ofType(stage, 'AWS::DynamoDB::GlobalTable');

  test('are these four, each with its keys', () => {
    const keys = all.map(({ name: called, Properties }) => [called, Properties['KeySchema']]);

    expect(Object.fromEntries(keys)).toEqual({
      Tasks: key('id'),
      Accounts: key('account', 'entry'),
      Keys: key('hash'),
      Idempotency: key('id'),
    });
  });

  test('find the tasks that are due without reading others, and the tasks of an account', () => {
    expect(table('Tasks')['GlobalSecondaryIndexes']).toEqual([
      {
        IndexName: 'due',
        KeySchema: key('dueShard', 'dueAt'),
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
      {
        IndexName: 'byAccount',
        KeySchema: key('account', 'createdAt'),
        Projection: {
          ProjectionType: 'INCLUDE',
          NonKeyAttributes: ['model', 'status', 'submittedAt', 'finishedAt', 'images', 'charged'],
        },
      },
    ]);
    expect(all.filter(({ Properties }) => Properties['GlobalSecondaryIndexes'])).toHaveLength(1);
  });

  test('forget what may be repeated, and nothing else', () => {
    expect(table('Idempotency')['TimeToLiveSpecification']).toEqual({
      AttributeName: 'expiresAt',
      Enabled: true,
    });
    expect(all.filter(({ Properties }) => Properties['TimeToLiveSpecification'])).toHaveLength(1);
  });

  test('cost only what is used', () => {
    for (const { Properties } of all) expect(Properties['BillingMode']).toBe('PAY_PER_REQUEST');
  });
});

test('tables are protected, kept, and can be brought back in production, and only there', () => {
  const kept = (name: StageName) =>
    ofType(synthesised(name), 'AWS::DynamoDB::GlobalTable').map((resource) => [
      resource.DeletionPolicy,
      resource['UpdateReplacePolicy'],
      resource.Properties['SSESpecification'],
      resource.Properties['Replicas'],
    ]);
  const kind = (yes: boolean) =>
    Array.from({ length: 4 }, () => [
      yes ? 'Retain' : 'Delete',
      yes ? 'Retain' : 'Delete',
      expect.objectContaining({ SSEEnabled: yes }), // without: by a key of DynamoDB's own
      [
        expect.objectContaining({
          DeletionProtectionEnabled: yes,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: yes },
        }),
      ],
    ]);

  expect(kept('prod')).toEqual(kind(true));
  expect(kept('dev')).toEqual(kind(false));
  expect(kept('local')).toEqual(kind(false));
});

describe.each(stageNames)('the buckets of %s', (name) => {
  const stage = synthesised(name);
  const bucket = (called: string) => named(stage, 'AWS::S3::Bucket', called);
  const days = { Inputs: 1, Results: stages[name].resultDays };

  test.each(Object.entries(days))('%s is private, encrypted and empties itself', (called, age) => {
    expect(bucket(called)).toMatchObject({
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          { ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } },
        ],
      },
      LifecycleConfiguration: {
        Rules: [
          {
            Status: 'Enabled',
            ExpirationInDays: age,
            AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
          },
        ],
      },
    });
    expect(ofType(stage, 'AWS::S3::Bucket')).toHaveLength(2);
  });

  test('outlive the stack where data is kept', () => {
    const policies = ofType(stage, 'AWS::S3::Bucket').map(({ DeletionPolicy }) => DeletionPolicy);

    expect(new Set(policies)).toEqual(new Set([stages[name].keepData ? 'Retain' : 'Delete']));
  });

  test('only an upload of a task is news, and to one function', () => {
    const [notifications, ...more] = ofType(stage, 'Custom::S3BucketNotifications');
    const { BucketName, NotificationConfiguration } = notifications?.Properties ?? {};

    expect(more).toEqual([]);
    expect(readable(BucketName, stage.nameOf)).toBe('Inputs');
    expect(NotificationConfiguration).toEqual({
      LambdaFunctionConfigurations: [
        {
          Events: ['s3:ObjectCreated:*'],
          Filter: { Key: { FilterRules: [{ Name: 'prefix', Value: 'uploads/' }] } },
          LambdaFunctionArn: { 'Fn::GetAtt': [expect.stringMatching(/InputUploaded/), 'Arn'] },
        },
      ],
    });
  });
});

test('pages may upload and look at results only where their origins are named', () => {
  const cors = (name: StageName) =>
    ofType(synthesised(name), 'AWS::S3::Bucket').map((bucket) => [
      bucket.name,
      bucket.Properties['CorsConfiguration'],
    ]);
  const rules = (...AllowedMethods: string[]) => ({
    CorsRules: [{ AllowedMethods, AllowedOrigins: ['*'], AllowedHeaders: ['*'] }],
  });

  expect(cors('dev')).toEqual([
    ['Inputs', undefined],
    ['Results', undefined],
  ]);
  expect(cors('prod')).toEqual(cors('dev'));
  expect(cors('local')).toEqual([
    ['Inputs', rules('POST')],
    ['Results', rules('GET')],
  ]);
});
