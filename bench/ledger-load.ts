import {
  type Ledger,
  LedgerBusy,
  type SpendingLimits,
} from '../functions/domain/billing/ledger.ts';
import type { Funds } from '../functions/domain/model/account.ts';
import { newTaskId } from '../functions/domain/model/ids.ts';
import type { TaskStore } from '../functions/domain/tasks/ports.ts';
import { completed, keyOf, pending } from '../test/support/tasks.ts';

/** A ledger with an account. Every caller has the ledger of its own sandbox. */
export type LedgerUnderTest = {
  readonly account: string;
  readonly limits: SpendingLimits;
  readonly callers: readonly Pick<Ledger, 'reserve' | 'settle'>[];
  readonly tasks: Pick<TaskStore, 'findRecord'>;
};

/** The result of a load. A posting is one reservation or one settlement. */
export type Load = {
  /** Postings within the time. */
  readonly postings: number;
  /** How often a ledger gave up; a caller of the API gets 503 then, and tries again. */
  readonly givenUp: number;
  /** From the first attempt to reserve until the reservation was written, or until the load was over if it never was. */
  readonly createMs: readonly number[];
  readonly reserved: number;
  readonly settled: number;
};

export const noLoad: Load = { postings: 0, givenUp: 0, createMs: [], reserved: 0, settled: 0 };

export const sumOfLoads = (one: Load, other: Load): Load => ({
  postings: one.postings + other.postings,
  givenUp: one.givenUp + other.givenUp,
  createMs: [...one.createMs, ...other.createMs],
  reserved: one.reserved + other.reserved,
  settled: one.settled + other.settled,
});

/** What a task costs that has all its images. */
const price = pending().reserved;

/**
 * All callers reserve and settle one task after the other for so many seconds. Then each finishes its current call, which
 * no longer counts as a posting.
 */
export async function runLoad(
  { account, limits, callers, tasks }: LedgerUnderTest,
  seconds: number,
): Promise<Load> {
  const until = performance.now() + seconds * 1000;
  const load = { postings: 0, givenUp: 0, createMs: [] as number[], reserved: 0, settled: 0 };

  /** Tries until the posting is written or the time is over. */
  const move = async (attempt: () => Promise<boolean>): Promise<boolean> => {
    do {
      if (await attempt()) {
        if (performance.now() <= until) load.postings += 1;
        return true;
      }
      load.givenUp += 1;
    } while (performance.now() <= until);
    return false;
  };

  const call = async ({ reserve, settle }: LedgerUnderTest['callers'][number]) => {
    while (performance.now() <= until) {
      const createdAt = Date.now();
      const common = { id: newTaskId(createdAt), account, keyId: keyOf(account), createdAt };
      const startedAt = performance.now();
      const isReserved = await move(async () => isDone(await reserve(pending(common), limits)));
      load.createMs.push(performance.now() - startedAt);
      if (!isReserved) return;
      load.reserved += 1;
      const reservedIn = await readReservedIn(tasks, common.id);
      const ended = completed({ ...common, reservedIn, finishedAt: Date.now(), charged: price });
      if (!(await move(() => isSettled(settle(ended))))) return;
      load.settled += 1;
    }
  };
  await Promise.all(callers.map(call));
  return load;
}

/** Reads the task before the settlement, as SettleTask does: with both ledgers, that costs one read. */
async function readReservedIn(tasks: LedgerUnderTest['tasks'], id: string) {
  const task = await tasks.findRecord(id);
  if (task?.status !== 'pending') throw new Error(`${id} is not pending`);
  return task.reservedIn;
}

function isDone({ state }: Awaited<ReturnType<Ledger['reserve']>>): boolean {
  if (state === 'reserved') return true;
  if (state === 'busy') return false;
  throw new Error(`nothing could be reserved: ${state}`);
}

async function isSettled(settling: ReturnType<Ledger['settle']>): Promise<boolean> {
  try {
    await settling;
    return true;
  } catch (error) {
    if (!(error instanceof LedgerBusy)) throw error;
    return false;
  }
}

/** Checks that an account has exactly the funds that these loads have left. @throws {Error} when it has not */
export function audit({ granted, balance, reserved, used, inFlight }: Funds, load: Load): void {
  const open = load.reserved - load.settled;
  const found = [granted - balance, reserved, used, inFlight];
  const expected = [price * load.reserved, price * open, price * load.settled, open];
  if (String(found) !== String(expected)) {
    throw new Error(`the ledger is wrong: ${found} instead of ${expected}`);
  }
}
