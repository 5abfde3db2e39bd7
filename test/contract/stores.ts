import { expect } from 'vitest';
import type { Keys } from '../../functions/domain/accounts/authenticate.ts';
import type { IdempotencyRecord } from '../../functions/domain/billing/idempotency.ts';
import type { Ledger, ReserveResult } from '../../functions/domain/billing/ledger.ts';
import type { UsageStore } from '../../functions/domain/billing/usage.ts';
import type {
  Accounts,
  EntryCursor,
  Funds,
  Statement,
} from '../../functions/domain/model/account.ts';
import {
  type ApiKey,
  type ApiKeys,
  type KeyChange,
  noSpending,
  type Spending,
} from '../../functions/domain/model/api-key.ts';
import { newTaskId } from '../../functions/domain/model/ids.ts';
import type {
  CallbackRecord,
  EndedTask,
  Pending,
  TaskState,
  WithRequest,
} from '../../functions/domain/model/task.ts';
import {
  type ListOptions,
  readPage,
  type TaskHistory,
} from '../../functions/domain/tasks/list-tasks.ts';
import type { TaskStore } from '../../functions/domain/tasks/ports.ts';
import { omit } from '../support/omit.ts';
import { completed, keyOf, pending, sampleKey, sampleTime } from '../support/tasks.ts';
import { pagesOf } from './pages.ts';

/**
 * A store under contract: its ports share their data. `shards` reads the money of an account directly, in every place
 * where some of it is, with that of its keys.
 */
export type Store = {
  readonly tasks: TaskStore;
  readonly ledger: Ledger;
  readonly history: TaskHistory;
  readonly keys: Keys;
  readonly accounts: Accounts;
  readonly apiKeys: ApiKeys;
  readonly usage: UsageStore;
  shards(account: string): Promise<readonly Omit<Funds, 'inFlight'>[]>;
  /** How many attempts to deliver the callback of a task are stored, also when the task itself is not shown any more. */
  attemptCount(taskId: string): Promise<number>;
};

/** Makes an empty store. */
export type MakeStore = () => Promise<Store>;

/** A store with the sample account, which has no credits and no key. */
export async function storeWithAccount(make: MakeStore): Promise<Store> {
  const store = await make();
  await addAccount(store, account);
  return store;
}

const addAccount = ({ accounts }: Store, name: string) =>
  accounts.add({
    account: name,
    userGroup: 'default',
    limits: {},
    webhookSecret: 'whsec_first',
    createdAt: sampleTime,
  });

/** Grants milli-credits to an account. Creates the account and its sample key if they do not exist. */
export async function grant(store: Store, account: string, amount: number): Promise<void> {
  const { accounts, apiKeys, ledger } = store;
  if (!(await accounts.find(account))) {
    await addAccount(store, account);
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

/** What was spent through the key with this id, which must exist. */
export async function spendingOf(store: Store, id = keyId): Promise<Spending> {
  const spending = await store.apiKeys.spending([await findKeyOf(store, id)]);
  return spending.get(id) ?? noSpending;
}

/** What an account has. */
export async function fundsOf({ accounts }: Store, of = account): Promise<Funds> {
  const found = await accounts.find(of);
  if (!found) throw new Error(`the account ${of} does not exist`);
  const { granted, balance, reserved, used, inFlight } = found;
  return { granted, balance, reserved, used, inFlight };
}

/** The whole ledger of an account, from its first entry on. */
export async function entriesOf({ accounts }: Store, of = account): Promise<Statement['entries']> {
  const pages = await pagesOf(async (before: EntryCursor | undefined) => {
    const { entries, next } = await accounts.entries(of, { limit: 100, before });
    return { items: entries, next };
  });
  return pages.flat().reverse();
}

/** A new task with an id of its own. */
export const draft = (more: Partial<WithRequest<Pending>> = {}): WithRequest<Pending> =>
  pending({
    id: newTaskId(sampleTime),
    ...(more.account !== undefined && { keyId: keyOf(more.account) }),
    ...more,
  });

/** A task that was opened, by an account that could just pay for it. */
export async function openTask(
  store: Store,
  more: Partial<WithRequest<Pending>> = {},
): Promise<WithRequest<Pending>> {
  const task = draft(more);
  await grant(store, task.account, task.reserved);
  expect(await reserve(store, task)).toEqual({ state: 'reserved' });
  const opened = await store.tasks.find(task.id);
  if (opened?.status !== 'pending') throw new Error(`${task.id} was not opened`);
  return opened;
}

/** Reserves the price of a task, with the limits that its key has now. */
export async function reserve(
  { ledger, apiKeys, accounts }: Pick<Store, 'ledger' | 'apiKeys' | 'accounts'>,
  task: WithRequest<Pending>,
  record?: IdempotencyRecord,
): Promise<ReserveResult> {
  const found = await apiKeys.find(task.keyId);
  const { totalLimit, dailyLimit, timeZone = 'UTC', revision } = found ?? {};
  const { budget } = (await accounts.find(task.account)) ?? {};
  return ledger.reserve(task, { totalLimit, dailyLimit, timeZone, revision, budget }, record);
}

/** Settles a task where its price is reserved. */
export async function settle(
  { ledger, tasks }: Pick<Store, 'ledger' | 'tasks'>,
  end: EndedTask,
): Promise<EndedTask | undefined> {
  const { reservedIn } = (await tasks.find(end.id)) ?? {};
  const settled = await ledger.settle({ ...end, reservedIn });
  return settled && withoutPlace(settled);
}

/** A page of the list of the sample account's tasks. Without a time nothing has expired yet. */
export const listPage = (
  { history }: Pick<Store, 'history'>,
  options: Omit<ListOptions, 'now'> & Partial<ListOptions>,
) => readPage(history, account, { now: 0, ...options });

/** A task without the place of its reservation, which depends on the store. */
export async function findTask({ tasks }: Pick<Store, 'tasks'>, id: string) {
  const task = await tasks.find(id);
  return task && withoutPlace(task);
}

// The property is optional.
const withoutPlace = <T extends TaskState>(task: T): T =>
  omit<TaskState, 'reservedIn'>(task, 'reservedIn') as T;

/** Records an attempt to deliver the callback of a task, as if no other attempt were known. */
export const recordAttempt = (
  tasks: TaskStore,
  id: string,
  record: CallbackRecord,
  nextCheckAt?: number,
): Promise<void> =>
  tasks.recordCallbackAttempt(
    completed({ id }),
    { at: 100, milliseconds: 12, status: record.lastStatus },
    record,
    nextCheckAt,
  );
