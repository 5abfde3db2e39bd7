import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { inputDays } from '../../functions/domain/model/storage-names.ts';
import { maxQueueMs, taskDeadlineMs } from '../../functions/domain/model/task.ts';
import { type StageName, stages } from '../../infra/stage.ts';
import { readable } from './readable.ts';
import { ofType, propertiesOf, stageNames, synthesised } from './synthesised.ts';

describe.each(stageNames)('the buckets of %s', (name) => {
  const stage = synthesised(name);
  const bucket = (bucketName: string) => propertiesOf(stage, 'AWS::S3::Bucket', bucketName);
  // stages.test.ts checks the default of the parameter.
  const rules = {
    // Of two rules for the same object S3 takes the shorter.
    Inputs: [
      { Prefix: 'uploads/', ExpirationInDays: 3 },
      { Prefix: 'files/', ExpirationInDays: 3 },
      { Prefix: 'prepared/', ExpirationInDays: 3 },
      { Prefix: 'thumbs/', ExpirationInDays: 3 },
      { Prefix: 'hosted/', ExpirationInDays: 3 },
    ],
    Results: [{ ExpirationInDays: { Ref: 'RetentionDays' } }],
  };

  test.each(Object.entries(rules))(
    '%s is private and encrypted, and its objects expire',
    (bucketName, expected) => {
      expect(bucket(bucketName)).toMatchObject({
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
          Rules: expected.map((rule) => ({
            ...rule,
            Status: 'Enabled',
            AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
          })),
        },
      });
      expect(ofType(stage, 'AWS::S3::Bucket')).toHaveLength(2);
    },
  );

  test('keep inputs for longer than a task may wait for its slot, and its job may take', () => {
    const dayMs = 24 * 60 * 60 * 1000;
    const { Rules } = z
      .object({ Rules: z.array(z.object({ ExpirationInDays: z.number() })) })
      .parse(bucket('Inputs')['LifecycleConfiguration']);
    expect(Rules).toHaveLength(rules.Inputs.length);
    for (const { ExpirationInDays } of Rules) {
      expect(ExpirationInDays).toBe(inputDays);
      expect(ExpirationInDays * dayMs).toBeGreaterThan(maxQueueMs + taskDeadlineMs);
    }
  });

  test('outlive the stack where the stage keeps its data', () => {
    const policies = ofType(stage, 'AWS::S3::Bucket').map(({ DeletionPolicy }) => DeletionPolicy);

    expect(new Set(policies)).toEqual(
      new Set([stages[name].keepData ? 'RetainExceptOnCreate' : 'Delete']),
    );
  });

  test('send an event for the upload of a task and for a picture that gets a thumbnail, and none for a thumbnail', () => {
    const notified = (prefix: string, lambda: RegExp) => ({
      Events: ['s3:ObjectCreated:*'],
      Filter: { Key: { FilterRules: [{ Name: 'prefix', Value: prefix }] } },
      LambdaFunctionArn: { 'Fn::GetAtt': [expect.stringMatching(lambda), 'Arn'] },
    });
    const expected = [
      ['Inputs', [notified('uploads/', /InputUploaded/), notified('prepared/', /MakeThumbnail/)]],
      ['Results', [notified('results/', /MakeThumbnail/)]],
    ];

    const found = ofType(stage, 'Custom::S3BucketNotifications').map(({ Properties }) => [
      readable(Properties['BucketName'], stage.nameOf),
      z
        .strictObject({ LambdaFunctionConfigurations: z.array(z.unknown()) })
        .parse(Properties['NotificationConfiguration']).LambdaFunctionConfigurations,
    ]);

    expect(found.toSorted()).toEqual(expected);
  });
});

test('web pages may upload and read pictures only from the origin of the console, and those that the stage names', () => {
  const cors = (name: StageName) =>
    ofType(synthesised(name), 'AWS::S3::Bucket').map((bucket) => [
      bucket.name,
      bucket.Properties['CorsConfiguration'],
    ]);
  const console = { 'Fn::GetAtt': [expect.stringMatching(/^ApiHttp/), 'ApiEndpoint'] };
  const rules = (origins: readonly unknown[]) =>
    [
      ['Inputs', ['POST', 'GET']],
      ['Results', ['GET']],
    ].map(([bucket, AllowedMethods]) => [
      bucket,
      { CorsRules: [{ AllowedMethods, AllowedOrigins: origins, AllowedHeaders: ['*'] }] },
    ]);

  expect(cors('dev')).toEqual(rules([console]));
  expect(cors('prod')).toEqual(cors('dev'));
  expect(cors('local')).toEqual(rules(['*', console]));
});

test.each(stageNames)(
  'in %s the console loads and sends pictures from these two buckets alone',
  (name) => {
    const stage = synthesised(name);
    const { Environment } = propertiesOf(stage, 'AWS::Lambda::Function', 'Console');

    const { Variables } = z
      .object({ Variables: z.record(z.string(), z.unknown()) })
      .parse(Environment);

    expect(Object.keys(Variables)).toEqual(['PICTURE_ORIGINS']);
    expect(readable(Variables['PICTURE_ORIGINS'], stage.nameOf)).toBe(
      'https://Inputs.s3.us-east-1.amazonaws.com https://Results.s3.us-east-1.amazonaws.com',
    );
  },
);
