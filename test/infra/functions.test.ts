import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { type Entry, entries } from '../../functions/runtime/env.ts';
import { stages } from '../../infra/stage.ts';
import { readable } from './readable.ts';
import { type Found, ofType, type Synthesised, stageNames, synthesised } from './synthesised.ts';

const laptopOnly = ['LOOPBACK', 'USUAL_SECONDS'];
/** What the SDK reads for itself, and no stack says. */
const theSdks = ['AWS_ENDPOINT_URL_S3'];
/** What is said in words of ours, instead of being the name of a resource. */
const words = [...laptopOnly, 'CALLBACK_TAIL'];

/** Memory in MB and time in seconds. */
const limits: Record<Entry, readonly [memory: number, seconds: number]> = {
  'api/create-task': [1024, 10],
  'api/get-task': [1024, 10],
  'api/list-tasks': [1024, 10],
  'api/batch-tasks': [1024, 10],
  'api/cancel-task': [1024, 10],
  'api/redeliver-callback': [1024, 10],
  'api/create-file': [1024, 10],
  'api/list-models': [1024, 10],
  'api/get-credits': [1024, 10],
  'api/get-result': [1024, 10],
  'api/provider-callback': [1024, 10],
  'api/admin/create-account': [1024, 10],
  'api/admin/list-accounts': [1024, 10],
  'api/admin/get-account': [1024, 10],
  'api/admin/change-account': [1024, 10],
  'api/admin/credit-account': [1024, 10],
  'api/admin/list-entries': [1024, 10],
  'api/admin/rotate-secret': [1024, 10],
  'api/admin/create-key': [1024, 10],
  'api/admin/list-keys': [1024, 10],
  'api/admin/get-key': [1024, 10],
  'api/admin/change-key': [1024, 10],
  'api/admin/delete-key': [1024, 10],
  'api/openapi': [512, 10], // these load next to nothing, so none needs a bigger processor
  'api/health': [512, 10],
  'api/not-found': [512, 10],
  'workflow/prepare-inputs': [512, 60],
  'workflow/submit-task': [512, 30],
  'workflow/await-provider': [512, 10],
  'workflow/poll-task': [512, 20],
  'workflow/settle-task': [512, 120],
  'workflow/notify-caller': [512, 15],
  'events/input-uploaded': [512, 30],
  'events/sweep': [512, 50],
  'events/execution-ended': [512, 30],
  'events/issue-key': [512, 10],
};

const functionOf = (stage: Synthesised, entry: string): Found => {
  const [found, ...more] = ofType(stage, 'AWS::Lambda::Function').filter(
    ({ Properties }) => Properties['Description'] === `functions/${entry}.ts`,
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

  test('every entry is deployed, and nothing else but what CDK needs for the deployment', () => {
    const others = ofType(stage, 'AWS::Lambda::Function')
      .filter(({ Properties }) => !String(Properties['Description']).startsWith('functions/'))
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

    test('has a role of its own, which nobody but Lambda may take', () => {
      const role = `${found.name}Role`;
      const sharing = stage.resources.filter(
        ({ Properties }) => readable(Properties['Role'], stage.nameOf) === role,
      );

      expect(sharing).toEqual([found]);
      const [{ Properties = {} } = {}] = stage.resources.filter(
        ({ Type, name }) => Type === 'AWS::IAM::Role' && name === role,
      );
      expect(Object.keys(Properties)).toEqual(['AssumeRolePolicyDocument']);
      expect(Properties['AssumeRolePolicyDocument']).toMatchObject({
        Statement: [{ Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } }],
      });
    });

    test('is told exactly what its schema asks for, and nothing that is a secret', () => {
      const asked = Object.entries(entries).find(([key]) => key === entry)?.[1];
      const variables = environmentOf(found);
      const expected = Object.keys(asked?.shape ?? {}).filter(
        (variable) =>
          !theSdks.includes(variable) && (name === 'local' || !laptopOnly.includes(variable)),
      );

      expect(Object.keys(variables).sort()).toEqual(expected.sort());
      const said = Object.entries(variables).filter(([, value]) => typeof value === 'string');
      expect(said.filter(([variable]) => !words.includes(variable))).toEqual([]);
      expect(JSON.stringify(variables)).not.toContain('{{resolve:');
    });

    test('writes to a log group of its own', () => {
      const { LoggingConfig } = z
        .object({ LoggingConfig: z.object({ LogGroup: z.unknown() }) })
        .parse(found.Properties);

      expect(readable(LoggingConfig.LogGroup, stage.nameOf)).toBe(`${found.name}Logs`);
    });
  });

  test('logs are kept as long as the stage says, and not for ever', () => {
    const groups = ofType(stage, 'AWS::Logs::LogGroup');

    expect(groups.map(({ Properties }) => Properties['RetentionInDays'])).toEqual(
      groups.map(() => stages[name].logDays),
    );
    expect(groups).toHaveLength(Object.keys(entries).length + 2); // the API's and the workflow's
  });
});
