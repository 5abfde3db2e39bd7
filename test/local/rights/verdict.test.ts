import { expect, test } from 'vitest';
import { signerOf } from '../../../local/rights/judge.ts';
import { verdict } from '../../../local/rights/statement.ts';
import { allow, deny } from './painter.ts';

const table = 'arn:aws:dynamodb:us-east-1:000000000000:table/Tasks';
const need = { action: 'dynamodb:GetItem', resource: table };

test.each([
  ['what is named', [allow(table, 'dynamodb:GetItem')], 'allowed'],
  [
    'what one of several statements names',
    [allow('*', 's3:*'), allow(table, need.action)],
    'allowed',
  ],
  ['an action in other letters', [allow(table, 'DynamoDB:getitem')], 'allowed'],
  ['an action with a wildcard', [allow(table, 'dynamodb:Get*')], 'allowed'],
  ['an action with a letter left open', [allow(table, 'dynamodb:?etItem')], 'allowed'],
  ['every resource', [allow('*', 'dynamodb:GetItem')], 'allowed'],
  ['a resource with a wildcard', [allow(table.replace('Tasks', 'T*'), need.action)], 'allowed'],
  [
    'a wildcard in place of the region',
    [allow(table.replace('us-east-1', '*'), need.action)],
    'allowed',
  ],
  ['nothing at all', [], 'not allowed'],
  ['another action', [allow(table, 'dynamodb:PutItem')], 'not allowed'],
  ['an action of another service', [allow(table, 's3:GetItem')], 'not allowed'],
  ['the beginning of the action', [allow(table, 'dynamodb:Get')], 'not allowed'],
  ['another resource', [allow(`${table}2`, need.action)], 'not allowed'],
  ['a resource in other letters', [allow(table.toLowerCase(), need.action)], 'not allowed'],
  ['what is below the resource', [allow(`${table}/*`, need.action)], 'not allowed'],
  [
    'a wildcard that would have to pass a colon',
    [allow('arn:aws:dynamodb:*', need.action)],
    'not allowed',
  ],
  [
    'a letter left open where there are more',
    [allow(table.replace('Tasks', '?'), need.action)],
    'not allowed',
  ],
  [
    'action here, resource there',
    [allow(table, 's3:*'), allow('arn:aws:s3:::x', need.action)],
    'not allowed',
  ],
  ['a dot that is a dot', [allow(table.replace('Tasks', 'T.sks'), need.action)], 'not allowed'],
  [
    'a word against it, before one for it',
    [deny('*', 'dynamodb:*'), allow(table, need.action)],
    'denied',
  ],
  [
    'a word against it, after one for it',
    [allow(table, need.action), deny(table, need.action)],
    'denied',
  ],
  [
    'a word against something else',
    [allow(table, need.action), deny(table, 'dynamodb:Scan')],
    'allowed',
  ],
])('a policy with %s', (_what, statements, expected) => {
  expect(verdict(statements, need)).toBe(expected);
});

test.each([
  ['arn:aws:states:us-east-1:000000000000:execution:Work:*', true],
  ['arn:aws:states:us-east-1:000000000000:execution:*', true],
  ['arn:aws:states:us-east-1:000000000000:execution:Work2:*', false],
])('the last part of an ARN may have colons: %s', (pattern, isAllowed) => {
  const execution = 'arn:aws:states:us-east-1:000000000000:execution:Work:task-1';
  const asked = { action: 'states:DescribeExecution', resource: execution };

  expect(verdict([allow(pattern, asked.action)], asked) === 'allowed').toBe(isAllowed);
});

test.each([
  ['AWS4-HMAC-SHA256 Credential=ASIA1/20300101/us-east-1/s3/aws4_request, Signature=00', 'ASIA1'],
  ['AWS4-HMAC-SHA256 SignedHeaders=host,Credential=ASIA1/20300101/us-east-1', 'ASIA1'],
  ['Bearer x', ''],
  [undefined, ''],
])('who signed %j', (authorization, accessKeyId) => {
  expect(signerOf(authorization)).toBe(accessKeyId);
});
