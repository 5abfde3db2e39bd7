import { expect, test } from 'vitest';
import * as z from 'zod';
import { canaryDeadlineMs, canaryMinutes } from '../../functions/domain/model/canary.ts';
import { readable } from './readable.ts';
import { ofType, propertiesOf, synthesised, withCanary } from './synthesised.ts';

// The resources that the setting `canary` adds to a stack.

const plain = synthesised('prod');
const stage = withCanary();
const added = stage.resources.filter(({ id }) => !(id in plain.template.Resources));

const Role = z.object({
  Policies: z.array(
    z.object({
      PolicyDocument: z.object({
        Statement: z.array(z.object({ Action: z.unknown(), Resource: z.unknown() })),
      }),
    }),
  ),
});

test('adds these resources, and an output with the command that stores its key', () => {
  expect(added.map(({ Type }) => Type).sort()).toEqual([
    'AWS::CloudWatch::Alarm',
    'AWS::Events::Rule',
    'AWS::IAM::Role',
    'AWS::Lambda::EventInvokeConfig',
    'AWS::Lambda::Function',
    'AWS::Lambda::Permission',
    'AWS::Logs::LogGroup',
    'AWS::SecretsManager::Secret',
  ]);
  expect(plain.template.Outputs).not.toHaveProperty('CanaryKey');
  expect(readable(stage.template.Outputs['CanaryKey']?.Value, stage.nameOf)).toMatch(
    /^npm run keys -- canary --function IssueKey --secret /,
  );
});

test('leaves everything else as it was, but for the dashboard', () => {
  const changed = Object.entries(plain.template.Resources).filter(
    ([id, resource]) => JSON.stringify(stage.template.Resources[id]) !== JSON.stringify(resource),
  );

  expect(changed.map(([, { Type }]) => Type)).toEqual(['AWS::CloudWatch::Dashboard']);
});

test('the function may read its own key and write its log, and nothing else', () => {
  const { Policies } = Role.parse(propertiesOf(stage, 'AWS::IAM::Role', 'CanaryRole'));
  const grants = Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement).map(
    ({ Action, Resource }) => [Action, readable(Resource, stage.nameOf)],
  );

  expect(grants).toEqual([
    [['logs:CreateLogStream', 'logs:PutLogEvents'], 'CanaryLogs'],
    ['secretsmanager:GetSecretValue', 'Key'],
  ]);
});

test('the function runs every quarter of an hour, for longer than its deadline, and is never retried', () => {
  const { Timeout, MemorySize, Environment } = propertiesOf(
    stage,
    'AWS::Lambda::Function',
    'Canary',
  );
  const invoke = ofType(stage, 'AWS::Lambda::EventInvokeConfig').find(({ id }) =>
    id.startsWith('Canary'),
  );

  expect(Number(Timeout)).toBeGreaterThan(canaryDeadlineMs / 1000 + 30);
  expect(Number(Timeout)).toBeLessThan(canaryMinutes * 60);
  expect(MemorySize).toBe(256);
  expect(
    Object.keys(z.object({ Variables: z.looseObject({}) }).parse(Environment).Variables),
  ).toEqual(['CANARY_SECRET', 'PUBLIC_URL', 'POWERTOOLS_SERVICE_NAME']);
  expect(propertiesOf(stage, 'AWS::Events::Rule', 'EveryQuarter')).toMatchObject({
    ScheduleExpression: `rate(${canaryMinutes} minutes)`,
    State: 'ENABLED',
  });
  expect(invoke?.Properties).toMatchObject({ MaximumRetryAttempts: 0 });
});

test('the secret has no key until the operator stores one', () => {
  expect(propertiesOf(stage, 'AWS::SecretsManager::Secret', 'Key')).toMatchObject({
    GenerateSecretString: { SecretStringTemplate: '{}', GenerateStringKey: 'none' },
  });
});

test('the dashboard shows the results of its runs', () => {
  const page = propertiesOf(stage, 'AWS::CloudWatch::Dashboard', 'Page');
  const body = readable(page['DashboardBody'], stage.nameOf);

  expect(body).toContain('Runs of the canary that succeeded');
  expect(body).toContain('CanarySucceeded');
  expect(body).toContain('CanarySeconds');
});
