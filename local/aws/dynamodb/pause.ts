import { setTimeout as wait } from 'node:timers/promises';
import { AwsError } from '../aws-error.ts';
import type { JsonObject } from '../json-object.ts';

/** A moment at which a call to DynamoDB may pause. */
export type Moment = {
  readonly operation: string;
  readonly input: JsonObject;
  /**
   * `received`: before it reads an item. `prepared`: a transaction has checked its items, and nothing is
   * written yet. `done`: everything is written, and the response not sent yet.
   */
  readonly at: 'received' | 'prepared' | 'done';
};

/**
 * Returns the pause of a call at a moment, or undefined for none; other calls run in the meantime. A test returns a
 * promise that the test settles itself, so that calls overlap exactly as it needs.
 */
export type Pause = (moment: Moment) => Promise<void> | undefined;

/** How long calls take from request to response, in milliseconds. */
export type Latency = {
  readonly read: number;
  readonly write: number;
  readonly transaction: number;
};

const kinds: Readonly<Record<string, keyof Latency>> = {
  BatchGetItem: 'read',
  BatchWriteItem: 'write',
  DeleteItem: 'write',
  GetItem: 'read',
  PutItem: 'write',
  Query: 'read',
  Scan: 'read',
  TransactGetItems: 'transaction',
  TransactWriteItems: 'transaction',
  UpdateItem: 'write',
};

// A single call reaches its item in the middle. A transaction asks for all its items first, and holds them until
// each of them is written.
const shares = {
  single: { received: 0.5, prepared: 0, done: 0.5 },
  transaction: { received: 0.4, prepared: 0.45, done: 0.15 },
};

/** Lets every call on items take this long. The speed of the local stack divides it, but no pause is below 1 ms. */
export const latencyPause =
  (latency: Latency, speed = 1): Pause =>
  ({ operation, at }) => {
    const kind = kinds[operation];
    if (kind === undefined) return undefined;
    const share = shares[kind === 'transaction' ? kind : 'single'][at];
    const milliseconds = (latency[kind] * share) / speed;
    return milliseconds > 0 ? wait(milliseconds) : undefined;
  };

/** The same pauses, and an `end` for all of them: paused calls then fail, each with nothing or everything written. */
export function endablePauses(pause: Pause): { readonly pause: Pause; end(): void } {
  const fails = new Set<(reason: AwsError) => void>();
  let ended = false;
  return {
    pause(moment) {
      const paused = pause(moment);
      if (!paused) return undefined;
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      if (ended) reject(closing());
      fails.add(reject);
      paused.then(resolve, reject).finally(() => fails.delete(reject));
      return promise;
    },
    end() {
      ended = true;
      for (const fail of fails) fail(closing());
    },
  };
}

const closing = () =>
  new AwsError({
    __type: 'com.amazonaws.dynamodb.v20120810#InternalServerError',
    message: 'The local DynamoDB is closing.',
  });
