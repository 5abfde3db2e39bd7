import { describe, expect, test } from 'vitest';
import { type Context, holds, resolve } from '../../../local/aws/template/intrinsics.ts';

const context: Context = {
  template: {
    stackName: 'Dark',
    parameters: {
      Stage: { Type: 'String', Default: 'local' },
      Key: { Type: 'String', Default: undefined },
      Version: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/bootstrap/version' },
    },
    conditions: {
      IsLocal: { 'Fn::Equals': [{ Ref: 'Stage' }, 'local'] },
      IsProd: { 'Fn::Not': [{ Condition: 'IsLocal' }] },
      Both: { 'Fn::And': [{ Condition: 'IsLocal' }, { Condition: 'IsProd' }] },
      Either: { 'Fn::Or': [{ Condition: 'IsLocal' }, { Condition: 'IsProd' }] },
      Odd: { 'Fn::Contains': [['a'], 'a'] },
    },
    resources: {
      Tasks1: { Type: 'AWS::DynamoDB::GlobalTable', Properties: {} },
      Named: { Type: 'AWS::DynamoDB::Table', Properties: { TableName: { Ref: 'Stage' } } },
      Inputs1: { Type: 'AWS::S3::Bucket', Properties: {} },
      Work1: { Type: 'AWS::Lambda::Function', Properties: {} },
      Flow1: { Type: 'AWS::StepFunctions::StateMachine', Properties: {} },
      Secret1: { Type: 'AWS::SecretsManager::Secret', Properties: {} },
      Api1: { Type: 'AWS::ApiGatewayV2::Api', Properties: {} },
      Topic1: { Type: 'AWS::SNS::Topic', Properties: {} },
    },
    assets: new Map(),
  },
  attributes: { Api1: { ApiEndpoint: 'http://127.0.0.1:3000' } },
};

const arn = 'arn:aws:lambda:us-east-1:000000000000:function:Dark-Work1';

test.each([
  ['a plain value', { a: [1, 'x', true, null] }, { a: [1, 'x', true, null] }],
  ['the region', { Ref: 'AWS::Region' }, 'us-east-1'],
  ['the account', { Ref: 'AWS::AccountId' }, '000000000000'],
  ['the stack', { Ref: 'AWS::StackName' }, 'Dark'],
  ['nothing, which leaves the property out', { a: { Ref: 'AWS::NoValue' }, b: 1 }, { b: 1 }],
  ['a parameter by its default', { Ref: 'Stage' }, 'local'],
  ['a table by its name', { Ref: 'Tasks1' }, 'Dark-Tasks1'],
  ['a table by the name it was given', { Ref: 'Named' }, 'local'],
  ['a bucket in lower case', { Ref: 'Inputs1' }, 'dark-inputs1'],
  [
    'a state machine by its ARN',
    { Ref: 'Flow1' },
    'arn:aws:states:us-east-1:000000000000:stateMachine:Dark-Flow1',
  ],
  ['an attribute', { 'Fn::GetAtt': ['Work1', 'Arn'] }, arn],
  ['an attribute in one word', { 'Fn::GetAtt': 'Work1.Arn' }, arn],
  [
    'an attribute that only the local stack knows',
    { 'Fn::GetAtt': ['Api1', 'ApiEndpoint'] },
    'http://127.0.0.1:3000',
  ],
  ['a join', { 'Fn::Join': ['-', ['a', { Ref: 'Stage' }, 1]] }, 'a-local-1'],
  [
    'a split and a choice',
    { 'Fn::Select': ['1', { 'Fn::Split': ['-', { Ref: 'Tasks1' }] }] },
    'Tasks1',
  ],
  [
    'a substitution',
    { 'Fn::Sub': `\${Work1.Arn}/\${Stage}/\${AWS::Region}/\${!Kept}` },
    `${arn}/local/us-east-1/\${Kept}`,
  ],
  [
    'a substitution with its own names',
    { 'Fn::Sub': [`\${Own}-\${Stage}`, { Own: { Ref: 'Inputs1' } }] },
    'dark-inputs1-local',
  ],
  ['the branch of a true condition', { 'Fn::If': ['IsLocal', 'yes', { Ref: 'Nowhere' }] }, 'yes'],
  ['the branch of a false condition', { 'Fn::If': ['IsProd', { Ref: 'Nowhere' }, 'no'] }, 'no'],
])('evaluates %s', (_, value, expected) => {
  expect(resolve(value, context, 'Work1.Environment')).toEqual(expected);
});

