import { expect } from 'vitest';
import type { Keys } from '../../functions/domain/accounts/authenticate.ts';
import type { Ledger } from '../../functions/domain/billing/ledger.ts';
import type { Accounts, Entry, Funds } from '../../functions/domain/model/account.ts';
import type { ApiKey, ApiKeys, KeyChange } from '../../functions/domain/model/api-key.ts';
import { newTaskId } from '../../functions/domain/model/ids.ts';
import type { Pending } from '../../functions/domain/model/task.ts';
import type { TaskHistory } from '../../functions/domain/tasks/list-tasks.ts';
import type { TaskStore } from '../../functions/domain/tasks/ports.ts';
import { keyOf, pending, sampleKey, sampleTime } from '../support/tasks.ts';
import { pagesOf } from './pages.ts';

/** A store under contract: its ports share their data. `funds` reads the money of an account directly. */
export type Store = {
  readonly tasks: TaskStore;
  readonly ledger: Ledger;
  readonly history: TaskHistory;
  readonly keys: Keys;
  readonly accounts: Accounts;
  readonly apiKeys: ApiKeys;
  funds(account: string): Promise<Funds>;
};

/** Makes an empty store. */
export type MakeStore = () => Promise<Store>;

/** Grants milli-credits to an account. Creates the account and its sample key if they do not exist. */
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

/** A store whose sample account has these milli-credits, and whose sample key has these limits. */
export async function fundedStore(
  make: MakeStore,
  amount: number,
  change?: KeyChange,
): Promise<Store> {
  const store = await make();
  await grant(store, account, amount);
  if (change) await store.apiKeys.change(keyId, change);
  return store;
}

/** The account and the key of the samples. */
export const account = 'default';
export const keyId = keyOf(account);

/** The sample key with every optional property. */
export const fullKey: ApiKey = {
  ...sampleKey(),
  scopes: ['generate', 'admin'],
  expiresAt: sampleTime + 1,
  totalLimit: 5000,
  dailyLimit: 2000,
  timeZone: 'Asia/Shanghai',
  allowedModels: ['wan2.5-image-to-image'],
};

/** The key with this id, which must exist. */
export async function findKeyOf({ apiKeys }: Store, id = keyId): Promise<ApiKey> {
  const key = await apiKeys.find(id);
  if (!key) throw new Error(`the key ${id} does not exist`);
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
export async function openTask(store: Store, more: Partial<Pending> = {}): Promise<Pending> {
  const task = draft(more);
  await grant(store, task.account, task.reserved);
  expect(await store.ledger.reserve(task)).toEqual({ state: 'reserved' });
  return task;
}
