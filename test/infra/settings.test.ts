import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CfnResource, Validations } from 'aws-cdk-lib/core';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { tableNames } from '../../functions/domain/model/storage-names.ts';
import { deploymentOf } from '../../infra/deployment.ts';
import { parameterNames } from '../../infra/parameter.ts';
import { safelyDeployed } from '../../infra/safe-deploys.ts';
import { parseSettings, readSettings, type Settings, withSettings } from '../../infra/settings.ts';
import { stageNamed } from '../../infra/stage.ts';
import { readable } from './readable.ts';
import { newApp, newStack } from './synthesised.ts';

const example = readFileSync('darkroom.config.example.json', 'utf8');
const settingsOf = (given: unknown) => parseSettings(JSON.stringify(given));

/** The template of `prod` with these settings. */
function templateOf(settings: Settings, app = newApp()) {
  const stack = newStack(app, withSettings(stageNamed('prod'), settings));
  const resources = stack.node.findAll().filter((one) => CfnResource.isCfnResource(one));
  const json = JSON.stringify(app.synth().getStackByName(stack.stackName).template);
  return { json, parameters: Object.keys(JSON.parse(json).Parameters), resources };
}

const plain = templateOf(settingsOf({}));
const priceOf = (creditsPerImage: number) => ({
  models: { 'wan2.5-image-to-image': { creditsPerImage } },
});
const certificate = 'arn:aws:acm:eu-central-1:111122223333:certificate/8a1f';

describe('a setting', () => {
  test.each<[given: unknown, replaces: readonly string[], inTemplate: string]>([
    [{ retentionDays: 77 }, ['RetentionDays'], '"RETENTION_DAYS":"77"'],
    [{ logDays: 545 }, [], '"RetentionInDays":545'],
    [
      { throttle: { rate: 321, burst: 654 } },
      ['RequestsPerSecond', 'RequestBurst'],
      '"ThrottlingBurstLimit":654,"ThrottlingRateLimit":321',
    ],
    [{ waiters: 17 }, ['Waiters'], '"17"'],
    [{ callbackRetryDelays: [7, 77] }, [], '"CALLBACK_RETRY_DELAYS":"7,77"'],
    [
      { browserOrigins: ['https://app.example.com'] },
      [],
      '"AllowedOrigins":["https://app.example.com",{"Fn::GetAtt"',
    ],
    [{ alarmEmail: 'ops@example.com' }, ['AlarmEmail'], '"Endpoint":"ops@example.com"'],
    [
      { modelAliases: { mine: 'wan2.5-image-to-image' } },
      ['ModelAliases'],
      '"mine=wan2.5-image-to-image"',
    ],
    [
      { models: { 'wan2.5-image-to-image': { creditsPerImage: 1.5, usdPerImage: { fal: 0.05 } } } },
      [],
      String.raw`\"milliCreditsPerImage\":1500,\"microUsdPerImage\":{\"fal\":50000}`,
    ],
    [
      { accountBudget: { creditsPerDay: 12.5, stop: true } },
      [],
      String.raw`"ACCOUNT_BUDGET":"{\"dailyBudget\":12500,\"stopAtBudget\":true}"`,
    ],
    [{ providerOrder: ['fal', 'dashscope'] }, ['Providers'], '"PROVIDERS":"fal,dashscope"'],
    [
      { providers: { dashscope: { url: 'https://dashscope.aliyuncs.com' } } },
      ['DashScopeUrl'],
      'https://dashscope.aliyuncs.com',
    ],
    [
      { providers: { dashscope: { capacity: { running: 20, ahead: 4 } } } },
      ['DashScopeCapacity'],
      'running=20,ahead=4',
    ],
    [
      { providers: { fal: { keysUrl: 'https://keys.example.com/jwks.json' } } },
      ['FalKeysUrl'],
      'https://keys.example.com/jwks.json',
    ],
  ])('%j takes the place of the parameters %j', (given, replaces, inTemplate) => {
    const { json, parameters } = templateOf(settingsOf(given));

    expect(plain.json).not.toContain(inTemplate);
    expect(json).toContain(inTemplate);
    expect(plain.parameters.filter((name) => !parameters.includes(name))).toEqual(replaces);
    expect(parameters.filter((name) => !plain.parameters.includes(name))).toEqual([]);
  });

  test('a provider without limits has an empty capacity', () => {
    const { fixed } = withSettings(
      stageNamed('prod'),
      settingsOf({ providers: { dashscope: { capacity: 'unlimited' } } }),
    );

    expect(fixed).toEqual({ DashScopeCapacity: '' });
  });
});

