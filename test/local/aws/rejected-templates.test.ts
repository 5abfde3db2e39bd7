import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startAws } from '../../../local/aws/start-aws.ts';
import { readStack } from '../../../local/aws/template/read-stack.ts';
import { readTemplate } from '../../../local/aws/template/template.ts';

type Resources = Readonly<
  Record<string, { readonly Type: string; readonly [key: string]: unknown }>
>;

/** Writes what `cdk synth` writes of a stack without assets. */
function writeTemplate(template: object): string {
  const outdir = mkdtempSync(join(tmpdir(), 'rejected-templates-'));
  onTestFinished(() => rmSync(outdir, { recursive: true }));
  const properties = { templateFile: 'stack.json' };
  const artifacts = { Odd: { type: 'aws:cloudformation:stack', properties } };
  writeFileSync(join(outdir, 'manifest.json'), JSON.stringify({ artifacts }));
  writeFileSync(join(outdir, 'stack.json'), JSON.stringify(template));
  return outdir;
}

const read = (
  resources: Resources,
  sections: object = {},
  parameters: Readonly<Record<string, string>> = {},
) =>
  readStack({
    template: readTemplate(writeTemplate({ Resources: resources, ...sections })),
    parameters,
  });

describe('a type', () => {
  test('that the local stack does not know is refused by its name and the name of the resource', () => {
    const resources = {
      Jobs: { Type: 'AWS::SQS::Queue' },
      Web: { Type: 'AWS::CloudFront::Distribution', Properties: { Tags: [] } },
      Setup: { Type: 'Custom::Anything', Properties: { ServiceToken: 'x' } },
    };

    expect(() => read(resources)).toThrow(`The local stack cannot run this template:
Jobs: the local stack does not know the type AWS::SQS::Queue
Web: the local stack does not know the type AWS::CloudFront::Distribution
Setup: the local stack does not know the type Custom::Anything`);
  });

  test.each(['toString', 'constructor'])('%s, which every object has, is not known', (Type) => {
    expect(() => read({ Odd: { Type } })).toThrow(`does not know the type ${Type}`);
  });

  test('that the local stack does not know is refused before anything is started', async () => {
    const outdir = writeTemplate({ Resources: { Jobs: { Type: 'AWS::SQS::Queue' } } });
    const dataDir = join(outdir, 'data');

    await expect(startAws({ outdir, dataDir })).rejects.toThrow(
      'Jobs: the local stack does not know',
    );
    expect(() => rmSync(dataDir, { recursive: true })).toThrow('ENOENT');
  });

  test('that has no effect here may have any properties', () => {
    const anything = { Anything: { Ref: 'Nowhere' } };
    const resources = {
      Logs: { Type: 'AWS::Logs::LogGroup', Properties: anything },
      Alarm: { Type: 'AWS::CloudWatch::Alarm', Properties: anything },
      CDKMetadata: { Type: 'AWS::CDK::Metadata', Properties: anything, Condition: 'No' },
    };

    expect(read(resources, { Conditions: { No: { 'Fn::Equals': ['a', 'b'] } } }).tables).toEqual(
      [],
    );
  });

  test('that is not known may stand in a template when its condition is false', () => {
    const resources = { Jobs: { Type: 'AWS::SQS::Queue', Condition: 'No' } };

    expect(read(resources, { Conditions: { No: { 'Fn::Equals': ['a', 'b'] } } }).tables).toEqual(
      [],
    );
  });
});

const code = { Handler: 'index.handler', Runtime: 'nodejs24.x', Code: { S3Key: 'x.zip' } };
const target = { Id: 'a', Arn: 'arn:aws:lambda:us-east-1:000000000000:function:x' };
const key = {
  KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
  AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
};

