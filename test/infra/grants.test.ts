import { describe, expect, test } from 'vitest';
import type { StageName } from '../../infra/stage.ts';
import { bucketPoliciesIn, grantsIn, printed } from './grants.ts';
import { ofType, stageNames, synthesised } from './synthesised.ts';

const executions = 'arn:aws:states:us-east-1:000000000000:execution:Machine.Name:*';

/** Whoever may touch what is not named outright, and why that is as narrow as it gets. */
const wide: Record<string, string> = {
  'CreateFile → Inputs/files/*': 'the key of a file is made with the file',
  'CreateTask → Inputs/uploads/*': 'so is the key of an upload',
  [`ExecutionEnded → ${executions}`]: 'looks at the execution of any task',
  'GetResult → Results/results/*': 'results of all tasks, and nothing else in the bucket',
  'Machine → *': 'AWS offers no narrower resource for the delivery of its logs',
  'Machine → AwaitProvider:*': 'any version of the one function; CDK always adds it',
  'Machine → NotifyCaller:*': 'the same',
  'Machine → PollTask:*': 'the same',
  'Machine → PrepareInputs:*': 'the same',
  'Machine → SettleTask:*': 'the same',
  'Machine → SubmitTask:*': 'the same',
  'PrepareInputs → Inputs/files/*': 'reads what callers sent',
  'PrepareInputs → Inputs/prepared/*': 'writes the private copies',
  'PrepareInputs → Inputs/uploads/*': 'reads what callers sent',
  'SettleTask → Results/results/*': 'writes results',
  'SubmitTask → Inputs/prepared/*': 'the links it signs can do what it can',
  [`Sweep → ${executions}`]: 'looks at the execution of any task',
};

/** Those who move money, and those who make an account: its row lies beside its ledger. */
const accountants = ['CreateAccount', 'CreateTask', 'CreditAccount', 'IssueKey', 'SettleTask'];

test('who may do what is what the golden list says', async () => {
  await expect(printed(grantsIn(synthesised('prod')))).toMatchFileSnapshot('../golden/grants.txt');
});

describe.each(stageNames)('in %s', (name) => {
  const stage = synthesised(name);
  const grants = grantsIn(stage);

  test('everybody may do what he may do in production, and no more', () => {
    expect(printed(grants)).toBe(printed(grantsIn(synthesised('prod'))));
  });

  test('every action is named in full', () => {
    expect(grants.filter(({ action }) => action.includes('*'))).toEqual([]);
  });

  test('every resource is named in full, but for those with a reason', () => {
    const starred = grants
      .filter(({ resource }) => resource.includes('*'))
      .map(({ who, resource }) => `${who} → ${resource}`);

    expect([...new Set(starred)].sort()).toEqual(Object.keys(wide));
  });

  test('rows are read, written and changed; nobody may delete one, or read a whole table', () => {
    const actions = grants.map(({ action }) => action).filter((one) => one.startsWith('dynamodb:'));

    expect([...new Set(actions)].sort()).toEqual([
      'dynamodb:BatchGetItem',
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'dynamodb:Query',
      'dynamodb:UpdateItem',
    ]);
  });

  test('an index is there to be asked, and for nothing else', () => {
    const indexed = grants.filter(({ resource }) => resource.includes('/index/'));

    expect(new Set(indexed.map(({ action }) => action))).toEqual(new Set(['dynamodb:Query']));
  });

  test.each([
    ['enter something into a ledger', 'PutItem → Accounts', accountants],
    ['make a key', 'PutItem → Keys', ['CreateKey', 'IssueKey']],
  ])('nobody else may %s', (_what, deed, those) => {
    const able = grants.filter(({ action, resource }) => `${action} → ${resource}`.endsWith(deed));

    expect(able.map(({ who }) => who).sort()).toEqual(those);
  });

  test('a resource that is every resource serves the delivery of logs alone', () => {
    const everything = grants.filter(({ resource }) => resource === '*');

    expect(everything.filter(({ action }) => !action.startsWith('logs:'))).toEqual([]);
  });

  test('no role has a managed policy, but for those of CDK that work at deployment only', () => {
    const managed = ofType(stage, 'AWS::IAM::Role').filter(
      ({ Properties }) => Properties['ManagedPolicyArns'] ?? Properties['Policies'],
    );

    expect(managed.every(({ id }) => /^(BucketNotifications|CustomS3AutoDelete)/.test(id))).toBe(
      true,
    );
  });

  test('who ends a wait, and who starts or looks at an execution, is one of these', () => {
    const holders = (action: string) =>
      grants.filter((grant) => grant.action === `states:${action}`).map(({ who }) => who);

    expect(holders('SendTaskSuccess')).toEqual(['PollTask']);
    expect(holders('SendTaskFailure').sort()).toEqual([
      ...['AwaitProvider', 'CancelTask', 'ProviderCallback', 'Sweep'],
    ]);
    expect(holders('DescribeExecution').sort()).toEqual(['ExecutionEnded', 'Sweep']);
    expect(holders('StartExecution').sort()).toEqual([
      ...['CancelTask', 'CreateTask', 'ExecutionEnded', 'InputUploaded', 'Sweep'],
    ]);
  });

  test('services may invoke a function only on behalf of our own API, bucket or rule', () => {
    for (const { Properties } of ofType(stage, 'AWS::Lambda::Permission')) {
      expect(Properties['SourceArn']).toBeDefined();
    }
  });

  test('a bucket lets nobody in without TLS', () => {
    for (const { bucket, statements } of bucketPoliciesIn(stage)) {
      expect(statements[0], bucket).toMatchObject({
        Effect: 'Deny',
        Action: ['s3:*'],
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      });
    }
    expect(bucketPoliciesIn(stage).map(({ bucket }) => bucket)).toEqual(['Inputs', 'Results']);
  });
});

test('the policy of a bucket allows something only where CDK empties it before it goes', () => {
  const allowing = (name: StageName) =>
    bucketPoliciesIn(synthesised(name)).flatMap(({ statements }) =>
      statements.filter(({ Effect }) => Effect === 'Allow'),
    );

  expect(allowing('prod')).toEqual([]);
  expect(allowing('dev')).toHaveLength(2);
  expect(allowing('local')).toHaveLength(2);
});