test('a value for a parameter that the stack does not have is an error, and not ignored', () => {
  const withFixed = (fixed: Record<string, string>) => () =>
    newStack(newApp(), { ...stageNamed('prod'), fixed });

  expect(withFixed({ AcmeUrl: 'https://acme.example.com' })).toThrow(
    'there is no parameter AcmeUrl',
  );
  expect(withFixed({ FalUrl: 'https://fal.example.com' })).not.toThrow();
});

test('every parameter of the stack can have its value from a setting', () => {
  // One is CDK's, and one makes a template without bundles undeployable.
  const ofStack = plain.parameters.filter(
    (name) => !['BootstrapVersion', 'NotForDeployment'].includes(name),
  );
  const ofProviders = ofStack.filter((name) => /(Url|Capacity)$/.test(name));

  expect(ofProviders).not.toEqual([]);
  // The measured durations are replaced in a local stack only.
  expect([...parameterNames, ...ofProviders].sort()).toEqual([...ofStack, 'TypicalSeconds'].sort());
});

describe('a domain', () => {
  const domain = { name: 'images.example.com', certificate };
  const { json } = templateOf(settingsOf({ domain }));
  const { Resources, Outputs } = Template.parse(JSON.parse(json));
  const address = 'https://images.example.com';
  const environments = Object.entries(Resources).flatMap(([id, { Type, Properties }]) =>
    Type === 'AWS::Lambda::Function'
      ? [[id, JSON.stringify(Properties['Environment'] ?? {})] as const]
      : [],
  );
  const ofType = (type: string) =>
    Object.values(Resources).filter(({ Type }) => Type === `AWS::ApiGatewayV2::${type}`);

  test('leads to the API, with its certificate', () => {
    expect(ofType('DomainName').map(({ Properties }) => Properties)).toMatchObject([
      {
        DomainName: 'images.example.com',
        DomainNameConfigurations: [{ CertificateArn: certificate, EndpointType: 'REGIONAL' }],
      },
    ]);
    expect(ofType('ApiMapping')).toHaveLength(1);
    expect(Outputs['Url']?.Value).toBe(address);
    expect(JSON.stringify(Outputs['DomainTarget']?.Value)).toContain('RegionalDomainName');
  });

  test('is in all links that a function makes, and in no stack without it', () => {
    const withLinks = environments.filter(([, text]) => text.includes('"PUBLIC_URL"'));

    expect(withLinks.length).toBeGreaterThan(10);
    for (const [id, text] of withLinks) {
      expect(text, id).toContain(`"PUBLIC_URL":"${address}"`);
    }
    expect(plain.json).not.toContain('DomainName"');
    expect(plain.json).not.toContain('FORMER_URL');
  });

  test('leaves the address from before as it was, for links, jobs and files that have it', () => {
    expect(JSON.stringify(ofType('Api')[0]?.Properties)).not.toContain('DisableExecuteApiEndpoint');
    expect(environments.filter(([, text]) => text.includes('FORMER_URL')).length).toBe(1);
    expect(json).toContain(`"AllowedOrigins":["${address}",{"Fn::GetAtt"`);
  });
});

