import { expect } from 'vitest';
import type { Keys } from '../../functions/task/identify.ts';
import { newTaskId } from '../../functions/task/ids.ts';
import type { KeyStore } from '../../functions/task/issue-key.ts';
import type { History, Ledger, Tasks } from '../../functions/task/ports.ts';
import type { Pending } from '../../functions/task/task.ts';
import type { Funds } from '../support/fakes.ts';
import { pending, sampleTime } from '../support/tasks.ts';

/** One store under contract: ports that know of each other, and a look at the money behind them. */
export type Store = {
  readonly tasks: Tasks;
  readonly ledger: Ledger;
  readonly history: History;
  readonly keys: Keys;
  readonly keyStore: KeyStore;
  funds(account: string): Promise<Funds>;
};

/** Makes an empty one. */
export type Make = () => Promise<Store>;

/** Gives an account milli-credits, and makes it when there is none. */
export async function grant({ keyStore }: Store, account: string, amount: number): Promise<void> {
  await keyStore.ensureAccount({ account, webhookSecret: 'whsec_first', at: sampleTime });
  if (amount > 0) await keyStore.grant(account, amount, sampleTime);
}

/** A new task with an id of its own. */
export const draft = (more: Partial<Pending> = {}): Pending =>
  pending({ id: newTaskId(sampleTime), ...more });

/** A task that was opened, by an account that could just pay for it. */
export async function opened(store: Store, more: Partial<Pending> = {}): Promise<Pending> {
  const task = draft(more);
  await grant(store, task.account, task.reserved);
  expect(await store.ledger.open(task)).toEqual({ state: 'opened' });
  return task;
}
