import { expect } from 'vitest';
import type { Entry, Funds } from '../../functions/domain/model/account.ts';
import { isEnded, type Task } from '../../functions/domain/model/task.ts';
import {
  type Account,
  type Context,
  type CreditRequest,
  keysOf,
  maxInFlight,
} from './interleavings-context.ts';
import { idempotencyKeyExpiredMs } from './interleavings-create-task.ts';
import { expectUnbrokenEntries } from './ledger-invariants.ts';

/** The funds of an account at the end, and the tasks and entries that led to them. */
type Ledger = {
  readonly account: Account;
  readonly tasks: readonly Task[];
  readonly entries: readonly Entry[];
  readonly funds: Funds;
};

export const total = <T>(all: readonly T[], of: (one: T) => number): number =>
  all.reduce((sum, one) => sum + of(one), 0);

/** Every posting has one entry, and no entry is without a request. */
export function auditLedger({ creditRequests }: Context, ledger: Ledger): void {
  const { account, entries, funds } = ledger;
  expectUnbrokenEntries(entries, funds);
  auditPostings(ledger);
  auditLimits(ledger);
  const own = creditRequests.filter((request) => request.account === account);
  for (const request of own) auditCreditRequest(request, entries);
  for (const { number, note, amount } of entries.filter(isCredit)) {
    const requested = own.filter((one) => one.note === (note ?? '') && one.amount === amount);
    expect(requested, `${account}'s entry ${number} was requested`).not.toEqual([]);
  }
}

const isCredit = ({ kind }: Entry) => kind === 'grant' || kind === 'withdraw';

function auditPostings({ account, tasks, entries, funds }: Ledger): void {
  const inOrder = (
    all: readonly Pick<Entry, 'kind' | 'taskId' | 'keyId' | 'amount' | 'charged'>[],
  ) =>
    all
      .map(({ kind, ...of }) => `${of.taskId} ${kind} ${of.keyId} ${of.amount} ${of.charged}`)
      .sort();
  const posted = entries.filter((entry) => !isCredit(entry));
  expect(inOrder(posted), `each task of ${account} has its entries`).toEqual(
    inOrder(tasks.flatMap(postingsOf)),
  );
  const granted = total(entries.filter(isCredit), ({ amount }) => amount);
  expect(granted, `the credits of ${account} have entries`).toBe(funds.granted);
}

function postingsOf(task: Task) {
  const { id: taskId, keyId, reserved } = task;
  const reserve = { kind: 'reserve', taskId, keyId, amount: -reserved } as const;
  if (!isEnded(task)) return [reserve];
  const { charged } = task;
  return [reserve, { kind: 'settle', taskId, keyId, amount: reserved - charged, charged } as const];
}

// The entries show what was spent at every moment, not only at the end.
function auditLimits({ account, entries }: Ledger): void {
  const [, { keyId, totalLimit }] = keysOf(account);
  let [inFlight, spent] = [0, 0];
  for (const { number, kind, keyId: by, amount } of entries.filter((entry) => !isCredit(entry))) {
    inFlight += kind === 'reserve' ? 1 : -1;
    if (by === keyId) spent -= amount;
    expect(spent, `${keyId} keeps its limit at entry ${number}`).toBeLessThanOrEqual(totalLimit);
    if (account !== 'bob') continue;
    expect(inFlight, `${account} keeps its limit at ${number}`).toBeLessThanOrEqual(maxInFlight);
  }
}

function auditCreditRequest(
  { account, amount, note, idempotencyKey, at, result }: CreditRequest,
  entries: readonly Entry[],
): void {
  const what = `${account}'s credit "${note}" of ${amount}`;
  const found = entries.filter((entry) => isCredit(entry) && (entry.note ?? '') === note);
  if (typeof result === 'number') {
    const entry = found.find(({ number }) => number === result);
    expect(entry, `the response to ${what} is its entry`).toMatchObject({ amount });
    expect(at - (entry?.at ?? 0), `${what} leads to no expired entry`).toBeLessThan(
      idempotencyKeyExpiredMs,
    );
  }
  if (idempotencyKey !== undefined) return;
  const [min, max] = result === undefined ? [0, 1] : result === 'refused' ? [0, 0] : [1, 1];
  expect(found.length, `${what} counts at least ${min} times`).toBeGreaterThanOrEqual(min);
  expect(found.length, `${what} counts at most ${max} times`).toBeLessThanOrEqual(max);
}