describe('without thumbnails', () => {
  const { json } = templateOf(settingsOf({ thumbnails: false }));

  test('no function decodes a picture, no bucket tells of one, and no function may read a thumbnail', () => {
    const withThumbnails = templateOf(settingsOf({}));

    for (const part of ['MakeThumbnail', 'THUMBNAIL_BUCKET']) {
      expect(withThumbnails.json).toContain(part);
      expect(json).not.toContain(part);
    }
    expect(json.split('"Type":"Custom::S3BucketNotifications"')).toHaveLength(2);
  });

  // CDK's function writes a notification only when the properties of its resource change. So an operator who has lost one
  // turns the thumbnails off and on again (docs/runbook.md, UploadEventLost).
  test('the bucket of inputs has another notification, which starts tasks as the one with thumbnails does', () => {
    const id = 'BucketsInputsNotifications';
    const notificationIn = (template: string) =>
      Object.entries(Template.parse(JSON.parse(template)).Resources)
        .filter(([name]) => name.startsWith(id))
        .filter(([, { Type }]) => Type === 'Custom::S3BucketNotifications')
        .map(([name, { Properties }]) => ({ name, text: JSON.stringify(Properties) }));
    const [on, off] = [notificationIn(plain.json), notificationIn(json)];

    expect([on.length, off.map(({ name }) => name)]).toEqual([1, on.map(({ name }) => name)]);
    expect(off[0]?.text).not.toBe(on[0]?.text);
    for (const { text } of [...on, ...off]) {
      expect(text).toMatch(
        /"Value":"uploads\/"}\]}},"LambdaFunctionArn":{"Fn::GetAtt":\["TriggersInputUploaded/,
      );
      // CDK's function writes the whole configuration, and not only the change.
      expect(text).toContain('"Managed":true');
    }
    expect(readFileSync('docs/runbook.md', 'utf8')).toContain(
      'npx cdk deploy -c thumbnails=off\nnpx cdk deploy\n',
    );
  });

  test('is decided by the context before the settings, and has only the values on and off', () => {
    const of = (thumbnails: string) => deploymentOf({ stage: 'dev', config: '', thumbnails });

    expect([of('on').stage.thumbnails, of('off').stage.thumbnails]).toEqual([true, false]);
    expect(() => of('yes')).toThrow('thumbnails is on or off, and not "yes".');
  });
});

describe('with safe deploys', () => {
  const { json } = templateOf(settingsOf({ safeDeploys: true }));
  const { Resources } = Template.parse(JSON.parse(json));
  const ofType = (type: string) =>
    Object.entries(Resources).filter(([, { Type }]) => Type === `AWS::${type}`);
  const aliases = ofType('Lambda::Alias').map(([id]) => id);

  test('the API calls the three functions by an alias, and all others as without them', () => {
    const integrations = ofType('ApiGatewayV2::Integration').map(([, { Properties }]) =>
      JSON.stringify(Properties['IntegrationUri']),
    );

    expect(aliases).toHaveLength(safelyDeployed.length);
    expect(integrations.filter((uri) => aliases.some((id) => uri.includes(id)))).toHaveLength(3);
    expect(integrations.length).toBeGreaterThan(10);
    for (const id of aliases) {
      const may = ofType('Lambda::Permission').filter(
        ([, { Properties }]) => JSON.stringify(Properties['FunctionName']) === `{"Ref":"${id}"}`,
      );
      expect(may, id).not.toEqual([]);
    }
  });

  test('new code gets a tenth of the requests at first, and none any more when it fails', () => {
    const groups = ofType('CodeDeploy::DeploymentGroup').map(([, { Properties }]) => Properties);

    expect(groups).toHaveLength(3);
    for (const group of groups) {
      expect(group).toMatchObject({
        DeploymentConfigName: 'CodeDeployDefault.LambdaCanary10Percent5Minutes',
        AlarmConfiguration: { Enabled: true, Alarms: [{}, {}] },
        AutoRollbackConfiguration: { Enabled: true },
      });
      expect(JSON.stringify(group['AutoRollbackConfiguration'])).toContain(
        'DEPLOYMENT_STOP_ON_ALARM',
      );
    }
  });

  test('the stack has room for them', () => {
    expect(Object.keys(Resources).length).toBeLessThanOrEqual(450);
    expect(plain.json).not.toContain('AWS::CodeDeploy');
  });
});

