import type { Entry } from '../../functions/task/account.ts';
import { defaultModel } from '../../functions/task/models.ts';
import type { Ended } from '../../functions/task/task.ts';
import { memoryStore, settableClock } from '../support/fakes.ts';
import { keyOf, sampleKey, sampleTime } from '../support/tasks.ts';
import { dynamoDb } from './dynamodb.ts';
import { storeOf } from './dynamodb-store.ts';
import { behind, type Door } from './interleavings-turns.ts';
import { grant, type Store } from './stores.ts';

/** A store under interleavings: seen from outside, and as one process at a time enters it. */
export type Ground = {
  readonly store: Store;
  /** The ports of a process whose every call goes through the door. */
  enter(door: Door): Pick<Store, 'tasks' | 'ledger'>;
};

export async function memoryGround(): Promise<Ground> {
  const { funds, ...ports } = memoryStore();
  return {
    store: { ...ports, funds: async (account) => funds(account) },
    enter: (door) => ({ tasks: behind(door, ports.tasks), ledger: behind(door, ports.ledger) }),
  };
}

/** Here every request is a call: an adapter that made two of one would be caught between them. */
export async function dynamoDbGround(): Promise<Ground> {
  const { client } = await dynamoDb();
  return { store: storeOf(client), enter: (door) => storeOf(behind(door, client)) };
}

export const price = defaultModel.milliCreditsPerImage;

/** What each account starts with, in images: so little that it matters who comes first. */
const startsWith = { ada: 8, bob: 4 } as const;
export type Account = keyof typeof startsWith;
export const accounts: readonly Account[] = ['ada', 'bob'];
/** So few that it matters, too. */
export const mostInFlight = 2;

/** The keys of an account: one without a limit, and one that may spend so many images in all. */
export const keysOf = (account: Account) =>
  [{ keyId: keyOf(account) }, { keyId: `key-${account}-limited`, totalLimit: 4 * price }] as const;

/** The key that the operator gives and takes credits with; it is one of ada's, who may be told apart. */
export const operator = keyOf('ada');

/** A task that somebody asked for; whether it was opened, the store says. */
type Draft = {
  readonly id: string;
  readonly account: Account;
  readonly keyId: string;
  readonly n: number;
  readonly idempotencyKey: string | undefined;
  readonly at: number;
};

/** Credits that somebody ordered, once for every life of his process. */
export type Order = {
  readonly account: Account;
  readonly amount: number;
  readonly idempotencyKey: string | undefined;
  /** By it the order is known again in the ledger. */
  readonly note: string;
  readonly at: number;
  /** The entry in the answer, or that there was none; absent when the process died before. */
  answer?: Entry['number'] | 'refused';
};

/** A store, and what its callers know of it: the measure of what must be there in the end. */
export type World = {
  readonly ground: Ground;
  readonly clock: ReturnType<typeof settableClock>;
  readonly drafts: Draft[];
  /** The ids that somebody got as an answer. */
  readonly answered: Set<string>;
  /** The tasks as their first settlement left them. */
  readonly ended: Map<string, Ended>;
  readonly orders: Order[];
  /** What happened, call by call. */
  readonly trace: string[];
};

export async function worldOn(make: () => Promise<Ground>): Promise<World> {
  const ground = await make();
  const { store } = ground;
  for (const account of accounts) {
    await grant(store, account, startsWith[account] * price);
    const [, limited] = keysOf(account);
    await store.apiKeys.add(sampleKey({ account, ...limited }));
  }
  await store.accounts.change('bob', { limits: { tasksInFlight: mostInFlight } });
  const orders = accounts.map((account) => ({
    ...{ account, amount: startsWith[account] * price, note: '', at: sampleTime, answer: 1 },
    idempotencyKey: undefined,
  }));
  return {
    ...{ ground, orders, clock: settableClock(sampleTime) },
    ...{ drafts: [], answered: new Set(), ended: new Map(), trace: [] },
  };
}
