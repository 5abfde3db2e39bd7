import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  DescribeExecutionCommand,
  DescribeStateMachineCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { buildSync } from 'esbuild';
import { expect, onTestFinished, test } from 'vitest';
import { type Aws, startAws } from '../../../local/aws/start-aws.ts';
import { temporaryDirectory } from './bundle.ts';

const arn = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });

const lambda = (file: string, Variables: object) => ({
  Type: 'AWS::Lambda::Function',
  Properties: {
    Runtime: 'nodejs24.x',
    Handler: `${file}.handler`,
    Role: arn('Role'),
    Timeout: 20,
    Code: { S3Key: `${file}.zip` },
    Environment: { Variables },
  },
});

const route = (id: string, key: string, target: string) => ({
  [`${id}To`]: {
    Type: 'AWS::ApiGatewayV2::Integration',
    Properties: {
      IntegrationType: 'AWS_PROXY',
      IntegrationUri: arn(target),
      PayloadFormatVersion: '2.0',
    },
  },
  [id]: {
    Type: 'AWS::ApiGatewayV2::Route',
    Properties: {
      RouteKey: key,
      Target: { 'Fn::Join': ['/', ['integrations', { Ref: `${id}To` }]] },
    },
  },
});

const unrouted = {
  Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { ProtocolType: 'HTTP' } },
  Stage: { Type: 'AWS::ApiGatewayV2::Stage', Properties: { StageName: '$default' } },
  Hello: lambda('hello', { GREETING: 'hello' }),
  Receipts: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'receipts' } },
  Role: {
    Type: 'AWS::IAM::Role',
    Properties: {
      Policies: [
        {
          PolicyDocument: {
            Statement: [{ Effect: 'Allow', Action: 's3:PutObject', Resource: '*' }],
          },
        },
      ],
    },
  },
  Flow: machine('old'),
};
const before = { ...unrouted, ...route('HelloRoute', 'GET /hello', 'Hello') };

function machine(Result: string) {
  const States = { Only: { Type: 'Pass', Result, End: true } };
  return {
    Type: 'AWS::StepFunctions::StateMachine',
    Properties: { StateMachineName: 'flow', Definition: { StartAt: 'Only', States } },
  };
}

