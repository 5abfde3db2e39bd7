import { expect, test } from 'vitest';
import {
  type ReserveFailure,
  reserveProblem,
} from '../../../../functions/domain/billing/ledger.ts';
import type { ProblemCode } from '../../../../functions/domain/model/problem.ts';
import { sampleCaller } from '../../../support/tasks.ts';

const caller = { ...sampleCaller, keyName: 'website', timeZone: 'Europe/Berlin' };
const request = { price: 3600, n: 3, caller };
const common = { key_name: 'website', estimated_credits: 3.6 };

test.each<[string, ReserveFailure, ProblemCode, number, string, object]>([
  [
    'an account with too few credits',
    { state: 'insufficient', balance: 1234 },
    ...(['insufficient_quota', 402] as const),
    'The account has too few credits: 3 image(s) need 3.6.',
    { estimated_credits: 3.6, account_balance_credits: 1.234 },
  ],
  [
    'a key at its limit',
    { state: 'key_exhausted', totalLimit: 10_000, used: 6000, remaining: 2800 },
    ...(['KEY_QUOTA_EXHAUSTED', 402] as const),
    'The API key "website" has reached its limit: 3 image(s) need 3.6.',
    { ...common, total_limit_credits: 10, used_credits: 6, remaining_credits: 2.8 },
  ],
  [
    'a key whose limit was lowered below what it has used',
    { state: 'key_exhausted', totalLimit: 5000, used: 6000, remaining: -2200 },
    ...(['KEY_QUOTA_EXHAUSTED', 402] as const),
    'The API key "website" has reached its limit: 3 image(s) need 3.6.',
    { ...common, total_limit_credits: 5, used_credits: 6, remaining_credits: 0 },
  ],
  [
    'a key at its limit for the day',
    { state: 'key_exhausted_today', dailyLimit: 5000, remaining: 3000 },
    ...(['KEY_DAILY_QUOTA_EXHAUSTED', 402] as const),
    'The API key "website" has reached its limit for today: 3 image(s) need 3.6. It begins anew at midnight, Europe/Berlin.',
    {
      ...common,
      daily_limit_credits: 5,
      daily_used_credits: 2,
      remaining_credits: 3,
      reset_timezone: 'Europe/Berlin',
    },
  ],
  [
    'a key whose limit for the day was lowered below what it has used',
    { state: 'key_exhausted_today', dailyLimit: 5000, remaining: -2000 },
    ...(['KEY_DAILY_QUOTA_EXHAUSTED', 402] as const),
    'The API key "website" has reached its limit for today: 3 image(s) need 3.6. It begins anew at midnight, Europe/Berlin.',
    {
      ...common,
      daily_limit_credits: 5,
      daily_used_credits: 7,
      remaining_credits: 0,
      reset_timezone: 'Europe/Berlin',
    },
  ],
  [
    'an account with too many tasks',
    { state: 'too_many_in_flight', tasksInFlight: 100 },
    ...(['rate_limit_exceeded', 429] as const),
    'The account has as many tasks that have not ended as it may (100); send this one later.',
    {},
  ],
  [
    'a key that was deleted a moment ago',
    { state: 'key_deleted' },
    ...(['unauthorized', 401] as const),
    'The API key is not valid.',
    {},
  ],
  [
    'an account that others change all the time',
    { state: 'busy' },
    ...(['service_unavailable', 503] as const),
    'The account is busy; send the request again.',
    {},
  ],
])('the error about %s says what is missing', (_what, failure, code, status, message, details) => {
  const problem = reserveProblem(failure, request);

  expect(problem.status).toBe(status);
  expect(problem).toMatchObject({ code, message, param: undefined });
  expect(problem.details).toEqual(details);
});

test('the error about too many tasks in flight says when to retry', () => {
  expect(
    reserveProblem({ state: 'too_many_in_flight', tasksInFlight: 1 }, request).headers,
  ).toEqual({
    'retry-after': '5',
  });
  expect(reserveProblem({ state: 'insufficient', balance: 0 }, request).headers).toEqual({});
});
