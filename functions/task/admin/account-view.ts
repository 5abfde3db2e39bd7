import { type Account, defaultLimits, type Entry } from '../account.ts';
import { toCredits } from '../money.ts';

/** An account as the operator sees it, with the limits that hold for it. */
export const accountView = (account: Account) => ({
  object: 'account',
  id: account.account,
  user_group: account.userGroup,
  created: Math.floor(account.createdAt / 1000),
  credits: {
    granted: toCredits(account.granted),
    balance: toCredits(account.balance),
    reserved: toCredits(account.reserved),
    used: toCredits(account.used),
  },
  limits: {
    requests_per_minute: account.limits.requestsPerMinute ?? defaultLimits.requestsPerMinute,
    tasks_in_flight: account.limits.tasksInFlight ?? defaultLimits.tasksInFlight,
  },
  tasks_in_flight: account.inFlight,
});

/** One line of an account's ledger. */
export const entryView = (entry: Entry) => ({
  object: 'ledger_entry',
  number: entry.number,
  kind: entry.kind,
  created: Math.floor(entry.at / 1000),
  amount_credits: toCredits(entry.amount),
  balance_credits: toCredits(entry.balance),
  charged_credits: entry.charged === undefined ? null : toCredits(entry.charged),
  task_id: entry.taskId ?? null,
  key_id: entry.keyId ?? null,
  note: entry.note ?? null,
});
