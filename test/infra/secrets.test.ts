import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { providerNames } from '../../functions/task/provider.ts';
import { readable } from './readable.ts';
import { ofType, stageNames, synthesised } from './synthesised.ts';

const GeneratedKey = z.object({ SecretStringTemplate: z.string(), GenerateStringKey: z.string() });

describe.each(stageNames)('in %s', (name) => {
  const stage = synthesised(name);

  test('secrets are made by AWS, and nobody has seen them', () => {
    const secrets = ofType(stage, 'AWS::SecretsManager::Secret');

    expect(secrets.map((secret) => secret.name)).toEqual(['ProviderKeys', 'Signing']);
    for (const { Properties } of secrets) {
      expect(Object.keys(Properties).sort()).toEqual(['Description', 'GenerateSecretString']);
    }
  });

  test('the key for results is long enough to sign with', () => {
    const [, signing] = ofType(stage, 'AWS::SecretsManager::Secret');

    expect(signing?.Properties['GenerateSecretString']).toEqual({
      ExcludePunctuation: true,
      PasswordLength: 64,
    });
  });

  test('providers have keys only where any key will do', () => {
    const [keys] = ofType(stage, 'AWS::SecretsManager::Secret');
    const { SecretStringTemplate, GenerateStringKey } = GeneratedKey.parse(
      keys?.Properties['GenerateSecretString'],
    );
    const names = [...Object.keys(JSON.parse(SecretStringTemplate)), GenerateStringKey];

    expect(names.sort()).toEqual(name === 'local' ? [...providerNames] : ['none']);
  });

  test('the template holds no secret, nor lets the deployment read one', () => {
    expect(stage.json).not.toMatch(/"SecretString"|\{\{resolve:|whsec_|sk-dr-|AKIA/);
  });

  test('whoever deploys is told where it runs and how to make a key, and no secret', () => {
    const said = Object.entries(stage.template.Outputs).map(([output, { Value }]) => [
      output,
      readable(Value, stage.nameOf),
    ]);

    expect(Object.fromEntries(said)).toEqual({
      Url: 'Http.ApiEndpoint',
      ProviderKeys: expect.stringContaining('ProviderKeys'), // its name
      FirstKey: 'npm run keys -- create --function IssueKey --credits 100',
    });
  });
});
