import { expect } from 'vitest';
import type { Accounts, Entry, Funds } from '../../functions/task/account.ts';
import type { ApiKeys } from '../../functions/task/api-key.ts';
import type { History } from '../../functions/task/history.ts';
import type { Keys } from '../../functions/task/identify.ts';
import { newTaskId } from '../../functions/task/ids.ts';
import type { Ledger, Tasks } from '../../functions/task/ports.ts';
import type { Pending } from '../../functions/task/task.ts';
import { keyOf, pending, sampleKey, sampleTime } from '../support/tasks.ts';

/** One store under contract: ports that know of each other, and a look at the money behind them. */
export type Store = {
  readonly tasks: Tasks;
  readonly ledger: Ledger;
  readonly history: History;
  readonly keys: Keys;
  readonly accounts: Accounts;
  readonly apiKeys: ApiKeys;
  funds(account: string): Promise<Funds>;
};

/** Makes an empty one. */
export type Make = () => Promise<Store>;

/** Gives an account milli-credits, and makes it and its sample key when there are none. */
export async function grant(store: Store, account: string, amount: number): Promise<void> {
  const { accounts, apiKeys, ledger } = store;
  const made = await accounts.add({
    ...{ account, userGroup: 'default', limits: {}, webhookSecret: 'whsec_first' },
    createdAt: sampleTime,
  });
  if (made) await apiKeys.add(sampleKey({ account }));
  if (amount === 0) return;
  expect(await ledger.credit({ account, amount, at: sampleTime })).toMatchObject({
    state: 'credited',
  });
}

/** The whole ledger of an account, from its first entry on. */
export async function entriesOf({ accounts }: Store, account: string): Promise<readonly Entry[]> {
  const found: Entry[] = [];
  let before: number | undefined;
  do {
    const page = await accounts.entries(account, { limit: 50, before });
    found.push(...page.entries);
    before = page.next;
  } while (before !== undefined);
  return found.reverse();
}

/** A new task with an id of its own. */
export const draft = (more: Partial<Pending> = {}): Pending =>
  pending({
    id: newTaskId(sampleTime),
    ...(more.account !== undefined && { keyId: keyOf(more.account) }),
    ...more,
  });

/** A task that was opened, by an account that could just pay for it. */
export async function opened(store: Store, more: Partial<Pending> = {}): Promise<Pending> {
  const task = draft(more);
  await grant(store, task.account, task.reserved);
  expect(await store.ledger.open(task)).toEqual({ state: 'opened' });
  return task;
}
