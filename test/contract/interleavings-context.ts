import type { Entry } from '../../functions/domain/model/account.ts';
import { defaultModel } from '../../functions/domain/model/catalogue.ts';
import type { EndedTask } from '../../functions/domain/model/task.ts';
import { memoryStore, settableClock } from '../support/fakes.ts';
import { keyOf, sampleKey, sampleTime } from '../support/tasks.ts';
import { dynamoDb } from './dynamodb.ts';
import { storeOf, withShards } from './dynamodb-store.ts';
import { type Barrier, behindBarrier } from './interleavings-scheduler.ts';
import { grant, type Store } from './stores.ts';

/** A store under test: as the audit sees it, and as one process uses it. */
export type TestStore = {
  readonly store: Store;
  /** The ports of one process. Each of its calls passes the barrier. */
  portsBehind(barrier: Barrier): Pick<Store, 'tasks' | 'ledger' | 'accounts' | 'apiKeys'>;
};

export async function memoryTestStore(): Promise<TestStore> {
  const { funds, ...ports } = memoryStore();
  return {
    store: { ...ports, shards: async (account) => [funds(account)] },
    portsBehind: (barrier) => ({
      tasks: behindBarrier(barrier, ports.tasks),
      ledger: behindBarrier(barrier, ports.ledger),
      accounts: behindBarrier(barrier, ports.accounts),
      apiKeys: behindBarrier(barrier, ports.apiKeys),
    }),
  };
}

/** With DynamoDB every request is a call, so a process can also crash between two requests of one operation. */
export const dynamoDbTestStore = (shards: number) => async (): Promise<TestStore> => {
  const { client } = await dynamoDb();
  return {
    store: withShards(client, shards),
    portsBehind: (barrier) => storeOf(behindBarrier(barrier, client)),
  };
};

export const price = defaultModel.milliCreditsPerImage;

/** The credits of each account at the beginning, in images: so few that the order of the calls matters. */
const initialImages = { ada: 8, bob: 4 } as const;
export type Account = keyof typeof initialImages;
export const accounts: readonly Account[] = ['ada', 'bob'];
/** So few that the limit is reached. */
export const maxInFlight = 2;

/** The keys of an account: one without a limit, and one with a total limit. */
export const keysOf = (account: Account) =>
  [{ keyId: keyOf(account) }, { keyId: `key-${account}-limited`, totalLimit: 4 * price }] as const;

/** The key of the operator, which is also one of ada's keys: the two uses must not be mixed up. */
export const operator = keyOf('ada');

/** A task that a caller requested. The store says whether it was opened. */
type Draft = {
  readonly id: string;
  readonly account: Account;
  readonly keyId: string;
  readonly n: number;
  readonly idempotencyKey: string | undefined;
  readonly at: number;
};

/** Credits that the operator requested; a process that crashed requests them again. */
export type CreditRequest = {
  readonly account: Account;
  readonly amount: number;
  readonly idempotencyKey: string | undefined;
  /** Identifies the request in the ledger. */
  readonly note: string;
  readonly at: number;
  /** The entry in the response, or that it was refused; absent when the process crashed before. */
  result?: Entry['id'] | 'refused' | 'the first grant';
};

/** A store, and what its callers know about it: the audit compares the two. */
export type Context = {
  readonly testStore: TestStore;
  readonly clock: ReturnType<typeof settableClock>;
  readonly drafts: Draft[];
  /** The ids of tasks that a caller got in a response. */
  readonly responded: Set<string>;
  /** The tasks as their first settlement left them. */
  readonly ended: Map<string, EndedTask>;
  readonly creditRequests: CreditRequest[];
  /** What happened, call by call. */
  readonly trace: string[];
};

export async function makeContext(make: () => Promise<TestStore>): Promise<Context> {
  const testStore = await make();
  const { store } = testStore;
  for (const account of accounts) {
    await grant(store, account, initialImages[account] * price);
    const [, limited] = keysOf(account);
    await store.apiKeys.add(sampleKey({ account, ...limited }));
  }
  await store.accounts.change('bob', { limits: { tasksInFlight: maxInFlight } });
  const creditRequests = accounts.map((account) => ({
    account,
    amount: initialImages[account] * price,
    note: '',
    at: sampleTime,
    result: 'the first grant' as const,
    idempotencyKey: undefined,
  }));
  return {
    testStore,
    creditRequests,
    clock: settableClock(sampleTime),
    drafts: [],
    responded: new Set(),
    ended: new Map(),
    trace: [],
  };
}

/** An operation of a process. After a crash the process repeats it from its beginning. */
export type Operation = {
  attempt(context: Context, barrier: Barrier): Promise<void>;
  toString(): string;
};