describe('with restored tables', () => {
  const restoredTables = Object.fromEntries(
    tableNames.map((name) => [name, `Darkroom-prod-${name}-at-20261201T093000Z`]),
  );
  const app = newApp();
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  const stage = withSettings(stageNamed('prod'), settingsOf({ restoredTables }));
  const stack = newStack(app, stage);
  const template = Template.parse(app.synth().getStackByName(stack.stackName).template);
  const original = Template.parse(JSON.parse(plain.json));
  const tableOf = new Map([
    ...Object.keys(original.Resources).flatMap((id) => {
      const [, name] = /^Tables([A-Z][a-z]+)[0-9A-F]{8}$/.exec(id) ?? [];
      return name === undefined ? [] : [[id, `<${name}>`] as const];
    }),
    ...Object.entries(restoredTables).map(([name, table]) => [table, `<${name}>`] as const),
  ]);
  const nameTable = (text: string) =>
    text.replace(
      /(?:arn:aws:dynamodb:us-east-1:000000000000:table\/)?(Darkroom-prod-\w+-at-\w+)/,
      (_, table) => tableOf.get(table) ?? table,
    );
  /** A part of a template with the tables by their names in the stack, however it refers to them. */
  const withTables = (value: unknown): unknown => {
    if (Array.isArray(value)) return sortTexts(value.map(withTables));
    if (isIntrinsic(value)) return nameTable(readable(value, (id) => tableOf.get(id) ?? id));
    if (typeof value === 'string') return nameTable(value);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withTables(one)]));
  };
  /** Everything that names tables: the environments and permissions of functions, and the alarms. */
  const users = ({ Resources }: z.output<typeof Template>) =>
    Object.entries(Resources).filter(([, { Type }]) =>
      ['AWS::Lambda::Function', 'AWS::IAM::Role', 'AWS::CloudWatch::Alarm'].includes(Type),
    );

  test('all users of a table use the restored table in the same way as the stack’s own one', () => {
    const ofOwn = users(original).filter(([, one]) => /"Tables[A-Z]/.test(JSON.stringify(one)));

    expect(ofOwn.length).toBeGreaterThan(50);
    expect(JSON.stringify(users(template))).not.toMatch(/"Tables[A-Z]/);
    expect(users(template).map(withTables)).toEqual(users(original).map(withTables));
  });

  test('the stack’s own tables stay as they are, with all data from after the moment', () => {
    const tablesIn = ({ Resources }: z.output<typeof Template>) =>
      Object.entries(Resources).filter(([, { Type }]) => Type === 'AWS::DynamoDB::GlobalTable');

    expect(tablesIn(template)).toHaveLength(tableNames.length);
    expect(tablesIn(template)).toEqual(tablesIn(original));
  });

  test('the outputs name the restored tables, for the next restore', () => {
    expect(template.Outputs['TableNames']?.Value).toBe(JSON.stringify(restoredTables));
  });

  test('all tables are named, or none, and no table twice', () => {
    const { Audit, ...others } = restoredTables;

    expect(() => settingsOf({ restoredTables: others })).toThrow('restoredTables.Audit: ');
    expect(() => settingsOf({ restoredTables: { ...restoredTables, Books: 'books' } })).toThrow(
      'Books',
    );
    expect(() =>
      settingsOf({ restoredTables: { ...restoredTables, Audit: others['Tasks'] } }),
    ).toThrow('restoredTables: names a table twice');
    expect(() => settingsOf({ restoredTables: { ...restoredTables, Audit: 'a b' } })).toThrow(
      'restoredTables.Audit: must be the name of a table',
    );
  });
});

