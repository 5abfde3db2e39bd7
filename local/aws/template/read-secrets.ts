import * as z from 'zod';
import { type Context, nameOf } from './intrinsics.ts';
import { refOf } from './physical-names.ts';
import { readResources } from './read-resources.ts';

export type GenerateSecretString = z.infer<typeof GenerateSecretString>;

export type SecretDefinition = {
  readonly id: string;
  readonly name: string;
  readonly arn: string;
  /** The value in the template, if it has one. */
  readonly secretString?: string | undefined;
  readonly generate?: GenerateSecretString | undefined;
};

const GenerateSecretString = z.strictObject({
  PasswordLength: z.number().default(32),
  ExcludeCharacters: z.string().default(''),
  ExcludeLowercase: z.boolean().default(false),
  ExcludeUppercase: z.boolean().default(false),
  ExcludeNumbers: z.boolean().default(false),
  ExcludePunctuation: z.boolean().default(false),
  IncludeSpace: z.boolean().default(false),
  RequireEachIncludedType: z.boolean().default(true),
  SecretStringTemplate: z.string().optional(),
  GenerateStringKey: z.string().optional(),
});

/** What is read of secrets. */
export const secretSchema = {
  types: ['AWS::SecretsManager::Secret'],
  read: {
    SecretString: z.string().optional(),
    GenerateSecretString: GenerateSecretString.optional(),
  },
  ignored: {
    Description: 'it is only a text',
    KmsKeyId: 'data is stored unencrypted on this machine',
    Tags: 'tags change nothing',
  },
};

/** The secrets of the template. */
export const secretsOf = (context: Context): readonly SecretDefinition[] =>
  readResources(context, secretSchema).map(({ id, type, properties }) => {
    const name = nameOf(id, context);
    return {
      id,
      name,
      arn: refOf(type, name) ?? name,
      secretString: properties.SecretString,
      generate: properties.GenerateSecretString,
    };
  });
