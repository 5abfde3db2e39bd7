import * as fc from 'fast-check';
import { accounts, type Operation } from './interleavings-context.ts';
import { callerCreatesTask, idempotencyKeyExpiredMs } from './interleavings-create-task.ts';
import { operatorCredits } from './interleavings-credit.ts';
import { generationEnds, providerAcceptsJob, taskIsSettled } from './interleavings-generation.ts';

const timePasses = (ms: number): Operation => ({
  toString: () => `${ms} ms pass`,
  attempt: ({ clock }, barrier) => barrier('the clock', async () => clock.advance(ms)),
});

/** The beginning of every history: from the first moment on there is a task to settle. */
export const firstOperations: readonly Operation[] = [
  callerCreatesTask('ada', 'free', 3, 'the-first-order-1'),
  callerCreatesTask('bob', 'limited', 2),
];

const account = fc.constantFrom(...accounts);
const key = fc.constantFrom('free', 'limited');
// Few tasks and idempotency keys, so that operations collide.
const id = fc.constantFrom(1, 1, 2, 2, 3, 4, 5).map((n) => `task-${n}`);
const idempotencyKey = fc.constantFrom(undefined, 'the-first-order-1', 'the-other-order-2');
const n = fc.integer({ min: 1, max: 4 });
const change = fc.constantFrom(-5, -3, -2, -1, 1, 2, 3, 4);
const duplicateId = fc.constantFrom(undefined, undefined, undefined, 'task-1');
const made = fc.constantFrom(undefined, 0, 1, 2, 3, 4, 5);

const weighted = (weight: number, arbitrary: fc.Arbitrary<Operation>) => ({ weight, arbitrary });

export const operation: fc.Arbitrary<Operation> = fc.oneof(
  weighted(
    7,
    fc
      .tuple(account, key, n, idempotencyKey, duplicateId)
      .map((request) => callerCreatesTask(...request)),
  ),
  weighted(6, id.map(taskIsSettled)),
  weighted(
    4,
    fc.tuple(id, made).map((generation) => generationEnds(...generation)),
  ),
  weighted(2, id.map(providerAcceptsJob)),
  weighted(
    5,
    fc.tuple(account, change, idempotencyKey).map((request) => operatorCredits(...request)),
  ),
  weighted(2, fc.constantFrom(1, 1000, idempotencyKeyExpiredMs).map(timePasses)),
);