describe('settings are refused with the name of what is wrong', () => {
  test.each<[given: unknown, message: string]>([
    [{ retention: 3 }, 'there is no setting retention'],
    [{ throttle: { rate: 0, burst: 10 } }, 'throttle.rate: '],
    [{ throttle: { rate: 10 } }, 'throttle.burst: '],
    [{ logDays: 8 }, 'logDays: '],
    [{ stage: 'local' }, 'stage: '],
    [{ name: '-' }, 'name: must begin with a letter'],
    [{ account: '12' }, 'account: must be an account number'],
    [{ region: 'Frankfurt' }, 'region: must be a region'],
    [{ alarmEmail: 'nobody' }, 'alarmEmail: '],
    [{ browserOrigins: ['https://app.example.com/'] }, 'browserOrigins.0: must be an origin'],
    [{ browserOrigins: ['*'] }, 'browserOrigins.0: must be an origin'],
    [{ modelAliases: { mine: 'dall-e' } }, 'modelAliases.mine: there is no model dall-e'],
    [{ modelAliases: { 'a b': 'wan2.5-image-to-image' } }, 'modelAliases'],
    [{ providerOrder: ['fal', 'fal'] }, 'providerOrder: names a provider twice'],
    [{ providerOrder: ['fal', 'sandbox'] }, 'providerOrder.1: '],
    [{ providers: { sandbox: {} } }, 'sandbox'],
    [{ providerOrder: [] }, 'providerOrder: '],
    [{ domain: { name: 'images.example.com' } }, 'domain.certificate: '],
    [{ models: { 'dall-e': { creditsPerImage: 1 } } }, 'models'],
    [{ accountBudget: { stop: true } }, 'accountBudget.creditsPerDay: '],
    [{ accountBudget: { creditsPerDay: 0 } }, 'accountBudget.creditsPerDay: '],
    [{ accountBudget: { creditsPerDay: 0.0001 } }, 'accountBudget.creditsPerDay: has more'],
    [{ canary: 'yes' }, 'canary: '],
    [priceOf(0), 'models.wan2.5-image-to-image.creditsPerImage: '],
    [priceOf(5e-10), 'creditsPerImage: is less than a thousandth of a credit'],
    [priceOf(1.2345), 'creditsPerImage: has more decimals than a thousandth of a credit'],
    [{ domain: { name: 'https://images.example.com', certificate } }, 'domain.name: '],
    [{ domain: { name: 'images', certificate } }, 'domain.name: must be a host name'],
    [
      { domain: { name: 'images.example.com', certificate: 'mine' } },
      'domain.certificate: must be the',
    ],
    [{ providers: { openai: {} } }, 'providers'],
    [{ providers: { dashscope: { url: 'http://127.0.0.1' } } }, 'providers.dashscope.url: '],
    [{ providers: { dashscope: { capacity: { running: -1 } } } }, 'providers.dashscope.capacity'],
    [{ retentionDays: 0.5 }, 'retentionDays: '],
    [[], 'expected object'],
  ])('for %j', (given, message) => {
    expect(() => settingsOf(given)).toThrow(message);
    expect(() => settingsOf(given)).toThrow('darkroom.config.json cannot be used.');
  });

  test('for keys of the webhooks of a provider that signs none', () => {
    const settings = settingsOf({ providers: { dashscope: { keysUrl: 'https://a.example.com' } } });

    expect(() => withSettings(stageNamed('prod'), settings)).toThrow('providers.dashscope.keysUrl');
  });

  test('for a certificate of another region than that of the stack', () => {
    const domain = { name: 'images.example.com', certificate };
    const settings = settingsOf({ domain, region: 'us-east-1' });

    expect(() => withSettings(stageNamed('prod'), settings)).toThrow(
      'domain.certificate: it is in eu-central-1, and a certificate in us-east-1 is needed',
    );
  });

  test('for callbacks that would be sent after the end of their task', () => {
    const settings = settingsOf({ retentionDays: 1, callbackRetryDelays: [60, 86_400] });

    expect(() => withSettings(stageNamed('prod'), settings)).toThrow('callbackRetryDelays: ');
  });

  test('for a file that is not JSON', () => {
    expect(() => parseSettings('{"name": }')).toThrow('darkroom.config.json is not JSON: ');
  });

  test('for everything that is wrong, at once', () => {
    expect(() => settingsOf({ waiters: -1, logDays: 2 })).toThrow(/logDays: .*\n.*waiters: /);
  });
});