describe('a property that has an effect on AWS, but not here, is refused', () => {
  test.each([
    [
      'AWS::ApiGatewayV2::Api',
      { ProtocolType: 'HTTP', DisableExecuteApiEndpoint: true },
      'DisableExecuteApiEndpoint',
    ],
    ['AWS::ApiGatewayV2::Stage', { StageName: 'x', StageVariables: {} }, 'StageVariables'],
    ['AWS::ApiGatewayV2::Integration', { RequestParameters: {} }, 'RequestParameters'],
    ['AWS::ApiGatewayV2::Route', { AuthorizerId: 'x' }, 'AuthorizerId'],
    ['AWS::Lambda::Function', { ...code, Layers: ['x'] }, 'Layers'],
    ['AWS::Lambda::Function', { ...code, DeadLetterConfig: {} }, 'DeadLetterConfig'],
    ['AWS::Lambda::EventInvokeConfig', { DestinationConfig: {} }, 'DestinationConfig'],
    ['AWS::DynamoDB::Table', { ...key, StreamSpecification: {} }, 'StreamSpecification'],
    ['AWS::DynamoDB::GlobalTable', { ...key, StreamSpecification: {} }, 'StreamSpecification'],
    ['AWS::S3::Bucket', { ReplicationConfiguration: {} }, 'ReplicationConfiguration'],
    [
      'AWS::StepFunctions::StateMachine',
      { DefinitionSubstitutions: {} },
      'DefinitionSubstitutions',
    ],
    ['AWS::Events::Rule', { RoleArn: 'x' }, 'RoleArn'],
    ['AWS::Scheduler::Schedule', { EndDate: 'x' }, 'EndDate'],
    ['AWS::SecretsManager::Secret', { ReplicaRegions: [] }, 'ReplicaRegions'],
    ['AWS::IAM::Role', { Path: '/x/' }, 'Path'],
    ['AWS::IAM::Role', { constructor: 'x' }, 'constructor'],
    ['AWS::IAM::Policy', { Users: ['x'] }, 'Users'],
  ])('%s: %o', (Type, Properties, property) => {
    expect(() => read({ Odd: { Type, Properties } })).toThrow(
      `Odd (${Type}): the local stack does not know the property ${property}`,
    );
  });

  test.each([
    [
      'a key of a table',
      'AWS::DynamoDB::Table',
      { ...key, KeySchema: [{ ...key.KeySchema[0], Odd: 1 }] },
      'Odd',
    ],
    [
      'a table in another region',
      'AWS::DynamoDB::GlobalTable',
      { ...key, Replicas: [{ Region: 'eu-west-1' }] },
      'the local stack has one region',
    ],
    [
      'a stream of a replica',
      'AWS::DynamoDB::GlobalTable',
      { ...key, Replicas: [{ Region: 'us-east-1', KinesisStreamSpecification: {} }] },
      'KinesisStreamSpecification',
    ],
    [
      'a log format',
      'AWS::Lambda::Function',
      { ...code, LoggingConfig: { LogFormat: 'JSON' } },
      'LogFormat',
    ],
    [
      'a version of an asset',
      'AWS::Lambda::Function',
      { ...code, Code: { S3Key: 'x', S3ObjectVersion: '1' } },
      'S3ObjectVersion',
    ],
    [
      'a version of a function',
      'AWS::Lambda::EventInvokeConfig',
      { FunctionName: 'x', Qualifier: 'live' },
      'Qualifier',
    ],
    [
      'an express workflow',
      'AWS::StepFunctions::StateMachine',
      { StateMachineType: 'EXPRESS' },
      'standard workflows only',
    ],
    ['another bus', 'AWS::Events::Rule', { EventBusName: 'mine' }, 'the default bus only'],
    [
      'an unknown field of a target',
      'AWS::Events::Rule',
      { Targets: [{ ...target, SqsParameters: {} }] },
      'SqsParameters',
    ],
    [
      'a flexible schedule',
      'AWS::Scheduler::Schedule',
      {
        FlexibleTimeWindow: { Mode: 'FLEXIBLE' },
        ScheduleExpression: 'rate(1 hour)',
        Target: target,
      },
      'FlexibleTimeWindow',
    ],
    [
      'a notification of a deletion',
      'Custom::S3BucketNotifications',
      {
        BucketName: 'x',
        NotificationConfiguration: {
          LambdaFunctionConfigurations: [
            { Events: ['s3:ObjectRemoved:*'], LambdaFunctionArn: 'x' },
          ],
        },
      },
      'new objects only',
    ],
    [
      'a condition of a bucket policy',
      'AWS::S3::BucketPolicy',
      policy({ Effect: 'Deny', Condition: {} }),
      'PolicyDocument.Statement',
    ],
    [
      'a grant of a bucket policy',
      'AWS::S3::BucketPolicy',
      policy({ Effect: 'Allow', Principal: { AWS: 'x' } }),
      'it allows x',
    ],
    [
      'a key of a generated secret',
      'AWS::SecretsManager::Secret',
      { GenerateSecretString: { Odd: 1 } },
      'Odd',
    ],
    [
      'an authorizer',
      'AWS::ApiGatewayV2::Route',
      { RouteKey: 'GET /', Target: 'x', AuthorizationType: 'JWT' },
      'AuthorizationType',
    ],
  ])('inside a property: %s', (_, Type, Properties, reason) => {
    const readOdd = () => read({ Odd: { Type, Properties } });

    expect(readOdd).toThrow(`Odd (${Type}) cannot be emulated: `);
    expect(readOdd).toThrow(reason);
  });

  test('but a property that changes nothing here is accepted, and not even evaluated', () => {
    const Tags = [{ Key: 'owner', Value: { Ref: 'Nowhere' } }];
    const Odd = { Type: 'AWS::DynamoDB::Table', Properties: { ...key, Tags } };

    expect(read({ Odd }).tables).toHaveLength(1);
  });
});

