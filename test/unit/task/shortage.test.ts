import { expect, test } from 'vitest';
import type { Shortage } from '../../../functions/task/ledger.ts';
import type { ProblemCode } from '../../../functions/task/problem.ts';
import { refusalOf } from '../../../functions/task/shortage.ts';
import { sampleKey } from '../../support/tasks.ts';

const asked = { reserved: 3600, n: 3 };
const key = sampleKey({
  ...{ name: 'website', totalLimit: 10_000, used: 6000, reserved: 1200 },
  ...{ dailyLimit: 5000, timeZone: 'Europe/Berlin' },
});
const common = { key_name: 'website', estimated_credits: 3.6 };

test.each<[string, Shortage, ProblemCode, number, string, object]>([
  [
    'an account with too few credits',
    { state: 'insufficient', balance: 1234 },
    ...(['insufficient_quota', 402] as const),
    'The account has too few credits: 3 image(s) need 3.6.',
    { estimated_credits: 3.6, account_balance_credits: 1.234 },
  ],
  [
    'a key at its limit',
    { state: 'key-exhausted', key },
    ...(['KEY_QUOTA_EXHAUSTED', 402] as const),
    'The API key "website" has reached its limit: 3 image(s) need 3.6.',
    { ...common, total_limit_credits: 10, used_credits: 6, remaining_credits: 2.8 },
  ],
  [
    'a key whose limit was lowered below what it has used',
    { state: 'key-exhausted', key: { ...key, totalLimit: 5000 } },
    ...(['KEY_QUOTA_EXHAUSTED', 402] as const),
    'The API key "website" has reached its limit: 3 image(s) need 3.6.',
    { ...common, total_limit_credits: 5, used_credits: 6, remaining_credits: 0 },
  ],
  [
    'a key at its limit for the day',
    { state: 'key-exhausted-today', key, dayUsed: 2000 },
    ...(['KEY_DAILY_QUOTA_EXHAUSTED', 402] as const),
    'The API key "website" has reached its limit for today: 3 image(s) need 3.6. It begins anew at midnight, Europe/Berlin.',
    {
      ...{ ...common, daily_limit_credits: 5, daily_used_credits: 2, remaining_credits: 3 },
      reset_timezone: 'Europe/Berlin',
    },
  ],
  [
    'a key whose limit for the day was lowered below what it has used',
    { state: 'key-exhausted-today', key, dayUsed: 7000 },
    ...(['KEY_DAILY_QUOTA_EXHAUSTED', 402] as const),
    'The API key "website" has reached its limit for today: 3 image(s) need 3.6. It begins anew at midnight, Europe/Berlin.',
    {
      ...{ ...common, daily_limit_credits: 5, daily_used_credits: 7, remaining_credits: 0 },
      reset_timezone: 'Europe/Berlin',
    },
  ],
  [
    'an account with too many tasks',
    { state: 'crowded', tasksInFlight: 100 },
    ...(['rate_limit_exceeded', 429] as const),
    'The account has as many tasks that have not ended as it may (100); send this one later.',
    {},
  ],
  [
    'a key that was deleted a moment ago',
    { state: 'key-gone' },
    ...(['unauthorized', 401] as const),
    'The API key is not valid.',
    {},
  ],
])('%s is told what is missing', (_what, shortage, code, status, message, details) => {
  const problem = refusalOf(shortage, asked);

  expect(problem.status).toBe(status);
  expect(problem).toMatchObject({ code, message, param: undefined });
  expect(problem.details).toEqual(details);
});

test('who has too many tasks is told when to try again, and nobody else is', () => {
  expect(refusalOf({ state: 'crowded', tasksInFlight: 1 }, asked).headers).toEqual({
    'retry-after': '5',
  });
  expect(refusalOf({ state: 'insufficient', balance: 0 }, asked).headers).toEqual({});
});
