import { statSync } from 'node:fs';
import { join } from 'node:path';
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { describe, expect, onTestFinished, test } from 'vitest';
import { generateSecret } from '../../../local/aws/secrets/generate-secret.ts';
import { startSecrets } from '../../../local/aws/secrets/secrets.ts';
import { secretsOf } from '../../../local/aws/template/read-secrets.ts';
import { temporaryDirectory } from './bundle.ts';

const secretFrom = (properties: object, id = 'Key') => {
  const resources = {
    [id]: { Type: 'AWS::SecretsManager::Secret', Properties: { Name: id, ...properties } },
  };
  return secretsOf({
    template: { stackName: 'Dark', parameters: {}, conditions: {}, resources, assets: new Map() },
  });
};
const secrets = [
  ...secretFrom({ GenerateSecretString: { PasswordLength: 43, ExcludePunctuation: true } }),
  ...secretFrom({ SecretString: 'from the template' }, 'Given'),
  ...secretFrom({}, 'Empty'),
];

async function setUp(directory = join(temporaryDirectory(), 'secrets')) {
  const endpoint = await startSecrets({ secrets, directory, now: () => 1_800_000_000_500 });
  onTestFinished(() => endpoint.close());
  const client = new SecretsManagerClient({
    endpoint: endpoint.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 's' },
    maxAttempts: 1,
  });
  const get = (SecretId: string, more = {}) =>
    client.send(new GetSecretValueCommand({ SecretId, ...more }));
  const put = (SecretId: string, SecretString: string, ClientRequestToken?: string) =>
    client.send(new PutSecretValueCommand({ SecretId, SecretString, ClientRequestToken }));
  return { directory, client, get, put };
}

describe('the value of a secret', () => {
  test('is generated once, as its template says, and survives a restart', async () => {
    const first = await setUp();
    const made = await first.get('Key');
    const second = await setUp(first.directory);

    expect(made).toMatchObject({
      Name: 'Key',
      ARN: secrets[0]?.arn,
      SecretString: expect.stringMatching(/^[A-Za-z0-9]{43}$/),
      VersionStages: ['AWSCURRENT'],
      CreatedDate: new Date(1_800_000_000_500),
    });
    expect((await second.get('Key')).SecretString).toBe(made.SecretString);
    expect(statSync(join(first.directory, 'Key.json')).mode & 0o777).toBe(0o600);
  });

  test('is the one in the template, if it has one', async () => {
    expect((await (await setUp()).get('Given')).SecretString).toBe('from the template');
  });

  test.each([
    ['name', 'Key'],
    ['ARN', secrets[0]?.arn ?? ''],
    ['ARN without its random end', secrets[0]?.arn.slice(0, -7) ?? ''],
  ])('is found by %s', async (_, id) => {
    expect((await (await setUp()).get(id)).Name).toBe('Key');
  });

  test('can be replaced, and the previous one stays readable', async () => {
    const { client, get, put } = await setUp();
    const { VersionId: old } = await get('Given');
    const { VersionId: current = '' } = await put('Given', 'new');

    expect((await get('Given')).SecretString).toBe('new');
    expect((await get('Given', { VersionStage: 'AWSPREVIOUS' })).SecretString).toBe(
      'from the template',
    );
    expect((await get('Given', { VersionId: current })).SecretString).toBe('new');
    expect(
      (await client.send(new DescribeSecretCommand({ SecretId: 'Given' }))).VersionIdsToStages,
    ).toEqual({
      [current]: ['AWSCURRENT'],
      [old ?? '']: ['AWSPREVIOUS'],
    });
  });

  test('replaced twice with one token is replaced once, and never by another value', async () => {
    const { get, put } = await setUp();
    const token = 'a'.repeat(32);
    await put('Given', 'new', token);
    await put('Given', 'new', token);

    expect((await get('Given', { VersionStage: 'AWSPREVIOUS' })).SecretString).toBe(
      'from the template',
    );
    await expect(put('Given', 'other', token)).rejects.toMatchObject({
      name: 'ResourceExistsException',
    });
  });
});

test.each([
  ['an unknown secret', { SecretId: 'Nobody' }],
  ['a secret without a value', { SecretId: 'Empty' }],
  ['a version that is gone', { SecretId: 'Given', VersionStage: 'AWSPREVIOUS' }],
])('%s is not found', async (_, input) => {
  const { client } = await setUp();

  await expect(client.send(new GetSecretValueCommand(input))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
    message: expect.stringContaining("can't find the specified secret"),
  });
});

describe('what is not emulated is rejected by name, and changes nothing:', () => {
  test.each([
    ['another stage', { VersionStages: ['AWSPENDING'] }, 'VersionStages'],
    ['several stages', { VersionStages: ['AWSCURRENT', 'BLUE'] }, 'VersionStages'],
    ['bytes', { SecretBinary: Buffer.from('x') }, 'SecretBinary'],
    ['a token of a rotation', { RotationToken: 'a'.repeat(36) }, 'RotationToken'],
  ])('%s of a new value', async (_, more, member) => {
    const { client, get } = await setUp();
    const input = { SecretId: 'Given', SecretString: 'new', ...more };

    await expect(client.send(new PutSecretValueCommand(input))).rejects.toMatchObject({
      name: 'InvalidParameterException',
      message: expect.stringContaining(member),
    });
    expect((await get('Given')).SecretString).toBe('from the template');
  });
});

test('a new value with the stage that it gets anyway is stored', async () => {
  const { client, get } = await setUp();
  await client.send(
    new PutSecretValueCommand({
      SecretId: 'Given',
      SecretString: 'new',
      VersionStages: ['AWSCURRENT'],
    }),
  );

  expect((await get('Given')).SecretString).toBe('new');
});

test('a version is only read with a stage that it has', async () => {
  const { get, put } = await setUp();
  const { VersionId = '' } = await put('Given', 'new');

  expect((await get('Given', { VersionId, VersionStage: 'AWSCURRENT' })).SecretString).toBe('new');
  await expect(get('Given', { VersionId, VersionStage: 'AWSPREVIOUS' })).rejects.toMatchObject({
    name: 'InvalidRequestException',
  });
});

test('an operation that is not emulated is rejected by name', async () => {
  const { client } = await setUp();

  await expect(client.send(new ListSecretsCommand({}))).rejects.toMatchObject({
    name: 'UnknownOperationException',
  });
});

describe('generated passwords', () => {
  const generate = (properties: object) => {
    const [secret] = secretFrom({ GenerateSecretString: properties });
    return secret?.generate ? generateSecret(secret.generate) : '';
  };

  test('contain every required type of character, and no excluded character', () => {
    for (let round = 0; round < 200; round += 1) {
      expect(generate({ PasswordLength: 4, ExcludeCharacters: 'abc' })).toMatch(
        /^(?=.*[d-z])(?=.*[A-Z])(?=.*\d)(?=.*[^A-Za-z\d])[^abc ]{4}$/,
      );
    }
  });

  test('are inserted into the template under their key', () => {
    const text = generate({
      SecretStringTemplate: '{"user":"root"}',
      GenerateStringKey: 'password',
    });

    expect(JSON.parse(text)).toEqual({ user: 'root', password: expect.stringMatching(/^.{32}$/) });
  });

  test('are rejected when no password can satisfy the rules', () => {
    expect(() => generate({ PasswordLength: 2 })).toThrow('allows no password');
  });
});