function policy(statement: object) {
  const Statement = [{ Action: 's3:*', Resource: '*', Principal: '*', ...statement }];
  return { PolicyDocument: { Statement } };
}

const functionArn = target.Arn;
const rate = (ScheduleExpression: string) => ({
  Type: 'AWS::Events::Rule',
  Properties: { ScheduleExpression, Targets: [target] },
});
const api = {
  Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { ProtocolType: 'HTTP' } },
  Live: { Type: 'AWS::ApiGatewayV2::Stage', Properties: { StageName: '$default' } },
};
const notification = (BucketName: unknown) => ({
  Type: 'Custom::S3BucketNotifications',
  Properties: {
    BucketName,
    Managed: false,
    NotificationConfiguration: {
      LambdaFunctionConfigurations: [
        { Events: ['s3:ObjectCreated:*'], LambdaFunctionArn: functionArn },
      ],
    },
  },
});

describe('what refers to something that is not in the template is refused by name:', () => {
  test('a notification of a bucket', () => {
    expect(() => read({ Odd: notification('elsewhere') })).toThrow(
      'Odd: the bucket elsewhere is not in the template',
    );
  });

  test('the function of a rule, a schedule, a route or a notification', () => {
    const resources = {
      ...api,
      Hourly: rate('rate(1 hour)'),
      Ended: {
        Type: 'AWS::Events::Rule',
        Properties: { EventPattern: { source: ['aws.states'] }, Targets: [target] },
      },
      Daily: {
        Type: 'AWS::Scheduler::Schedule',
        Properties: {
          FlexibleTimeWindow: { Mode: 'OFF' },
          ScheduleExpression: 'rate(1 day)',
          Target: target,
        },
      },
      Files: { Type: 'AWS::S3::Bucket' },
      Notify: notification({ Ref: 'Files' }),
      To: {
        Type: 'AWS::ApiGatewayV2::Integration',
        Properties: {
          IntegrationType: 'AWS_PROXY',
          IntegrationUri: functionArn,
          PayloadFormatVersion: '2.0',
        },
      },
      Route: {
        Type: 'AWS::ApiGatewayV2::Route',
        Properties: { RouteKey: 'GET /a', Target: 'integrations/To' },
      },
    };

    expect(() => read(resources)).toThrow(`The local stack cannot run this template:
the route GET /a: there is no function ${functionArn}
Files: there is no function ${functionArn}
Ended: there is no function ${functionArn}
Hourly: there is no function ${functionArn}
Daily: there is no function ${functionArn}`);
  });

  test('a condition, a parameter and a resource with a name that every object has', () => {
    const named = { Type: 'AWS::SNS::Topic', Condition: 'toString' };
    const output = { Outputs: { A: { Value: { Ref: 'constructor' } } } };

    expect(() => read({ Odd: named })).toThrow('the template has no such condition');
    expect(() => read({ Odd: { Type: 'AWS::SNS::Topic' } }, output)).toThrow(
      'there is no constructor to refer to',
    );
    expect(() => read({}, {}, { toString: 'x' })).toThrow('the template has no such parameter');
  });
});

test.each(['rate(0 minutes)', 'rate(00 hours)', 'cron(0 10 * * ? *)'])(
  'a schedule that does not run here is refused: %s',
  (expression) => {
    expect(() => read({ Odd: rate(expression) })).toThrow(
      `Odd: the local stack does not know ${expression}`,
    );
  },
);

test('a machine that does not run here is refused with its name and that of its state', () => {
  const States = { Fork: { Type: 'Parallel', Branches: [], End: true } };
  const Definition = { StartAt: 'Fork', States };
  const machine = (Properties: object) => ({
    Type: 'AWS::StepFunctions::StateMachine',
    Properties,
  });

  expect(() => read({ Odd: machine({ Definition }) })).toThrow(/^Odd: .*Parallel.*States\.Fork/s);
  expect(() => read({ Odd: machine({ DefinitionString: '{' }) })).toThrow(
    'Odd: the definition is not JSON',
  );
});

