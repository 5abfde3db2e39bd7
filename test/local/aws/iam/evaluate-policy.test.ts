import { expect, test } from 'vitest';
import { accessKeyOf } from '../../../../local/aws/iam/authorizer.ts';
import { evaluatePolicy } from '../../../../local/aws/iam/evaluate-policy.ts';
import { allow, deny } from './limited-caller.ts';

const table = 'arn:aws:dynamodb:us-east-1:000000000000:table/Tasks';
const required = { action: 'dynamodb:GetItem', resource: table };

test.each([
  ['the exact action and resource', [allow(table, 'dynamodb:GetItem')], 'allowed'],
  [
    'the action in one of several statements',
    [allow('*', 's3:*'), allow(table, required.action)],
    'allowed',
  ],
  ['an action in other upper and lower case', [allow(table, 'DynamoDB:getitem')], 'allowed'],
  ['an action with a wildcard', [allow(table, 'dynamodb:Get*')], 'allowed'],
  ['an action with a ?', [allow(table, 'dynamodb:?etItem')], 'allowed'],
  ['every resource', [allow('*', 'dynamodb:GetItem')], 'allowed'],
  ['a resource with a wildcard', [allow(table.replace('Tasks', 'T*'), required.action)], 'allowed'],
  [
    'a wildcard in place of the region',
    [allow(table.replace('us-east-1', '*'), required.action)],
    'allowed',
  ],
  ['no statement', [], 'not allowed'],
  ['another action', [allow(table, 'dynamodb:PutItem')], 'not allowed'],
  ['an action of another service', [allow(table, 's3:GetItem')], 'not allowed'],
  ['the beginning of the action', [allow(table, 'dynamodb:Get')], 'not allowed'],
  ['another resource', [allow(`${table}2`, required.action)], 'not allowed'],
  [
    'a resource in other upper and lower case',
    [allow(table.toLowerCase(), required.action)],
    'not allowed',
  ],
  ['a resource below the required one', [allow(`${table}/*`, required.action)], 'not allowed'],
  [
    'a wildcard that would have to pass a colon',
    [allow('arn:aws:dynamodb:*', required.action)],
    'not allowed',
  ],
  [
    'a ? in place of several letters',
    [allow(table.replace('Tasks', '?'), required.action)],
    'not allowed',
  ],
  [
    'the action in one statement and the resource in another',
    [allow(table, 's3:*'), allow('arn:aws:s3:::x', required.action)],
    'not allowed',
  ],
  [
    'a dot, which is not a wildcard',
    [allow(table.replace('Tasks', 'T.sks'), required.action)],
    'not allowed',
  ],
  ['a Deny before an Allow', [deny('*', 'dynamodb:*'), allow(table, required.action)], 'denied'],
  [
    'a Deny after an Allow',
    [allow(table, required.action), deny(table, required.action)],
    'denied',
  ],
  [
    'a Deny of another action',
    [allow(table, required.action), deny(table, 'dynamodb:Scan')],
    'allowed',
  ],
])('a policy with %s', (_what, statements, expected) => {
  expect(evaluatePolicy(statements, required)).toBe(expected);
});

test.each([
  ['arn:aws:states:us-east-1:000000000000:execution:Work:*', true],
  ['arn:aws:states:us-east-1:000000000000:execution:*', true],
  ['arn:aws:states:us-east-1:000000000000:execution:Work2:*', false],
])('the last part of an ARN may have colons: %s', (pattern, isAllowed) => {
  const execution = 'arn:aws:states:us-east-1:000000000000:execution:Work:task-1';
  const required = { action: 'states:DescribeExecution', resource: execution };

  expect(evaluatePolicy([allow(pattern, required.action)], required) === 'allowed').toBe(isAllowed);
});

test.each([
  ['AWS4-HMAC-SHA256 Credential=ASIA1/20300101/us-east-1/s3/aws4_request, Signature=00', 'ASIA1'],
  ['AWS4-HMAC-SHA256 SignedHeaders=host,Credential=ASIA1/20300101/us-east-1', 'ASIA1'],
  ['Bearer x', ''],
  [undefined, ''],
])('the access key in the authorization header %j is found', (authorization, accessKeyId) => {
  expect(accessKeyOf(authorization)).toBe(accessKeyId);
});