/** Writes a synthesised stack; `said` is what the code of the function `hello` adds to its greeting. */
function writeStack(Resources: object, said: string): string {
  const outdir = temporaryDirectory();
  const write = (file: string, content: object) =>
    writeFileSync(join(outdir, file), JSON.stringify(content));
  mkdirSync(join(outdir, `hello-${said}`));
  writeFileSync(
    join(outdir, `hello-${said}`, 'hello.js'),
    `exports.handler = async () => ({ statusCode: 200, body: process.env.GREETING + ' ${said}' });`,
  );
  buildSync({
    entryPoints: [join(import.meta.dirname, 'foreign-app/functions/print-receipt.ts')],
    outdir: join(outdir, 'print-receipt'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
  });
  const asset = (path: string, objectKey: string) => ({
    source: { path },
    destinations: { here: { objectKey } },
  });
  write('assets.json', {
    files: {
      hello: asset(`hello-${said}`, 'hello.zip'),
      print: asset('print-receipt', 'print-receipt.zip'),
    },
  });
  write('stack.json', { Resources });
  write('manifest.json', {
    artifacts: {
      Stack: {
        type: 'aws:cloudformation:stack',
        dependencies: ['Assets'],
        properties: { templateFile: 'stack.json' },
      },
      Assets: { type: 'cdk:asset-manifest', properties: { file: 'assets.json' } },
    },
  });
  return outdir;
}

async function started() {
  const outdir = writeStack(before, 'one');
  const aws = await startAws({ outdir, dataDir: temporaryDirectory() });
  onTestFinished(() => aws.close());
  return aws;
}

const textAt = async (url: string) => {
  const response = await fetch(url);
  return response.ok ? response.text() : response.status;
};

test('functions run their new code with their new environment, and routes change', async () => {
  const aws = await started();
  const old = await textAt(`${aws.url}/hello`);
  aws.update(
    writeStack(
      {
        ...unrouted,
        Hello: lambda('hello', { GREETING: 'bye' }),
        ...route('Bye', 'GET /bye', 'Hello'),
      },
      'two',
    ),
  );

  expect(old).toBe('hello one');
  expect(await textAt(`${aws.url}/bye`)).toBe('bye two');
  expect(await textAt(`${aws.url}/hello`)).toBe(404);
});

test('a function that an update adds can use the services with the permissions of its role', async () => {
  const aws = await started();
  const Print = lambda('print-receipt', { RECEIPTS: { Ref: 'Receipts' } });
  const { context } = aws.update(writeStack({ ...before, Print }, 'one'));

  expect(context.template.resources['Print']).toBeDefined();
  expect(await aws.lambda.invoke('Stack-Print', { id: 'a' })).toEqual({
    ok: true,
    payload: { key: 'receipts/a.json' },
  });

  aws.update(writeStack({ ...before, Print, Role: { Type: 'AWS::IAM::Role' } }, 'one'));
  expect(await aws.lambda.invoke('Stack-Print', { id: 'a' })).toMatchObject({
    ok: false,
    errorType: 'AccessDenied',
  });
});

const stateMachineArn = 'arn:aws:states:us-east-1:000000000000:stateMachine:flow';

function stepFunctionsOf({ environment }: Aws): SFNClient {
  const sfn = new SFNClient({
    region: 'us-east-1',
    endpoint: environment['AWS_ENDPOINT_URL_SFN'] ?? '',
    credentials: { accessKeyId: 'operator', secretAccessKey: 'operator' },
  });
  onTestFinished(() => sfn.destroy());
  return sfn;
}

test('a new execution runs the new machine', async () => {
  const aws = await started();
  const sfn = stepFunctionsOf(aws);
  aws.update(writeStack({ ...before, Flow: machine('new') }, 'one'));
  const { executionArn } = await sfn.send(new StartExecutionCommand({ stateMachineArn }));
  const outputOf = async () =>
    (await sfn.send(new DescribeExecutionCommand({ executionArn }))).output;

  await expect.poll(outputOf, { timeout: 20_000 }).toBe('"new"');
});

test('a resource that holds data cannot change: the update is refused with its name, and the stack runs on as before', async () => {
  const aws = await started();
  const Table = {
    Type: 'AWS::DynamoDB::Table',
    Properties: {
      TableName: 'orders',
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    },
  };
  const withoutBucket = Object.entries(before).filter(([id]) => id !== 'Receipts');
  const rest = Object.fromEntries(withoutBucket);
  const outdir = writeStack({ ...rest, Table, Hello: lambda('hello', { GREETING: 'bye' }) }, 'two');

  expect(() => aws.update(outdir)).toThrow(
    'Start the local stack again for these changes:\nthe table orders is new\nthe bucket receipts is gone',
  );
  expect(await textAt(`${aws.url}/hello`)).toBe('hello one');
});

test('a template with something unknown is refused, and the stack runs on as before', async () => {
  const aws = await started();
  const outdir = writeStack({ ...before, Jobs: { Type: 'AWS::SQS::Queue' } }, 'two');

  expect(() => aws.update(outdir)).toThrow('Jobs: the local stack does not know the type');
  expect(await textAt(`${aws.url}/hello`)).toBe('hello one');
});

const statement = { Effect: 'Allow', Action: 's3:PutObject', Resource: '*' };
const withCondition = [{ PolicyDocument: { Statement: [{ ...statement, Condition: {} }] } }];
const unknownState = { StartAt: 'Odd', States: { Odd: { Type: 'Parallel', Branches: [] } } };

test.each([
  [
    'a role',
    { Role: { Type: 'AWS::IAM::Role', Properties: { Policies: withCondition } } },
    'Role (AWS::IAM::Role) cannot be emulated',
  ],
  [
    'a machine',
    {
      Flow: {
        Type: 'AWS::StepFunctions::StateMachine',
        Properties: { StateMachineName: 'flow', Definition: unknownState },
      },
    },
    'Flow: This machine would not work here',
  ],
])(
  'an update with something unknown in %s changes neither functions nor machines',
  async (_, changed, reason) => {
    const aws = await started();
    const sfn = stepFunctionsOf(aws);
    const Hello = lambda('hello', { GREETING: 'bye' });
    const next = { ...before, Hello, Flow: machine('new'), ...changed };

    expect(() => aws.update(writeStack(next, 'two'))).toThrow(reason);
    expect(await textAt(`${aws.url}/hello`)).toBe('hello one');
    const { definition } = await sfn.send(new DescribeStateMachineCommand({ stateMachineArn }));
    expect(definition).toContain('"old"');
  },
);