describe('a template', () => {
  const Odd = { Type: 'AWS::SNS::Topic' };

  test.each([
    ['a transform', { Transform: 'AWS::Serverless-2016-10-31' }, 'Transform'],
    ['a rule of its own', { Rules: { Mine: {} } }, 'Mine'],
    [
      'a list as parameter',
      { Parameters: { A: { Type: 'CommaDelimitedList' } } },
      'texts and numbers only',
    ],
    [
      'an output with an unknown function',
      { Outputs: { A: { Value: { 'Fn::Cidr': [] } } } },
      'Outputs.A: the local stack does not know Fn::Cidr',
    ],
    [
      'an output from another stack',
      { Outputs: { A: { Value: { 'Fn::ImportValue': 'x' } } } },
      'Fn::ImportValue',
    ],
  ])('with %s is refused', (_, sections, reason) => {
    expect(() => read({ Odd }, sections)).toThrow(reason);
  });

  test('with an attribute of a resource that changes its deployment is refused', () => {
    expect(() => read({ Odd: { ...Odd, CreationPolicy: {} } })).toThrow(
      /"CreationPolicy"\s+→ at Resources\.Odd/,
    );
  });

  test('with two HTTP APIs is refused, and both are named', () => {
    const Api = { Type: 'AWS::ApiGatewayV2::Api', Properties: { ProtocolType: 'HTTP' } };

    expect(() => read({ Public: Api, Private: Api })).toThrow('Public, Private');
  });

  test('with two stages of an HTTP API is refused, and both are named', () => {
    const Test = { Type: 'AWS::ApiGatewayV2::Stage', Properties: { StageName: 'test' } };

    expect(() => read({ ...api, Test })).toThrow('several: Live, Test');
  });

  test('with a route of an API that is not in it is refused', () => {
    const resources = {
      To: {
        Type: 'AWS::ApiGatewayV2::Integration',
        Properties: {
          IntegrationType: 'AWS_PROXY',
          IntegrationUri: 'x',
          PayloadFormatVersion: '2.0',
        },
      },
      Route: {
        Type: 'AWS::ApiGatewayV2::Route',
        Properties: { RouteKey: 'GET /a', Target: 'integrations/To' },
      },
    };

    expect(() => read(resources)).toThrow(
      'The HTTP API of the route GET /a is not in the template',
    );
  });

  test('has outputs, from which those without a true condition are left out', () => {
    const sections = {
      Mappings: { Names: { 'us-east-1': { short: 'use1' } } },
      Conditions: { No: { 'Fn::Equals': ['a', 'b'] } },
      Outputs: {
        Region: { Value: { 'Fn::FindInMap': ['Names', { Ref: 'AWS::Region' }, 'short'] } },
        Not: { Value: { Ref: 'Nowhere' }, Condition: 'No' },
      },
    };

    expect(read({ Odd }, sections).outputs).toEqual({ Region: 'use1' });
  });
});

describe('a value of a parameter', () => {
  const Parameters = {
    Stage: { Type: 'String', Default: 'test', AllowedValues: ['test', 'live'] },
    Url: { Type: 'String', Default: 'http://a', AllowedPattern: 'http://[a-z]+' },
    Size: { Type: 'Number', Default: 2, MinValue: 1, MaxValue: 3 },
    Name: { Type: 'String', Default: 'ab', MinLength: 2 },
  };
  const Odd = { Type: 'AWS::SNS::Topic' };

  test.each([
    [{ Missing: 'x' }, 'Missing: the template has no such parameter'],
    [{ Stage: 'prod' }, 'the parameter Stage: "prod" is none of test, live'],
    [{ Url: 'http://a/b' }, 'the parameter Url: "http://a/b" does not match http://[a-z]+'],
    [{ Size: '4' }, 'the parameter Size: "4" is too small or too large'],
    [{ Size: 'x' }, 'the parameter Size: "x" is not a number'],
    [{ Name: 'a' }, 'the parameter Name: "a" is too small or too large'],
  ])('%o is refused as CloudFormation refuses it', (parameters, expected) => {
    expect(() => read({ Odd }, { Parameters }, parameters)).toThrow(expected);
  });

  test('that is allowed is taken', () => {
    const Outputs = { Stage: { Value: { Ref: 'Stage' } } };
    const parameters = { Stage: 'live', Url: 'http://b', Size: '3', Name: 'abc' };

    expect(read({ Odd }, { Parameters, Outputs }, parameters).outputs).toEqual({ Stage: 'live' });
  });
});
