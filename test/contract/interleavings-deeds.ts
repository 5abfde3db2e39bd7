import * as fc from 'fast-check';
import { asks, keyIsOverMs } from './interleavings-asking.ts';
import { credits } from './interleavings-crediting.ts';
import { isPainted, isSettled, isTaken } from './interleavings-painting.ts';
import type { Door } from './interleavings-turns.ts';
import { accounts, type World } from './interleavings-world.ts';

/** Something a process does; dead in the middle of it, it is done again from its beginning. */
export type Deed = {
  attempt(world: World, door: Door): Promise<void>;
  toString(): string;
};

const passes = (ms: number): Deed => ({
  toString: () => `${ms} ms pass`,
  attempt: ({ clock }, door) => door('the clock', async () => clock.advance(ms)),
});

/** What every history begins with: there is something to settle from the first moment on. */
export const opening: readonly Deed[] = [
  asks('ada', 'free', 3, 'the-first-order-1'),
  asks('bob', 'limited', 2),
];

const account = fc.constantFrom(...accounts);
const key = fc.constantFrom('free', 'limited');
// The same few tasks and idempotency keys, so that they meet.
const id = fc.constantFrom(1, 1, 2, 2, 3, 4, 5).map((n) => `task-${n}`);
const idempotencyKey = fc.constantFrom(undefined, 'the-first-order-1', 'the-other-order-2');
const n = fc.integer({ min: 1, max: 4 });
const change = fc.constantFrom(-5, -3, -2, -1, 1, 2, 3, 4);
const drawn = fc.constantFrom(undefined, undefined, undefined, 'task-1');
const made = fc.constantFrom(undefined, 0, 1, 2, 3, 4, 5);

const weighted = (weight: number, arbitrary: fc.Arbitrary<Deed>) => ({ weight, arbitrary });

export const deed: fc.Arbitrary<Deed> = fc.oneof(
  weighted(
    7,
    fc.tuple(account, key, n, idempotencyKey, drawn).map((of) => asks(...of)),
  ),
  weighted(6, id.map(isSettled)),
  weighted(
    4,
    fc.tuple(id, made).map((of) => isPainted(...of)),
  ),
  weighted(2, id.map(isTaken)),
  weighted(
    5,
    fc.tuple(account, change, idempotencyKey).map((of) => credits(...of)),
  ),
  weighted(2, fc.constantFrom(1, 1000, keyIsOverMs).map(passes)),
);
