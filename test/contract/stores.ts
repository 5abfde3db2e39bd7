import { expect } from 'vitest';
import type { Accounts, Entry, Funds } from '../../functions/task/account.ts';
import type { ApiKey, ApiKeys, KeyChange } from '../../functions/task/api-key.ts';
import type { History } from '../../functions/task/history.ts';
import type { Keys } from '../../functions/task/identify.ts';
import { newTaskId } from '../../functions/task/ids.ts';
import type { Ledger, Tasks } from '../../functions/task/ports.ts';
import type { Pending } from '../../functions/task/task.ts';
import { keyOf, pending, sampleKey, sampleTime } from '../support/tasks.ts';
import { pagesOf } from './pages.ts';

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
  if (!(await accounts.find(account))) {
    const made = { account, userGroup: 'default', limits: {}, webhookSecret: 'whsec_first' };
    await accounts.add({ ...made, createdAt: sampleTime });
    await apiKeys.add(sampleKey({ account }));
  }
  if (amount === 0) return;
  expect(await ledger.credit({ account, amount, at: sampleTime })).toMatchObject({
    state: 'credited',
  });
}

/** A store whose sample account has these milli-credits, and whose sample key is limited like that. */
export async function funded(make: Make, amount: number, change?: KeyChange): Promise<Store> {
  const store = await make();
  await grant(store, account, amount);
  if (change) await store.apiKeys.change(keyId, change);
  return store;
}

/** The account and the key of the samples. */
export const account = 'default';
export const keyId = keyOf(account);

/** The sample key with everything that a key may have. */
export const fullKey: ApiKey = {
  ...sampleKey(),
  ...{ scopes: ['generate', 'admin'], expiresAt: sampleTime + 1, totalLimit: 5000 },
  ...{ dailyLimit: 2000, timeZone: 'Asia/Shanghai', allowedModels: ['wan2.5-image-to-image'] },
};

/** What is known of the sample key, which is there. */
export async function keyIn({ apiKeys }: Store, id = keyId): Promise<ApiKey> {
  const key = await apiKeys.find(id);
  if (!key) throw new Error(`the key ${id} is not there`);
  return key;
}

/** The whole ledger of an account, from its first entry on. */
export async function entriesOf({ accounts }: Store, of = account): Promise<readonly Entry[]> {
  const pages = await pagesOf(async (before: number | undefined) => {
    const { entries, next } = await accounts.entries(of, { limit: 100, before });
    return { items: entries, next };
  });
  return pages.flat().reverse();
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
