import { expect, test } from 'vitest';
import { currentSecrets } from '../../../../functions/domain/model/account.ts';
import { sampleTime } from '../../../support/tasks.ts';

const hour = 3_600_000;
const previous = { secret: 'whsec_old', until: sampleTime + hour };

test('an account with one secret signs with it', () => {
  expect(currentSecrets({ newest: 'whsec_new' }, sampleTime)).toEqual(['whsec_new']);
});

test.each([
  ['just after it was changed', 0, ['whsec_new', 'whsec_old']],
  ['a millisecond before the overlap is over', hour - 1, ['whsec_new', 'whsec_old']],
  ['when the overlap is over', hour, ['whsec_new']],
  ['long after', 100 * hour, ['whsec_new']],
])('%s, the previous secret is used or not: %i ms', (_when, ms, secrets) => {
  expect(currentSecrets({ newest: 'whsec_new', previous }, sampleTime + ms)).toEqual(secrets);
});

test('a missing account has no secret: that is an error, so nothing is sent unsigned', () => {
  expect(() => currentSecrets(undefined, sampleTime)).toThrow('the account does not exist');
});
