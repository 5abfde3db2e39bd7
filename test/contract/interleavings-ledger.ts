import { expect } from 'vitest';
import type { Entry, Funds } from '../../functions/task/account.ts';
import { isEnded, type Task } from '../../functions/task/task.ts';
import { keyIsOverMs } from './interleavings-asking.ts';
import {
  type Account,
  keysOf,
  mostInFlight,
  type Order,
  type World,
} from './interleavings-world.ts';
import { unbroken } from './sound.ts';

/** What an account has in the end, and how it came to it. */
type Ledger = {
  readonly account: Account;
  readonly tasks: readonly Task[];
  readonly entries: readonly Entry[];
  readonly funds: Funds;
};

export const total = <T>(all: readonly T[], of: (one: T) => number): number =>
  all.reduce((sum, one) => sum + of(one), 0);

/** Every movement is entered once, and none that nobody asked for. */
export function auditLedger({ orders }: World, ledger: Ledger): void {
  const { account, entries, funds } = ledger;
  unbroken(entries, funds);
  auditMovements(ledger);
  auditLimits(ledger);
  const own = orders.filter((order) => order.account === account);
  for (const order of own) auditOrder(order, entries);
  for (const { number, note, amount } of entries.filter(isCredit)) {
    const ordered = own.filter((order) => order.note === (note ?? '') && order.amount === amount);
    expect(ordered, `${account}'s entry ${number} was ordered`).not.toEqual([]);
  }
}

const isCredit = ({ kind }: Entry) => kind === 'grant' || kind === 'withdraw';

function auditMovements({ account, tasks, entries, funds }: Ledger): void {
  const inOrder = (
    all: readonly Pick<Entry, 'kind' | 'taskId' | 'keyId' | 'amount' | 'charged'>[],
  ) =>
    all
      .map(({ kind, ...of }) => `${of.taskId} ${kind} ${of.keyId} ${of.amount} ${of.charged}`)
      .sort();
  const moved = entries.filter((entry) => !isCredit(entry));
  expect(inOrder(moved), `${account}'s tasks are entered once each`).toEqual(
    inOrder(tasks.flatMap(movementsOf)),
  );
  const granted = total(entries.filter(isCredit), ({ amount }) => amount);
  expect(granted, `${account}'s credits are entered`).toBe(funds.granted);
}

function movementsOf(task: Task) {
  const { id: taskId, keyId, reserved } = task;
  const reserve = { kind: 'reserve', taskId, keyId, amount: -reserved } as const;
  if (!isEnded(task)) return [reserve];
  const { charged } = task;
  return [reserve, { kind: 'settle', taskId, keyId, amount: reserved - charged, charged } as const];
}

// The entries tell what there was at every moment, and not only in the end.
function auditLimits({ account, entries }: Ledger): void {
  const [, { keyId, totalLimit }] = keysOf(account);
  let [inFlight, spent] = [0, 0];
  for (const { number, kind, keyId: by, amount } of entries.filter((entry) => !isCredit(entry))) {
    inFlight += kind === 'reserve' ? 1 : -1;
    if (by === keyId) spent -= amount;
    expect(spent, `${keyId} keeps its limit at entry ${number}`).toBeLessThanOrEqual(totalLimit);
    if (account !== 'bob') continue;
    expect(inFlight, `${account} keeps its limit at ${number}`).toBeLessThanOrEqual(mostInFlight);
  }
}

function auditOrder(
  { account, amount, note, idempotencyKey, at, answer }: Order,
  entries: readonly Entry[],
): void {
  const what = `${account}'s order "${note}" of ${amount}`;
  const found = entries.filter((entry) => isCredit(entry) && (entry.note ?? '') === note);
  if (typeof answer === 'number') {
    const entry = found.find(({ number }) => number === answer);
    expect(entry, `${what} was answered with its entry`).toMatchObject({ amount });
    expect(at - (entry?.at ?? 0), `${what} leads nowhere that is over`).toBeLessThan(keyIsOverMs);
  }
  if (idempotencyKey !== undefined) return;
  const [least, most] = answer === undefined ? [0, 1] : answer === 'refused' ? [0, 0] : [1, 1];
  expect(found.length, `${what} counts`).toBeGreaterThanOrEqual(least);
  expect(found.length, `${what} counts once`).toBeLessThanOrEqual(most);
}