describe('the file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'darkroom-settings-'));
  const file = join(folder, 'mine.json');

  test('need not exist, unless it is asked for', () => {
    expect(readSettings(join(folder, 'nothing.json'))).toBeUndefined();
    expect(() => deploymentOf({ config: join(folder, 'nothing.json') })).toThrow('nothing.json');
  });

  test('says the name of the stack, the stage, the account and the region', () => {
    writeFileSync(file, JSON.stringify({ name: 'Second', stage: 'prod', region: 'eu-west-1' }));
    const { stackName, stage, env } = deploymentOf({ config: file });

    expect([stackName, stage.keepData, env]).toEqual([
      'Second-prod',
      true,
      { region: 'eu-west-1' },
    ]);
    expect(deploymentOf({ config: file, stage: 'dev' }).stackName).toBe('Second-dev');
  });

  test('must exist for prod, so that nobody resets the settings by leaving the file out', () => {
    const missing = join(folder, 'nothing.json');

    expect(() => deploymentOf({ stage: 'prod', file: missing })).toThrow('There is no ');
    expect(deploymentOf({ stage: 'prod', config: '', file: missing }).stackName).toBe(
      'Darkroom-prod',
    );
    expect(deploymentOf({ file: missing }).stackName).toBe('Darkroom-dev');
  });

  test('does not apply to the local stack, unless it is named', () => {
    writeFileSync(file, '{"canary": true}');

    expect(deploymentOf({ file, stage: 'local' }).stage).toBe(stageNamed('local'));
    expect(deploymentOf({ config: '', file, stage: 'local' }).stage).toBe(stageNamed('local'));
    expect(deploymentOf({ config: file, stage: 'local' }).stage).toMatchObject({
      allowLoopback: true,
      canary: true,
    });
  });

  test('the example is one that can be deployed, and has every setting', () => {
    const settings = parseSettings(example);
    // With all of CloudFormation's rules, which the other tests leave out.
    const { json } = templateOf(settings, newApp({ isValidated: true }));

    expect(json).toContain('you@example.com');
    expect(Object.keys(settings).sort()).toEqual(documented.sort());
  });
});

/** The settings in the first column of the table in docs/deploying.md. */
const documented = [
  ...readFileSync('docs/deploying.md', 'utf8').matchAll(/^\|((?: `\w+`,?)+) \|/gm),
].flatMap(([, names = '']) => [...names.matchAll(/\w+/g)].map(([name]) => name));

// Properties whose values are unique in an account and region, or in the world. Names of inline policies and APIs are not.
const uniqueNames = [
  ...['TableName', 'BucketName', 'FunctionName', 'RoleName', 'LogGroupName', 'TopicName'],
  ...['AlarmName', 'DashboardName', 'StateMachineName', 'ExportName'],
];

test('two installations in one account and region have no name in common, since all contain that of the stack', () => {
  const app = newApp();
  const { stackName } = newStack(app, 'prod', 'One-prod');
  const template = Template.parse(app.synth().getStackByName(stackName).template);
  const names = Object.values(template.Resources).flatMap(({ Type, Properties }) =>
    Object.entries(Properties)
      .filter(([key]) => uniqueNames.includes(key) || (key === 'Name' && /Secret|Rule/.test(Type)))
      // Otherwise it belongs to another resource: `TableName: { Ref: … }`.
      .filter(([, value]) => !/^\{"(Ref|Fn::GetAtt)":/.test(JSON.stringify(value)))
      .map(([key, value]) => `${key} ${JSON.stringify(value)}`),
  );

  expect(names.length).toBeGreaterThan(0);
  expect(names.filter((name) => !/AWS::StackName|One-prod/.test(name))).toEqual([]);
});

/** CDK sorts the resources of a permission by how they are written. */
const sortTexts = (parts: readonly unknown[]) =>
  parts.every((part) => typeof part === 'string') ? parts.toSorted() : parts;

const isIntrinsic = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  Object.keys(value).length === 1 &&
  /^(Ref|Fn::)/.test(Object.keys(value)[0] ?? '');

const Template = z.object({
  Resources: z.record(
    z.string(),
    z.object({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).default({}) }),
  ),
  Outputs: z.record(z.string(), z.object({ Value: z.unknown() })),
});
