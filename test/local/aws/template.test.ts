import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CorsHttpMethod, HttpApi, HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { AttributeType, BillingMode, Table, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Code, Function as Lambda, Runtime } from 'aws-cdk-lib/aws-lambda';
import { Bucket, EventType, HttpMethods } from 'aws-cdk-lib/aws-s3';
import { LambdaDestination } from 'aws-cdk-lib/aws-s3-notifications';
import * as scheduler from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke as ScheduledInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import {
  DefinitionBody,
  IntegrationPattern,
  JsonPath,
  StateMachine,
  TaskInput,
} from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { App, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import { beforeAll, expect, test } from 'vitest';
import { lambdaRunner } from '../../../local/aws/lambda/lambda.ts';
import type { Context } from '../../../local/aws/template/intrinsics.ts';
import { bucketsOf } from '../../../local/aws/template/read-buckets.ts';
import { functionsOf } from '../../../local/aws/template/read-functions.ts';
import { httpApiOf, routesOf } from '../../../local/aws/template/read-http-api.ts';
import { machinesOf } from '../../../local/aws/template/read-machines.ts';
import { schedulesOf } from '../../../local/aws/template/read-schedules.ts';
import { secretsOf } from '../../../local/aws/template/read-secrets.ts';
import { tablesOf } from '../../../local/aws/template/read-tables.ts';
import { readTemplate } from '../../../local/aws/template/template.ts';
import { logLines, temporaryDirectory } from './bundle.ts';

const source = 'export const handler = async () => process.env.TASK_TABLE;';
let context: Context;
let outdir: string;

beforeAll(() => {
  outdir = synthesise();
  const template = readTemplate(outdir);
  const api = Object.keys(template.resources).find((id) => id.startsWith('Api')) ?? '';
  context = { template, attributes: { [api]: { ApiEndpoint: 'http://127.0.0.1:3000' } } };
}, 60_000);

test('finds the functions, without those that only run during a deployment', () => {
  const [work, ...others] = functionsOf(context);

  expect(others).toEqual([]);
  expect(work).toMatchObject({
    name: expect.stringMatching(/^Dark-Work[0-9A-F]{8}$/),
    handler: 'index.handler',
    timeoutSeconds: 7,
    memoryMb: 1024,
    reservedConcurrency: 3,
    retryAttempts: 1,
    maxEventAgeSeconds: 600,
    environment: {
      TASK_TABLE: expect.stringMatching(/^Dark-Tasks/),
      INPUTS: expect.stringMatching(/^dark-inputs/),
      API_URL: 'http://127.0.0.1:3000',
      SECRET: expect.stringMatching(/^arn:aws:secretsmanager:/),
      SECRET_NAME: secretsOf(context)[0]?.name,
    },
  });
});

test('runs a function as it was synthesised', async () => {
  const functions = functionsOf(context);
  const lambda = lambdaRunner({ functions, logs: logLines() });
  const result = await lambda.invoke(functions[0]?.arn ?? '', {});
  await lambda.close();

  expect(result).toEqual({ ok: true, payload: functions[0]?.environment['TASK_TABLE'] });
});

test('finds the routes with their functions, and the CORS configuration', () => {
  const functionArn = functionsOf(context)[0]?.arn;

  expect(httpApiOf(context)).toMatchObject({
    stageName: '$default',
    cors: {
      AllowOrigins: ['*'],
      AllowMethods: ['*'],
      AllowHeaders: ['authorization'],
      MaxAge: 3600,
    },
    routes: [
      { key: 'GET /v1/tasks/{id}', functionArn, timeoutMs: 30_000 },
      { key: 'ANY /{proxy+}', functionArn, timeoutMs: 30_000 },
    ],
  });
});

test.each([
  [{}, { default: { rate: 10_000, burst: 5000 }, routes: {} }],
  [
    {
      DefaultRouteSettings: { ThrottlingRateLimit: 20.5, ThrottlingBurstLimit: 40 },
      RouteSettings: { 'GET /slow': { ThrottlingRateLimit: 1 } },
    },
    { default: { rate: 20.5, burst: 40 }, routes: { 'GET /slow': { rate: 1, burst: 5000 } } },
  ],
  [
    // A parameter of the type Number gives texts.
    { DefaultRouteSettings: { ThrottlingRateLimit: '500', ThrottlingBurstLimit: '1000' } },
    { default: { rate: 500, burst: 1000 }, routes: {} },
  ],
])('finds the throttles of a stage with the settings %j', (settings, throttling) => {
  const Stage = {
    Type: 'AWS::ApiGatewayV2::Stage',
    Properties: { StageName: '$default', ...settings },
  };
  const apis = Object.entries(context.template.resources).filter(
    ([, { Type }]) => Type === 'AWS::ApiGatewayV2::Api',
  );
  const template = { ...context.template, resources: { ...Object.fromEntries(apis), Stage } };

  expect(httpApiOf({ template })?.throttling).toEqual(throttling);
});

test('finds the tables in the shape of CreateTable', () => {
  const key = (AttributeName: string, KeyType = 'HASH') => ({ AttributeName, KeyType });

  expect(tablesOf(context)).toEqual([
    {
      TableName: expect.stringMatching(/^Dark-Tasks/),
      KeySchema: [key('id')],
      AttributeDefinitions: [
        { AttributeName: 'id', AttributeType: 'S' },
        { AttributeName: 'due', AttributeType: 'S' },
        { AttributeName: 'nextCheckAt', AttributeType: 'N' },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: 'due',
          KeySchema: [key('due'), key('nextCheckAt', 'RANGE')],
          Projection: { ProjectionType: 'ALL' },
        },
      ],
      BillingMode: 'PAY_PER_REQUEST',
      TimeToLive: { AttributeName: 'expiresAt' },
    },
    {
      TableName: expect.stringMatching(/^Dark-Keys/),
      KeySchema: [key('id')],
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      BillingMode: 'PAY_PER_REQUEST',
    },
  ]);
});

