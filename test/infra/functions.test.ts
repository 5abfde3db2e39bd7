import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { runnerClientConfig } from '../../functions/adapters/aws/client-config.ts';
import { type Entry, entries, undeployedVariables } from '../../functions/runtime/env.ts';
import { stages } from '../../infra/stage.ts';
import { readable } from './readable.ts';
import {
  type Found,
  ofType,
  propertiesOf,
  type Synthesised,
  stageNames,
  synthesised,
} from './synthesised.ts';

// There are no former addresses without a domain, and no budget of new accounts without the setting.
const withSettingsOnly = ['FORMER_URL', 'ACCOUNT_BUDGET'];
/** Variables of the SDK that no stack sets. */
const sdkVariables = ['AWS_ENDPOINT_URL_S3'];
/** Variables whose value is a plain text, and not the name of a resource or a parameter. */
const plainTexts = [...undeployedVariables, 'CALLBACK_RETRY_DELAYS', 'MODEL_PRICES'];

/** Memory in MB and time in seconds. The canary is in no stage (`canary.test.ts`). */
const limits: Record<
  Exclude<Entry, 'events/canary'>,
  readonly [memory: number, seconds: number]
> = {
  'api/create-task': [1024, 10],
  'api/get-task': [1024, 10],
  'api/wait-for-task': [256, 29],
  'api/list-tasks': [1024, 10],
  'api/batch-tasks': [1024, 10],
  'api/cancel-task': [1024, 10],
  'api/delete-task': [1024, 25],
  'api/redeliver-callback': [1024, 10],
  'api/create-file': [1024, 10],
  'api/upload-file': [1024, 29], // fetches a file for up to 20 s; API Gateway waits for 30
  'api/list-files': [1024, 10],
  'api/delete-file': [1024, 10],
  'api/open-file-link': [1024, 10],
  'api/get-file': [1024, 10],
  'api/get-result': [1024, 10],
  'api/provider-webhook': [1024, 10],
  'api/read-account': [1024, 10],
  'api/admin-reads': [1024, 10],
  'api/list-providers': [1024, 15], // a provider has 10 s to say whether it accepts a key
  'api/manage-accounts': [1024, 20],
  'api/credit-account': [1024, 20],
  'api/manage-keys': [1024, 20],
  'api/test-webhook': [1024, 15], // its receiver has 10 s to answer
  'api/console': [512, 10], // it sends files
  'api/service': [512, 10], // it loads almost nothing, so it needs no larger share of a processor
  'workflow/prepare-inputs': [512, 60],
  'workflow/submit-task': [512, 30],
  'workflow/await-slot': [512, 20],
  'workflow/await-provider': [512, 10],
  'workflow/poll-task': [512, 155], // 20 to poll, and as long as the next two to settle and to notify
  'workflow/settle-task': [512, 120],
  'workflow/notify-caller': [512, 15],
  'events/input-uploaded': [512, 30],
  'events/reconcile': [512, 50],
  'events/delete-pictures': [1024, 20],
  'events/make-thumbnail': [1024, 20], // the decoder takes 200 MB
  'events/execution-ended': [512, 30],
  'events/issue-key': [512, 10],
};

const functionOf = (stage: Synthesised, entry: string): Found => {
  const [found, ...more] = ofType(stage, 'AWS::Lambda::Function').filter(
    ({ Properties }) => Properties['Description'] === entry,
  );
  if (!found || more.length > 0) throw new Error(`${entry} is deployed ${1 + more.length} times`);
  return found;
};

const environmentOf = ({ Properties }: Found) =>
  z
    .object({ Variables: z.record(z.string(), z.unknown()) })
    .default({ Variables: {} })
    .parse(Properties['Environment']).Variables;

