import { createHash } from 'node:crypto';
import type { Caller } from '../model/api-key.ts';
import type { Clock } from '../model/clock.ts';
import { isTest } from '../model/mode.ts';
import {
  isEnded,
  maxWaitSeconds,
  missingUploads,
  type Task,
  waitTimeoutSeconds,
} from '../model/task.ts';

/** How soon a place must be taken up, in milliseconds: a client that does not follow the redirect holds it no longer. */
export const takeUpMs = 10_000;
/** How much longer than the wait a place is leased, in milliseconds: until its function is over in any case. */
const leaseGraceMs = (waitTimeoutSeconds - maxWaitSeconds) * 1000;
/** The pauses between two reads, in milliseconds: each one is longer than the one before. */
const readPauses = { firstMs: 500, factor: 1.5, longestMs: 3000 };
/** How many places are tried before the response comes at once: each try is a write. */
const maxTries = 4;

/**
 * The places for requests that wait. A place is a lease: their number is fixed, each has one holder, and it is free again
 * when its time is over. So a waiter that dies blocks nothing for long.
 */
export type WaitingPlaces = {
  /** Leases the first of these places that is free. Returns its holder's token; `undefined` when none is free. */
  lease(places: readonly number[], now: number, leasedUntil: number): Promise<string | undefined>;
  /** Extends the lease of this token, once. False when it has expired or was taken up before. */
  takeUp(token: string, now: number, leasedUntil: number): Promise<boolean>;
  /** Frees the place of this token, unless somebody else has it by now. */
  free(token: string): Promise<void>;
};

/** A place to wait in: the holder of the token may wait for so many seconds. */
export type OfferedWait = { readonly seconds: number; readonly place: string };

type OfferDeps = {
  readonly places: Pick<WaitingPlaces, 'lease'>;
  /** How many requests of all live keys together may wait at a time. */
  readonly maxWaiters: number;
  readonly now: Clock;
  readonly random: () => number;
  /** No place could be leased because of an error. It fails no request. */
  readonly leaseFailed: (taskId: string, cause: unknown) => void;
};

/**
 * Offers a caller to wait for a task that has not ended: for this many seconds. `undefined` when there is nothing to
 * wait for, when uploads are still missing, or when no place is free.
 */
export const offerWait =
  ({ places, maxWaiters, now, random, leaseFailed }: OfferDeps) =>
  async (
    task: Task,
    caller: Pick<Caller, 'keyId' | 'account'>,
    seconds: number | undefined,
  ): Promise<OfferedWait | undefined> => {
    if (seconds === undefined || isEnded(task) || missingUploads(task).length > 0) return undefined;
    const at = now();
    const place = await places
      .lease(placesFor(caller, maxWaiters, random), at, at + takeUpMs)
      .catch((cause: unknown) => {
        leaseFailed(task.id, cause);
        return undefined;
      });
    return place === undefined ? undefined : { seconds, place };
  };

/** The places that a caller may take. All test keys share one extra place, so they take none from a live key. */
function placesFor(
  caller: Pick<Caller, 'keyId' | 'account'>,
  maxWaiters: number,
  random: () => number,
): readonly number[] {
  if (!isTest(caller)) return placesOf(caller.keyId, maxWaiters, random);
  return maxWaiters === 0 ? [] : [maxWaiters];
}

/**
 * The places that a live key may take, in the order in which to try them. They are half of all, and always the same ones for
 * a key: so one key never has more than half of the places, and no second counter is needed. Which half depends on
 * the key; where to begin is random, so that requests of one moment do not all try the same place.
 */
export function placesOf(
  keyId: string,
  maxWaiters: number,
  random: () => number,
): readonly number[] {
  if (maxWaiters === 0) return [];
  const share = Math.max(1, Math.floor(maxWaiters / 2));
  const first = createHash('sha256').update(keyId).digest().readUInt32BE() % maxWaiters;
  const begin = Math.floor(random() * share);
  return Array.from(
    { length: Math.min(share, maxTries) },
    (_, index) => (first + ((begin + index) % share)) % maxWaiters,
  );
}

type WaitDeps = {
  /** Finds a task of this account. @throws {Problem} */
  readonly find: (id: string, account: string) => Promise<Task>;
  readonly places: Pick<WaitingPlaces, 'takeUp' | 'free'>;
  readonly now: Clock;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
  /** A place could not be taken up because of an error. It fails no request: the task is read once. */
  readonly takeUpFailed: (taskId: string, cause: unknown) => void;
  /** A place could not be freed. It is free anyway when its lease is over. */
  readonly freeFailed: (taskId: string, cause: unknown) => void;
};

type WaitRequest = {
  readonly id: string;
  readonly account: string;
  readonly seconds: number;
  readonly place?: string | undefined;
};

/**
 * Reads a task until it has ended or the time is over. Without a place, and with one that cannot be taken up, it reads the
 * task once.
 * @throws {Problem} `invalid_task_id`, `task_not_found`
 */
export const waitForTask =
  ({ find, places, now, sleep, takeUpFailed, freeFailed }: WaitDeps) =>
  async ({ id, account, seconds, place }: WaitRequest) => {
    const startedAt = now();
    const until = startedAt + seconds * 1000;
    if (place === undefined || !(await takeUp(place))) {
      return { task: await find(id, account), hasWaited: false };
    }
    try {
      return { task: await readUntilEnded(() => find(id, account)), hasWaited: true };
    } finally {
      await places.free(place).catch((cause: unknown) => freeFailed(id, cause));
    }

    // A client that was redirected by its create does not know the task id yet: it must get the task even if the places
    // cannot be written.
    function takeUp(token: string): Promise<boolean> {
      return places.takeUp(token, startedAt, until + leaseGraceMs).catch((cause: unknown) => {
        takeUpFailed(id, cause);
        return false;
      });
    }

    async function readUntilEnded(read: () => Promise<Task>): Promise<Task> {
      for (let pauseMs = readPauses.firstMs; ; pauseMs *= readPauses.factor) {
        const task = await read();
        const leftMs = until - now();
        if (isEnded(task) || leftMs <= 0) return task;
        await sleep(Math.min(pauseMs, readPauses.longestMs, leftMs));
      }
    }
  };
