import { expect } from 'vitest';
import { idempotencyTtlMs } from '../../functions/domain/billing/idempotency.ts';
import type { Entry } from '../../functions/domain/model/account.ts';
import { isEnded, type Task } from '../../functions/domain/model/task.ts';
import {
  type Account,
  accounts,
  type Context,
  keysOf,
  maxInFlight,
  operator,
  price,
} from './interleavings-context.ts';
import { auditLedger, total } from './interleavings-ledger.ts';
import { expectBalancedShards } from './ledger-invariants.ts';
import { entriesOf, fundsOf, spendingOf } from './stores.ts';

/** Checks that no credit was created or lost, and that the balances agree with the tasks. */
export async function audit(context: Context): Promise<void> {
  const { store } = context.testStore;
  const found = await Promise.all(context.drafts.map(({ id }) => store.tasks.find(id)));
  const tasks = found.filter((task) => task !== undefined);
  const ledgers: Entry[] = [];

  auditTasks(context, tasks);
  for (const account of accounts) {
    const own = tasks.filter((task) => task.account === account);
    const entries = await entriesOf(store, account);
    const funds = await fundsOf(store, account);
    await auditAccount(context, account, own);
    auditLedger(context, { account, tasks: own, entries, funds });
    for (const key of keysOf(account)) await auditKey(context, key, own);
    ledgers.push(...entries);
  }
  auditIdempotencyKeys(context, tasks, ledgers);
}

function auditTasks({ responded, ended }: Context, tasks: readonly Task[]): void {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  for (const id of responded) expect(byId.has(id), `${id} was in a response and exists`).toBe(true);
  for (const [id, first] of ended) expect(byId.get(id), `${id} ended once`).toEqual(first);
  for (const task of tasks.filter((one) => isEnded(one))) {
    const { id, status, charged, reserved, n } = task;
    const made = status === 'completed' ? Math.min(task.images.length, n) : 0;
    expect({ charged, reserved }, `${id} costs what was generated`).toEqual({
      charged: made * price,
      reserved: n * price,
    });
  }
}

async function auditAccount(
  { testStore }: Context,
  account: Account,
  tasks: readonly Task[],
): Promise<void> {
  const funds = await fundsOf(testStore.store, account);
  await expectBalancedShards(testStore.store, account);
  expect(funds.balance + funds.reserved + funds.used, `${account} has what was granted`).toBe(
    funds.granted,
  );
  expect(funds.balance, `${account} has no negative balance`).toBeGreaterThanOrEqual(0);
  expect(funds, `${account} has reserved and used what its tasks say`).toMatchObject({
    ...spentOn(tasks),
    inFlight: tasks.filter((task) => !isEnded(task)).length,
  });
  if (account === 'bob') {
    expect(funds.inFlight, `${account} keeps its limit of tasks in flight`).toBeLessThanOrEqual(
      maxInFlight,
    );
  }
}

async function auditKey(
  { testStore }: Context,
  { keyId, ...limit }: { readonly keyId: string; readonly totalLimit?: number },
  all: readonly Task[],
): Promise<void> {
  const tasks = all.filter((task) => task.keyId === keyId);
  const spending = await spendingOf(testStore.store, keyId);
  expect(spending, `${keyId} has spent what its tasks say`).toMatchObject(spentOn(tasks));
  const { totalLimit = Number.POSITIVE_INFINITY } = limit;
  expect(spending.reserved + spending.used, `${keyId} keeps its limit`).toBeLessThanOrEqual(
    totalLimit,
  );
}

const spentOn = (tasks: readonly Task[]) => ({
  reserved: total(tasks, (task) => (isEnded(task) ? 0 : task.reserved)),
  used: total(tasks, (task) => (isEnded(task) ? task.charged : 0)),
});

type Use = { readonly key: string; readonly at: number; readonly what: string };

// An idempotency key creates one task or one entry: two with the same key are at least its lifetime apart.
function auditIdempotencyKeys(
  { drafts, creditRequests }: Context,
  tasks: readonly Task[],
  entries: readonly Entry[],
): void {
  const opened = new Set(tasks.map(({ id }) => id));
  const keys = new Set(creditRequests.flatMap(({ idempotencyKey }) => idempotencyKey ?? []));
  const uses: readonly Use[] = [
    ...drafts
      .filter(({ id, idempotencyKey }) => idempotencyKey !== undefined && opened.has(id))
      .map(({ id, keyId, idempotencyKey, at }) => ({
        key: `${keyId}#${idempotencyKey}`,
        at,
        what: id,
      })),
    ...entries
      .filter(({ note = '' }) => keys.has(note))
      .map(({ note, at, id }) => ({
        key: `${operator}#${note}`,
        at,
        what: `entry ${id}`,
      })),
  ];
  for (const [index, one] of uses.entries()) {
    for (const next of uses.slice(index + 1).filter(({ key }) => key === one.key)) {
      const apart = Math.abs(one.at - next.at);
      const both = `${one.what} and ${next.what} share the key ${one.key}`;
      expect(apart, both).toBeGreaterThanOrEqual(idempotencyTtlMs);
    }
  }
}