test('finds the buckets with their notifications', () => {
  expect(bucketsOf(context)).toEqual([
    {
      id: expect.stringMatching(/^Inputs/),
      name: functionsOf(context)[0]?.environment['INPUTS'],
      versioned: true,
      cors: [
        { AllowedOrigins: ['*'], AllowedMethods: ['POST'], AllowedHeaders: ['*'], MaxAge: 300 },
      ],
      notifications: [
        {
          events: ['s3:ObjectCreated:*'],
          prefix: 'in/',
          suffix: '.png',
          functionArn: functionsOf(context)[0]?.arn,
        },
      ],
    },
  ]);
});

test('finds the state machine with resolved ARNs in its definition', () => {
  const [machine] = machinesOf(context);

  expect(machine?.arn).toMatch(/^arn:aws:states:us-east-1:000000000000:stateMachine:Dark-Flow/);
  expect(machine?.definition).toMatchObject({
    StartAt: 'Ask',
    States: {
      Ask: {
        Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
        Parameters: {
          FunctionName: functionsOf(context)[0]?.arn,
          Payload: { 'token.$': '$$.Task.Token' },
        },
      },
    },
  });
});

test('finds the schedules of EventBridge rules and of Scheduler, without those that are disabled', () => {
  const functionArn = functionsOf(context)[0]?.arn;

  expect(schedulesOf(context)).toMatchObject([
    { source: 'aws.events', everySeconds: 60, functionArn, input: { reconcile: true } },
    { source: 'aws.scheduler', everySeconds: 7200, functionArn },
  ]);
});

test('finds the secrets with their values or their generation rules', () => {
  expect(secretsOf(context)).toMatchObject([
    { generate: { PasswordLength: 43, ExcludePunctuation: true, RequireEachIncludedType: true } },
  ]);
});

test('names the stacks in the directory when the requested one is missing', () => {
  expect(() => readTemplate(outdir, 'Light')).toThrow('the stacks in it: Dark');
});

test.each([
  [
    'a function that is not for Node',
    'AWS::Lambda::Function',
    { Handler: 'index.handler', Runtime: 'python3.14', Code: { S3Key: 'x.zip' } },
    'the local stack runs Node functions only',
  ],
  [
    'a function without an asset',
    'AWS::Lambda::Function',
    { Handler: 'index.handler', Runtime: 'nodejs24.x', Code: { S3Key: 'x.zip' } },
    'there is no asset x.zip',
  ],
  [
    'a schedule by the clock',
    'AWS::Events::Rule',
    { ScheduleExpression: 'cron(0 3 * * ? *)', Targets: [{ Arn: 'arn:aws:lambda:::function:x' }] },
    'the local stack does not know cron(0 3 * * ? *)',
  ],
  [
    'suspended versions',
    'AWS::S3::Bucket',
    { VersioningConfiguration: { Status: 'Suspended' } },
    'VersioningConfiguration',
  ],
  [
    'a notification to a queue',
    'Custom::S3BucketNotifications',
    { BucketName: 'x', NotificationConfiguration: { QueueConfigurations: [] } },
    'QueueConfigurations',
  ],
  [
    'an authorizer in front of a route',
    'AWS::ApiGatewayV2::Route',
    { RouteKey: 'GET /', Target: 'integrations/x', AuthorizationType: 'JWT' },
    'AuthorizationType',
  ],
])('rejects %s with an error that names the resource', (_, Type, Properties, expected) => {
  const template = { ...context.template, resources: { Odd: { Type, Properties } } };
  const readAll = () =>
    [functionsOf, schedulesOf, bucketsOf, routesOf].map((read) => read({ template }));

  expect(readAll).toThrow(/^Odd/);
  expect(readAll).toThrow(expected);
});

