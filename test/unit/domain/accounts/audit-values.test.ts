import { expect, test } from 'vitest';
import {
  accountChanged,
  accountCreated,
  keyChanged,
  keyCreated,
  keyDeleted,
} from '../../../../functions/domain/accounts/audit-values.ts';
import type { ApiKey } from '../../../../functions/domain/model/api-key.ts';
import { sampleAct, sampleKey, sampleTime } from '../../../support/tasks.ts';

const settings = { userGroup: 'default', limits: { tasksInFlight: 20 } };

test.each([
  ['the group', { userGroup: 'vip' }, { user_group: 'default' }, { user_group: 'vip' }],
  ['a limit', { limits: { tasksInFlight: 5 } }, { tasks_in_flight: 20 }, { tasks_in_flight: 5 }],
  [
    'a limit that goes back to its default',
    { limits: { tasksInFlight: null } },
    { tasks_in_flight: 20 },
    { tasks_in_flight: 2000 },
  ],
  ['disabling', { disabled: true }, { enabled: true }, { enabled: false }],
  [
    'the budget',
    { dailyBudget: 2500, stopAtBudget: true },
    { daily_budget_credits: null, stop_at_budget: false },
    { daily_budget_credits: 2.5, stop_at_budget: true },
  ],
])('an entry about an account has %s, before and after', (_, change, before, after) => {
  expect(accountChanged(sampleAct, 'studio')(settings, change)).toMatchObject({
    account: 'studio',
    before,
    after,
  });
});

test('a change that changes nothing has no entry', () => {
  expect(accountChanged(sampleAct, 'studio')(settings, { userGroup: 'default' })).toBeUndefined();
  expect(keyChanged(sampleAct, secretive, { name: 'web' })).toBeUndefined();
});

test('an entry shows what the operator has locked, although the key looks as before', () => {
  const disabled = sampleKey({ enabled: false, managedFields: ['scopes', 'dailyLimit'] });

  expect(
    keyChanged(sampleAct, disabled, {
      enabled: false,
      disabledByOperator: true,
      managedFields: ['scopes'],
    }),
  ).toMatchObject({
    before: { disabled_by_operator: false },
    after: {
      disabled_by_operator: true,
      set_by_operator: [
        'expires_at',
        'total_limit_credits',
        'daily_limit_credits',
        'reset_timezone',
        'allowed_models',
      ],
    },
  });
});

const secretive: ApiKey = sampleKey({
  hash: 'the hash of the key',
  name: 'web',
  totalLimit: 1500,
  expiresAt: sampleTime,
});

test('an entry about a key has what is changed, before and after', () => {
  const change = { name: 'shop', totalLimit: null, enabled: false };

  expect(keyChanged(sampleAct, secretive, change)).toMatchObject({
    keyId: secretive.keyId,
    account: secretive.account,
    before: { name: 'web', total_limit_credits: 1.5, enabled: true },
    after: { name: 'shop', total_limit_credits: null, enabled: false },
  });
});

test('an entry about what is new or deleted has all of it, on one side', () => {
  const all = {
    name: 'web',
    enabled: true,
    scopes: ['generate'],
    expires_at: sampleTime / 1000,
    total_limit_credits: 1.5,
    daily_limit_credits: null,
    reset_timezone: 'UTC',
    allowed_models: null,
  };

  expect(keyCreated(sampleAct, secretive)).toMatchObject({ after: all });
  expect(keyDeleted(sampleAct, secretive)).toMatchObject({ before: all });
  expect(keyCreated(sampleAct, secretive).before).toBeUndefined();
  expect(keyDeleted(sampleAct, secretive).after).toBeUndefined();
});

test('no entry has a hash, or a webhook secret', () => {
  const account = { account: 'studio', ...settings, webhookSecret: 'whsec_1', createdAt: 1 };

  const entries = [
    accountCreated(sampleAct, account),
    keyCreated(sampleAct, secretive),
    keyChanged(sampleAct, secretive, { enabled: false }),
    keyDeleted(sampleAct, secretive),
  ];

  expect(JSON.stringify(entries)).not.toMatch(/hash|whsec_|a1B2/);
});
