import { expect } from 'vitest';
import type { Entry, Funds, Statement } from '../../functions/domain/model/account.ts';
import { isEnded, type Task } from '../../functions/domain/model/task.ts';
import type { Account, Context, CreditRequest } from './interleavings-context.ts';
import { idempotencyKeyExpiredMs } from './interleavings-create-task.ts';
import { expectStatement } from './ledger-invariants.ts';

/** The funds of an account at the end, and the tasks and entries that led to them. */
type Ledger = {
  readonly account: Account;
  readonly tasks: readonly Task[];
  readonly entries: Statement['entries'];
  readonly funds: Funds;
};

export const total = <T>(all: readonly T[], of: (one: T) => number): number =>
  all.reduce((sum, one) => sum + of(one), 0);

/** Every posting has one entry, and no entry is without a request. */
export function auditLedger({ creditRequests }: Context, ledger: Ledger): void {
  const { account, entries, funds } = ledger;
  expectStatement(entries, funds.balance);
  auditPostings(ledger);
  const own = creditRequests.filter((request) => request.account === account);
  for (const request of own) auditCreditRequest(request, entries);
  for (const { id, note, amount } of entries.filter(isCredit)) {
    const requested = own.filter((one) => one.note === (note ?? '') && one.amount === amount);
    expect(requested, `${account}'s entry ${id} was requested`).not.toEqual([]);
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

function auditCreditRequest(
  { account, amount, note, idempotencyKey, at, result }: CreditRequest,
  entries: readonly Entry[],
): void {
  const what = `${account}'s credit "${note}" of ${amount}`;
  const found = entries.filter((entry) => isCredit(entry) && (entry.note ?? '') === note);
  if (result !== undefined && result !== 'refused' && result !== 'the first grant') {
    const entry = found.find(({ id }) => id === result);
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
