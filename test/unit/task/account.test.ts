import { expect, test } from 'vitest';
import { validSecrets } from '../../../functions/task/account.ts';
import { sampleTime } from '../../support/tasks.ts';

const hour = 3_600_000;
const previous = { secret: 'whsec_old', until: sampleTime + hour };

test('an account signs with its one secret', () => {
  expect(validSecrets({ newest: 'whsec_new' }, sampleTime)).toEqual(['whsec_new']);
});

test.each([
  ['just after it was changed', 0, ['whsec_new', 'whsec_old']],
  ['a millisecond before the overlap is over', hour - 1, ['whsec_new', 'whsec_old']],
  ['when the overlap is over', hour, ['whsec_new']],
  ['long after', 100 * hour, ['whsec_new']],
])('%s, a secret is used beside the one before it or not: %i ms', (_when, ms, secrets) => {
  expect(validSecrets({ newest: 'whsec_new', previous }, sampleTime + ms)).toEqual(secrets);
});

test('an account that is not there has none, and nothing goes out unsigned', () => {
  expect(() => validSecrets(undefined, sampleTime)).toThrow('the account is not there');
});
