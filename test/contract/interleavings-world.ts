import * as z from 'zod';
import { defaultModel } from '../../functions/task/models.ts';
import type { Ended } from '../../functions/task/task.ts';
import { memoryStore, settableClock } from '../support/fakes.ts';
import { sampleTime } from '../support/tasks.ts';
import { dynamoDb } from './dynamodb.ts';
import { rowsOf, storeOf } from './dynamodb-store.ts';
import { behind, type Door } from './interleavings-turns.ts';
import { tableOf } from './stage.ts';
import { grant, type Store } from './stores.ts';

const Movement = z.object({
  ...{ account: z.string(), kind: z.enum(['grant', 'reserve', 'settle']), amount: z.number() },
  ...{ taskId: z.string().optional(), returned: z.number().optional() },
});
export type Movement = z.output<typeof Movement>;

type Ports = Pick<Store, 'tasks' | 'ledger' | 'keyStore'>;

/** A store under interleavings: seen from outside, and as one process at a time enters it. */
export type Ground = {
  readonly store: Store;
  /** The ports of a process whose every call goes through the door. */
  enter(door: Door): Ports;
  /** The entries of all accounts, where the store keeps any. */
  entries(): Promise<readonly Movement[] | undefined>;
};

export async function memoryGround(): Promise<Ground> {
  const { funds, ...ports } = memoryStore();
  return {
    store: { ...ports, funds: async (account) => funds(account) },
    enter: (door) => ({
      tasks: behind(door, ports.tasks),
      ledger: behind(door, ports.ledger),
      keyStore: behind(door, ports.keyStore),
    }),
    entries: async () => undefined,
  };
}

/** Here every request is a call: an adapter that made two of one would be caught between them. */
export async function dynamoDbGround(): Promise<Ground> {
  const { client } = await dynamoDb();
  return {
    store: storeOf(client),
    enter: (door) => storeOf(behind(door, client)),
    entries: async () => {
      const rows = await rowsOf(client, tableOf.accounts);
      return rows.filter(({ entry }) => entry !== 'account').map((row) => Movement.parse(row));
    },
  };
}

export const price = defaultModel.milliCreditsPerImage;
/** What each account starts with, in images: so little that it matters who comes first. */
const startsWith = { ada: 8, bob: 4 } as const;
export type Account = keyof typeof startsWith;
export const accounts: readonly Account[] = ['ada', 'bob'];

/** A task that somebody asked for; whether it was opened, the store says. */
type Draft = {
  readonly id: string;
  readonly account: Account;
  readonly n: number;
  readonly key: string | undefined;
  readonly at: number;
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
  /** Grants by account: one whose process died may count or not. */
  readonly granted: { readonly account: Account; readonly amount: number; answered: boolean }[];
  /** What happened, call by call. */
  readonly trace: string[];
};

export async function worldOn(make: () => Promise<Ground>): Promise<World> {
  const ground = await make();
  const granted = accounts.map((account) => ({
    ...{ account, amount: startsWith[account] * price, answered: true },
  }));
  for (const { account, amount } of granted) await grant(ground.store, account, amount);
  const clock = settableClock(sampleTime);
  return {
    ...{ ground, clock, granted },
    ...{ drafts: [], answered: new Set(), ended: new Map(), trace: [] },
  };
}
