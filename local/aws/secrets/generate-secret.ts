import { randomInt } from 'node:crypto';
import type { GenerateSecretString } from '../template/read-secrets.ts';

const punctuation = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~';

/** Generates the value of a secret as `GenerateSecretString` describes it. */
export function generateSecret(options: GenerateSecretString): string {
  const password = generatePassword(options);
  const { SecretStringTemplate: template, GenerateStringKey: key } = options;
  if (template === undefined || key === undefined) return password;
  return JSON.stringify({ ...JSON.parse(template), [key]: password });
}

function generatePassword(options: GenerateSecretString): string {
  const kinds = alphabets(options)
    .map((kind) => [...kind].filter((one) => !options.ExcludeCharacters.includes(one)))
    .filter((kind) => kind.length > 0);
  const required = options.RequireEachIncludedType ? kinds : [];
  if (kinds.length === 0 || required.length > options.PasswordLength) {
    throw new Error('GenerateSecretString allows no password');
  }
  // A password without a required type is drawn anew and not repaired, so that all are equally likely.
  for (;;) {
    const password = draw(kinds.flat(), options.PasswordLength);
    if (required.every((kind) => kind.some((one) => password.includes(one)))) return password;
  }
}

const alphabets = (options: GenerateSecretString): readonly string[] => [
  options.ExcludeLowercase ? '' : 'abcdefghijklmnopqrstuvwxyz',
  options.ExcludeUppercase ? '' : 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  options.ExcludeNumbers ? '' : '0123456789',
  options.ExcludePunctuation ? '' : punctuation,
  options.IncludeSpace ? ' ' : '',
];

const draw = (characters: readonly string[], length: number) =>
  Array.from({ length }, () => characters[randomInt(characters.length)]).join('');
