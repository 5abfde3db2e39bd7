import { describe, expect, test } from 'vitest';
import { permissionsOf } from '../../../../local/aws/iam/permissions.ts';
import type { Template } from '../../../../local/aws/template/template.ts';

const arnOf = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });
const tableArn = 'arn:aws:dynamodb:us-east-1:000000000000:table/Dark-Tasks';
const reading = { Effect: 'Allow', Action: 'dynamodb:GetItem', Resource: arnOf('Tasks') };
const document = (...Statement: object[]) => ({ PolicyDocument: { Statement } });

const functionNamed = (FunctionName: string, Role?: object) => ({
  Type: 'AWS::Lambda::Function',
  Properties: {
    FunctionName,
    Runtime: 'nodejs24.x',
    Handler: 'index.handler',
    ...(Role && { Role }),
    Code: { S3Key: 'code.zip' },
  },
});

/** The permissions of a stack with a function `work` that has this role. */
function setUp(role: object, policy: object = document(reading), resources: object = {}) {
  const template: Template = {
    stackName: 'Dark',
    parameters: {},
    conditions: {},
    assets: new Map([['code.zip', '/nowhere']]),
    resources: {
      Work: functionNamed('work', arnOf('Role')),
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
  const permissions = permissionsOf({ template });
  const keyOf = (name: string) =>
    permissions.environmentOf(`arn:aws:lambda:us-east-1:000000000000:function:${name}`)[
      'AWS_ACCESS_KEY_ID'
    ] ?? '';
  const authorizeCall = (name: string, action: string, resource = tableArn) =>
    permissions.authorize(keyOf(name), [{ action, resource }]);
  return { ...permissions, keyOf, authorizeCall };
}

test('a function may do what a policy of its role allows, and nothing else', () => {
  const { authorizeCall } = setUp({});

  expect(authorizeCall('work', 'dynamodb:GetItem')).toBeUndefined();
  expect(authorizeCall('work', 'dynamodb:PutItem')).toBe(
    `User: arn:aws:sts::000000000000:assumed-role/Dark-Role/work is not authorized to perform: dynamodb:PutItem on resource: ${tableArn} because no identity-based policy allows the dynamodb:PutItem action`,
  );
});

test('a request is denied unless all its actions are allowed', () => {
  const { authorize, keyOf } = setUp({});
  const required = (action: string) => ({ action, resource: tableArn });

  expect(
    authorize(keyOf('work'), [required('dynamodb:GetItem'), required('dynamodb:Scan')]),
  ).toContain('dynamodb:Scan');
});

test('the inline policies of a role count too', () => {
  const policy = document({ Effect: 'Allow', Action: ['s3:Get*', 's3:Put*'], Resource: '*' });
  const { authorizeCall } = setUp({ Policies: [{ PolicyName: 'x', ...policy }] });

  expect(authorizeCall('work', 's3:PutObject', 'arn:aws:s3:::x/y')).toBeUndefined();
  expect(authorizeCall('work', 'dynamodb:GetItem')).toBeUndefined();
});

test('an explicit deny is named in the message', () => {
  const { authorizeCall } = setUp({}, document(reading, { ...reading, Effect: 'Deny' }));

  expect(authorizeCall('work', 'dynamodb:GetItem')).toMatch(
    /with an explicit deny in an identity-based policy$/,
  );
});

test('a function without a role may do nothing', () => {
  expect(setUp({}).authorizeCall('other', 'dynamodb:GetItem')).toContain('is not authorized');
});

test('an unknown access key is that of the local stack itself, and may do everything', () => {
  expect(
    setUp({}).authorize('AKIALOCALSTACK', [{ action: 'x:y', resource: tableArn }]),
  ).toBeUndefined();
});

test('every function has its own access key and secret', () => {
  const permissions = setUp({});
  const credentials = permissions.credentials();

  expect(new Set(credentials.map(({ secretAccessKey }) => secretAccessKey)).size).toBe(2);
  expect(credentials.map(({ accessKeyId }) => accessKeyId)).toEqual([
    permissions.keyOf('work'),
    permissions.keyOf('other'),
  ]);
  expect(permissions.keyOf('work')).toMatch(/^ASIA[0-9A-F]{16}$/);
});

test('a machine may call the functions that its role names', () => {
  const arn = 'arn:aws:lambda:us-east-1:000000000000:function:work';
  const { invokeDenial } = setUp(
    {},
    document({ Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: arnOf('Work') }),
  );
  const machine = 'arn:aws:states:us-east-1:000000000000:stateMachine:flow';

  expect(invokeDenial(machine, arn)).toBeUndefined();
  expect(invokeDenial(machine, arn.replace('work', 'other'))).toContain(
    'assumed-role/Dark-Role/flow is not authorized to perform: lambda:InvokeFunction',
  );
});

describe('a policy that would be evaluated wrongly is an error', () => {
  const changed = (change: object) => document({ ...reading, ...change });

  test.each([
    ['a condition', {}, changed({ Condition: { Bool: { 'aws:SecureTransport': 'true' } } })],
    ['everything but an action', {}, changed({ NotAction: 'dynamodb:Scan' })],
    ['everything but a resource', {}, changed({ NotResource: '*' })],
    ['a variable of a policy', {}, changed({ Resource: 'arn:aws:s3:::x/$' + '{aws:userid}' })],
    ['a managed policy', { ManagedPolicyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'] }, {}],
    ['a boundary', { PermissionsBoundary: 'arn:aws:iam::aws:policy/ReadOnlyAccess' }, {}],
  ])('%s', (_what, role, policy) => {
    expect(() => setUp(role, { ...document(reading), ...policy })).toThrow('cannot be emulated');
  });

  test('but the managed policy that lets a function write its log is accepted', () => {
    const ManagedPolicyArns = ['arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole'];

    expect(setUp({ ManagedPolicyArns }).authorizeCall('work', 'dynamodb:GetItem')).toBeUndefined();
  });
});
