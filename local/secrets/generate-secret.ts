import { randomInt } from 'node:crypto';
import type { GenerateSecretString } from '../template/read-secrets.ts';

const punctuation = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~';

/** Makes the value of a secret the way `GenerateSecretString` describes it. */
export function generateSecret(wish: GenerateSecretString): string {
  const password = generatePassword(wish);
  const { SecretStringTemplate: template, GenerateStringKey: key } = wish;
  if (template === undefined || key === undefined) return password;
  return JSON.stringify({ ...JSON.parse(template), [key]: password });
}

function generatePassword(wish: GenerateSecretString): string {
  const kinds = alphabets(wish)
    .map((kind) => [...kind].filter((one) => !wish.ExcludeCharacters.includes(one)))
    .filter((kind) => kind.length > 0);
  const required = wish.RequireEachIncludedType ? kinds : [];
  if (kinds.length === 0 || required.length > wish.PasswordLength) {
    throw new Error('GenerateSecretString allows no password');
  }
  // Drawn again rather than mended: every allowed password stays equally likely.
  for (;;) {
    const password = draw(kinds.flat(), wish.PasswordLength);
    if (required.every((kind) => kind.some((one) => password.includes(one)))) return password;
  }
}

const alphabets = (wish: GenerateSecretString): readonly string[] => [
  wish.ExcludeLowercase ? '' : 'abcdefghijklmnopqrstuvwxyz',
  wish.ExcludeUppercase ? '' : 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  wish.ExcludeNumbers ? '' : '0123456789',
  wish.ExcludePunctuation ? '' : punctuation,
  wish.IncludeSpace ? ' ' : '',
];

const draw = (characters: readonly string[], length: number) =>
  Array.from({ length }, () => characters[randomInt(characters.length)]).join('');