const pascalCase = (entry: string) =>
  entry.replace(/^.*\//, '').replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());

describe.each(stageNames)('in %s', (name) => {
  const stage = synthesised(name);

  test('every entry is deployed, and nothing else except what CDK needs for the deployment', () => {
    const others = ofType(stage, 'AWS::Lambda::Function')
      .filter(({ Properties }) => !Object.hasOwn(entries, String(Properties['Description'])))
      .map(({ id }) => id.replace(/[0-9A-Fa-f]{8,}$/, ''));
    const emptiesBuckets =
      name === 'prod' ? [] : ['CustomS3AutoDeleteObjectsCustomResourceProviderHandler'];

    expect(others).toEqual([...emptiesBuckets, 'BucketNotificationsHandler']);
  });

  describe.each(Object.entries(limits))('%s', (entry, [memory, seconds]) => {
    const found = functionOf(stage, entry);

    test('runs on Node 24 on arm64 within its limits', () => {
      expect(found.Properties).toMatchObject({
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        Handler: 'index.handler',
        MemorySize: memory,
        Timeout: seconds,
      });
      expect(found.name).toBe(pascalCase(entry));
    });

    test('has a role of its own, which only Lambda may assume, with exactly one policy', () => {
      const role = `${found.name}Role`;
      const sharing = stage.resources.filter(
        ({ Properties }) => readable(Properties['Role'], stage.nameOf) === role,
      );

      expect(sharing).toEqual([found]);
      const [{ Properties = {} } = {}] = stage.resources.filter(
        ({ Type, name }) => Type === 'AWS::IAM::Role' && name === role,
      );
      expect(Object.keys(Properties)).toEqual(['AssumeRolePolicyDocument', 'Policies']);
      expect(Properties['Policies']).toHaveLength(1);
      expect(Properties['AssumeRolePolicyDocument']).toMatchObject({
        Statement: [{ Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } }],
      });
    });

    test('gets exactly the variables of its schema, and no secret among them', () => {
      const schema = Object.entries(entries).find(([key]) => key === entry)?.[1];
      const variables = environmentOf(found);
      const expected = Object.keys(schema?.shape ?? {}).filter(
        (variable) =>
          ![...sdkVariables, ...withSettingsOnly].includes(variable) &&
          (name === 'local' || !undeployedVariables.includes(variable)),
      );

      expect(Object.keys(variables).sort()).toEqual(expected.sort());
      const texts = Object.entries(variables).filter(([, value]) => typeof value === 'string');
      expect(texts.filter(([variable]) => !plainTexts.includes(variable))).toEqual([]);
      expect(JSON.stringify(variables)).not.toContain('{{resolve:');
    });

    test('writes to a log group of its own', () => {
      const { LoggingConfig } = z
        .object({ LoggingConfig: z.object({ LogGroup: z.unknown() }) })
        .parse(found.Properties);

      expect(readable(LoggingConfig.LogGroup, stage.nameOf)).toBe(`${found.name}Logs`);
    });
  });

  test('a function that waits for another one outlasts it, and the gateway outlasts both', () => {
    const secondsOf = (entry: string) => Number(functionOf(stage, entry).Properties['Timeout']);
    const patienceSeconds = runnerClientConfig.requestHandler.requestTimeout / 1000;
    const gatewaySeconds = 30;

    const inOrder = [
      secondsOf('events/delete-pictures'),
      patienceSeconds,
      secondsOf('api/delete-task'),
      gatewaySeconds,
    ];
    expect(inOrder).toEqual(inOrder.toSorted((a, b) => a - b));
    expect(new Set(inOrder).size).toBe(inOrder.length);
  });

  test('every log group keeps its logs for as many days as the stage says', () => {
    const groups = ofType(stage, 'AWS::Logs::LogGroup');

    expect(groups.map(({ Properties }) => Properties['RetentionInDays'])).toEqual(
      groups.map(() => stages[name].logDays),
    );
    // The API's, the workflow's, and those of the functions that CDK adds. The canary is in no stage.
    expect(groups).toHaveLength(Object.keys(limits).length + (name === 'prod' ? 3 : 4));
  });

  test('no function logs to a group that is not in the template: Lambda would make one that never expires', () => {
    const withoutGroup = ofType(stage, 'AWS::Lambda::Function').filter(
      ({ Properties }) => Properties['LoggingConfig'] === undefined,
    );

    expect(withoutGroup.map((found) => found.name)).toEqual([]);
    for (const { id } of ofType(stage, 'AWS::Logs::LogGroup')) {
      expect([id, stage.template.Resources[id]?.DeletionPolicy]).toEqual([id, 'Delete']);
    }
  });

  test('the access log has a name that needs no entry of its own in the account’s resource policy', () => {
    expect(propertiesOf(stage, 'AWS::Logs::LogGroup', 'AccessLogs')['LogGroupName']).toEqual({
      'Fn::Join': ['', ['/aws/vendedlogs/apis/', { Ref: 'AWS::StackName' }]],
    });
  });

  test('the log of the state machine has such a name, too', () => {
    expect(propertiesOf(stage, 'AWS::Logs::LogGroup', 'Logs')['LogGroupName']).toEqual({
      'Fn::Join': ['', ['/aws/vendedlogs/states/', { Ref: 'AWS::StackName' }]],
    });
  });
});