test('leaves out resources whose condition is false', () => {
  const Bucket = { Type: 'AWS::S3::Bucket', Condition: 'IsProd', Properties: {} };
  const conditions = { IsProd: { 'Fn::Equals': ['local', 'prod'] } };
  const template = { ...context.template, conditions, resources: { Bucket } };

  expect(bucketsOf({ template })).toEqual([]);
});

function synthesise(): string {
  const code = join(temporaryDirectory(), 'code');
  mkdirSync(code);
  writeFileSync(join(code, 'index.mjs'), source);

  const app = new App({
    outdir: temporaryDirectory(),
    treeMetadata: false,
    builtinCloudFormationValidation: false,
  });
  const stack = new Stack(app, 'Dark');
  const id = { name: 'id', type: AttributeType.STRING };
  const tasks = new TableV2(stack, 'Tasks', {
    partitionKey: id,
    timeToLiveAttribute: 'expiresAt',
    globalSecondaryIndexes: [
      {
        indexName: 'due',
        partitionKey: { name: 'due', type: AttributeType.STRING },
        sortKey: { name: 'nextCheckAt', type: AttributeType.NUMBER },
      },
    ],
  });
  new Table(stack, 'Keys', { partitionKey: id, billingMode: BillingMode.PROVISIONED });
  const inputs = new Bucket(stack, 'Inputs', {
    versioned: true,
    autoDeleteObjects: true,
    removalPolicy: RemovalPolicy.DESTROY,
    cors: [
      {
        allowedMethods: [HttpMethods.POST],
        allowedOrigins: ['*'],
        allowedHeaders: ['*'],
        maxAge: 300,
      },
    ],
  });
  const secret = new Secret(stack, 'Secret', {
    generateSecretString: { passwordLength: 43, excludePunctuation: true },
  });
  const api = new HttpApi(stack, 'Api', {
    corsPreflight: {
      allowOrigins: ['*'],
      allowMethods: [CorsHttpMethod.ANY],
      allowHeaders: ['authorization'],
      maxAge: Duration.hours(1),
    },
  });
  const work = new Lambda(stack, 'Work', {
    runtime: Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: Code.fromAsset(code),
    timeout: Duration.seconds(7),
    memorySize: 1024,
    reservedConcurrentExecutions: 3,
    retryAttempts: 1,
    maxEventAge: Duration.minutes(10),
    environment: {
      TASK_TABLE: tasks.tableName,
      INPUTS: inputs.bucketName,
      API_URL: api.apiEndpoint,
      SECRET: secret.secretArn,
      SECRET_NAME: secret.secretName,
    },
  });
  inputs.addEventNotification(EventType.OBJECT_CREATED, new LambdaDestination(work), {
    prefix: 'in/',
    suffix: '.png',
  });
  const integration = new HttpLambdaIntegration('Working', work);
  api.addRoutes({ path: '/v1/tasks/{id}', methods: [HttpMethod.GET], integration });
  api.addRoutes({ path: '/{proxy+}', integration });
  const ask = new LambdaInvoke(stack, 'Ask', {
    lambdaFunction: work,
    integrationPattern: IntegrationPattern.WAIT_FOR_TASK_TOKEN,
    payload: TaskInput.fromObject({ token: JsonPath.taskToken }),
  });
  new StateMachine(stack, 'Flow', { definitionBody: DefinitionBody.fromChainable(ask) });
  new Rule(stack, 'Reconcile', {
    schedule: Schedule.rate(Duration.minutes(1)),
    targets: [new LambdaFunction(work, { event: RuleTargetInput.fromObject({ reconcile: true }) })],
  });
  new Rule(stack, 'Off', {
    enabled: false,
    schedule: Schedule.rate(Duration.minutes(1)),
    targets: [new LambdaFunction(work)],
  });
  new Rule(stack, 'Watch', {
    eventPattern: { source: ['aws.states'] },
    targets: [new LambdaFunction(work)],
  });
  new scheduler.Schedule(stack, 'Count', {
    schedule: scheduler.ScheduleExpression.rate(Duration.hours(2)),
    target: new ScheduledInvoke(work, {}),
  });
  return app.synth().directory;
}