test.each([
  ['an unknown reference', { Ref: 'Nowhere' }, 'there is no Nowhere'],
  [
    'an unknown attribute',
    { 'Fn::GetAtt': ['Inputs1', 'DomainName'] },
    'does not know DomainName of Inputs1',
  ],
  [
    'a resource that the local stack does not emulate',
    { Ref: 'Topic1' },
    'does not emulate AWS::SNS::Topic',
  ],
  ['an unknown function', { 'Fn::Cidr': [] }, 'does not know Fn::Cidr'],
  ['another stack', { 'Fn::ImportValue': 'x' }, 'does not know Fn::ImportValue'],
  ['a parameter without a value', { Ref: 'Key' }, 'the parameter Key needs a value'],
  [
    'a parameter kept in Parameter Store',
    { Ref: 'Version' },
    'the parameter Version needs a value',
  ],
  ['a choice that is not there', { 'Fn::Select': [2, ['a', 'b']] }, 'finds nothing at 2'],
  ['an unknown condition', { 'Fn::If': ['Nowhere', 1, 2] }, 'no such condition'],
])('rejects %s with an error that names the place', (_, value, expected) => {
  expect(() => resolve({ Variables: { X: value } }, context, 'Work1.Environment')).toThrow(
    new RegExp(`^(Work1\\.Environment\\.Variables\\.X|Conditions\\.Nowhere): .*${expected}`),
  );
});

test('uses a given parameter rather than its default', () => {
  const given = { ...context, parameters: { Stage: 'prod', Key: 'k' } };

  expect(resolve([{ Ref: 'Stage' }, { Ref: 'Key' }], given, 'X')).toEqual(['prod', 'k']);
  expect(holds('IsProd', given)).toBe(true);
});

test('evaluates And, Or and Not in conditions, and rejects unknown functions', () => {
  expect(['IsLocal', 'IsProd', 'Both', 'Either'].map((name) => holds(name, context))).toEqual([
    true,
    false,
    false,
    true,
  ]);
  expect(() => holds('Odd', context)).toThrow(
    'Conditions.Odd: the local stack does not know Fn::Contains',
  );
});

describe('names', () => {
  const nameIn = (id: string, Type: string) => {
    const template = { ...context.template, resources: { [id]: { Type, Properties: {} } } };
    return String(resolve({ Ref: id }, { template }, 'X'));
  };

  test('have a form that AWS allows, and long ones still differ by their hash', () => {
    const [one, other] = ['AAAAAAAA', 'BBBBBBBB'].map((hash) =>
      nameIn('x'.repeat(80) + hash, 'AWS::S3::Bucket'),
    );

    expect(one).toMatch(/^[a-z0-9-]{3,63}$/);
    expect(one).not.toBe(other);
    expect(nameIn('Work'.repeat(20), 'AWS::Lambda::Function')).toHaveLength(64);
  });

  test('of secrets can be extracted from an ARN by CDK’s expression', () => {
    const ref = nameIn('Secret1', 'AWS::SecretsManager::Secret');
    const name = ref.split(':').at(6)?.split('-').slice(0, 2).join('-');

    expect(ref).toMatch(
      new RegExp(`^arn:aws:secretsmanager:us-east-1:000000000000:secret:${name}-[0-9a-f]{6}$`),
    );
  });
});
