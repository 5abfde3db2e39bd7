import { describe, expect, test } from 'vitest';
import { rightsOf } from '../../../local/rights/rights.ts';
import type { Template } from '../../../local/template/template.ts';

const arnOf = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });
const tableArn = 'arn:aws:dynamodb:us-east-1:000000000000:table/Dark-Tasks';
const reading = { Effect: 'Allow', Action: 'dynamodb:GetItem', Resource: arnOf('Tasks') };
const document = (...Statement: object[]) => ({ PolicyDocument: { Statement } });

const functionNamed = (FunctionName: string, Role?: object) => ({
  Type: 'AWS::Lambda::Function',
  Properties: {
    ...{ FunctionName, Runtime: 'nodejs24.x', Handler: 'index.handler', ...(Role && { Role }) },
    Code: { S3Key: 'code.zip' },
  },
});

/** The rights of a stack with a function `paint`, whose role is like this. */
function world(role: object, policy: object = document(reading), resources: object = {}) {
  const template: Template = {
    ...{ stackName: 'Dark', parameters: {}, conditions: {} },
    assets: new Map([['code.zip', '/nowhere']]),
    resources: {
      Paint: functionNamed('paint', arnOf('Role')),
      Other: functionNamed('other'),
      Tasks: { Type: 'AWS::DynamoDB::Table', Properties: {} },
      Role: { Type: 'AWS::IAM::Role', Properties: { ...role } },
      Policy: { Type: 'AWS::IAM::Policy', Properties: { ...policy, Roles: [{ Ref: 'Role' }] } },
      Machine: {
        Type: 'AWS::StepFunctions::StateMachine',
        Properties: { StateMachineName: 'flow', RoleArn: arnOf('Role'), Definition: {} },
      },
      ...resources,
    },
  };
  const rights = rightsOf({ template });
  const keyOf = (name: string) =>
    rights.environmentOf(`arn:aws:lambda:us-east-1:000000000000:function:${name}`)[
      'AWS_ACCESS_KEY_ID'
    ] ?? '';
  const asks = (name: string, action: string, resource = tableArn) =>
    rights.judge(keyOf(name), [{ action, resource }]);
  return { ...rights, keyOf, asks };
}

test('a function may do what a policy of its role allows, and nothing else', () => {
  const { asks } = world({});

  expect(asks('paint', 'dynamodb:GetItem')).toBeUndefined();
  expect(asks('paint', 'dynamodb:PutItem')).toBe(
    `User: arn:aws:sts::000000000000:assumed-role/Dark-Role/paint is not authorized to perform: dynamodb:PutItem on resource: ${tableArn} because no identity-based policy allows the dynamodb:PutItem action`,
  );
});

test('of several things that a request does, each must be allowed', () => {
  const { judge, keyOf } = world({});
  const need = (action: string) => ({ action, resource: tableArn });

  expect(judge(keyOf('paint'), [need('dynamodb:GetItem'), need('dynamodb:Scan')])).toContain(
    'dynamodb:Scan',
  );
});

test('the policies that are part of the role count too', () => {
  const policy = document({ Effect: 'Allow', Action: ['s3:Get*', 's3:Put*'], Resource: '*' });
  const { asks } = world({ Policies: [{ PolicyName: 'x', ...policy }] });

  expect(asks('paint', 's3:PutObject', 'arn:aws:s3:::x/y')).toBeUndefined();
  expect(asks('paint', 'dynamodb:GetItem')).toBeUndefined();
});

test('a word against it is told as one', () => {
  const { asks } = world({}, document(reading, { ...reading, Effect: 'Deny' }));

  expect(asks('paint', 'dynamodb:GetItem')).toMatch(
    /with an explicit deny in an identity-based policy$/,
  );
});

test('a function without a role may do nothing', () => {
  expect(world({}).asks('other', 'dynamodb:GetItem')).toContain('is not authorized');
});

test('whoever is no function is the laptop itself, and may do everything', () => {
  expect(world({}).judge('AKIALAPTOP', [{ action: 'x:y', resource: tableArn }])).toBeUndefined();
});

test('every function has a key and a secret of its own', () => {
  const { credentials, keyOf } = world({});

  expect(new Set(credentials.map(({ secretAccessKey }) => secretAccessKey)).size).toBe(2);
  expect(credentials.map(({ accessKeyId }) => accessKeyId)).toEqual([
    keyOf('paint'),
    keyOf('other'),
  ]);
  expect(keyOf('paint')).toMatch(/^ASIA[0-9A-F]{16}$/);
});

test('a machine may call the functions that its role names', () => {
  const arn = 'arn:aws:lambda:us-east-1:000000000000:function:paint';
  const { againstInvoking } = world(
    {},
    document({ Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: arnOf('Paint') }),
  );
  const machine = 'arn:aws:states:us-east-1:000000000000:stateMachine:flow';

  expect(againstInvoking(machine, arn)).toBeUndefined();
  expect(againstInvoking(machine, arn.replace('paint', 'other'))).toContain(
    'assumed-role/Dark-Role/flow is not authorized to perform: lambda:InvokeFunction',
  );
});

describe('what the laptop would evaluate wrongly stops it', () => {
  const otherwise = (change: object) => document({ ...reading, ...change });

  test.each([
    ['a condition', {}, otherwise({ Condition: { Bool: { 'aws:SecureTransport': 'true' } } })],
    ['everything but an action', {}, otherwise({ NotAction: 'dynamodb:Scan' })],
    ['everything but a resource', {}, otherwise({ NotResource: '*' })],
    ['a variable of a policy', {}, otherwise({ Resource: 'arn:aws:s3:::x/$' + '{aws:userid}' })],
    ['a managed policy', { ManagedPolicyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'] }, {}],
    ['a boundary', { PermissionsBoundary: 'arn:aws:iam::aws:policy/ReadOnlyAccess' }, {}],
  ])('%s', (_what, role, policy) => {
    expect(() => world(role, { ...document(reading), ...policy })).toThrow('is not playable');
  });

  test('but the managed policy that lets a function write its log is known', () => {
    const ManagedPolicyArns = ['arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole'];

    expect(world({ ManagedPolicyArns }).asks('paint', 'dynamodb:GetItem')).toBeUndefined();
  });
});
