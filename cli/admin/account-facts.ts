import { age, isoTime } from '../age.ts';
import type { Fact } from '../facts.ts';
import type { Account } from './answers.ts';

/** What there is to say about an account. */
export function accountFacts(account: Account, nowMs: number): readonly Fact[] {
  const { id, user_group, created, credits, limits, tasks_in_flight } = account;
  return [
    ['account', id],
    ['user group', user_group],
    ['created', `${isoTime(created)} (${age(created, nowMs)} ago)`],
    ['balance', `${credits.balance}`],
    ['reserved', `${credits.reserved}`],
    ['used', `${credits.used}`],
    ['granted', `${credits.granted}`],
    ['tasks in flight', `${tasks_in_flight} of ${limits.tasks_in_flight}`],
    ['requests per minute', `at most ${limits.requests_per_minute}`],
  ];
}
