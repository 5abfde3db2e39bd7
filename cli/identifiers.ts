import { InvalidArgumentError } from 'commander';

// They become parts of addresses, and a task's of file names: nothing in them may lead elsewhere.
const identifier = (pattern: RegExp, what: string) => (text: string) => {
  if (pattern.test(text)) return text;
  throw new InvalidArgumentError(`It must be the id of ${what}.`);
};

export const taskId = identifier(/^[\w-]+$/, 'a task');
export const keyId = identifier(/^[\w-]+$/, 'a key, as `darkroom keys list` shows it');
export const accountId = identifier(
  /^[a-z0-9][a-z0-9-]{0,62}$/,
  'an account: up to 63 of a-z, 0-9 and -, no - in front',
);
