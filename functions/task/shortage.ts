import type { Shortage } from './ledger.ts';
import { toCredits } from './money.ts';
import { Problem } from './problem.ts';
import type { Pending } from './task.ts';

/** When a task of this account may have ended, in seconds: worth another try. */
const crowdedRetrySeconds = 5;

/** What a caller hears whose task could not be paid for. Nothing was written. */
export function refusalOf(
  shortage: Shortage,
  { reserved, n }: Pick<Pending, 'reserved' | 'n'>,
): Problem {
  const estimated_credits = toCredits(reserved);
  const needs = `${n} image(s) need ${estimated_credits}`;
  switch (shortage.state) {
    case 'insufficient':
      return new Problem('insufficient_quota', `The account has too few credits: ${needs}.`, {
        details: { estimated_credits, account_balance_credits: toCredits(shortage.balance) },
      });
    case 'key-exhausted':
      return keyExhausted(shortage, estimated_credits, needs);
    case 'key-exhausted-today':
      return keyExhaustedToday(shortage, estimated_credits, needs);
    case 'crowded':
      return crowded(shortage.tasksInFlight);
    case 'key-gone':
      return new Problem('unauthorized', 'The API key is not valid.');
    default:
      return shortage satisfies never;
  }
}

function keyExhausted(
  { key }: Extract<Shortage, { state: 'key-exhausted' }>,
  estimated_credits: number,
  needs: string,
): Problem {
  const { name, totalLimit = 0, used, reserved } = key;
  const message = `The API key "${name}" has reached its limit: ${needs}.`;
  return new Problem('KEY_QUOTA_EXHAUSTED', message, {
    details: {
      ...{ key_name: name, estimated_credits, total_limit_credits: toCredits(totalLimit) },
      used_credits: toCredits(used),
      remaining_credits: toCredits(Math.max(0, totalLimit - used - reserved)),
    },
  });
}

function keyExhaustedToday(
  { key, dayUsed }: Extract<Shortage, { state: 'key-exhausted-today' }>,
  estimated_credits: number,
  needs: string,
): Problem {
  const { name, dailyLimit = 0, timeZone } = key;
  const message = `The API key "${name}" has reached its limit for today: ${needs}. It begins anew at midnight, ${timeZone}.`;
  return new Problem('KEY_DAILY_QUOTA_EXHAUSTED', message, {
    details: {
      ...{ key_name: name, estimated_credits, daily_limit_credits: toCredits(dailyLimit) },
      daily_used_credits: toCredits(dayUsed),
      remaining_credits: toCredits(Math.max(0, dailyLimit - dayUsed)),
      reset_timezone: timeZone,
    },
  });
}

const crowded = (most: number): Problem =>
  new Problem(
    'rate_limit_exceeded',
    `The account has as many tasks that have not ended as it may (${most}); send this one later.`,
    { headers: { 'retry-after': String(crowdedRetrySeconds) } },
  );
