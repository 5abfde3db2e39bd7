import { expect } from 'vitest';
import { creditAccount } from '../../functions/domain/accounts/credit-account.ts';
import { idempotencyTtlMs } from '../../functions/domain/billing/idempotency.ts';
import { sampleAct } from '../support/tasks.ts';
import {
  type Account,
  type CreditRequest,
  type Operation,
  operator,
  price,
} from './interleavings-context.ts';
import { countOfImages, isExpectedProblem } from './interleavings-create-task.ts';

/** The operator grants an account the price of some images, or withdraws it. */
export const operatorCredits = (
  account: Account,
  n: number,
  idempotencyKey?: string,
): Operation => ({
  toString: () =>
    `${account} is credited ${countOfImages(n)}${idempotencyKey ? ` under ${idempotencyKey}` : ''}`,
  attempt: async ({ testStore, clock, creditRequests }, barrier) => {
    const { ledger, accounts } = testStore.portsBehind(barrier);
    // With an idempotency key, a repeated request must be the same; without one, the note tells requests apart.
    const note = idempotencyKey ?? `request ${creditRequests.length}`;
    const request: CreditRequest = {
      account,
      amount: n * price,
      idempotencyKey,
      note,
      at: clock.now(),
    };
    const firstEntry = firstEntryFor(creditRequests, request, clock.now);
    creditRequests.push(request);
    const credit = creditAccount({ ledger, accounts, now: clock.now });
    const by = { account, keyId: operator, idempotencyKey };
    try {
      const { entry } = await credit({ credits: request.amount, note }, by, sampleAct);
      expect(entry.id, 'a repeated request leads to its entry').toBe(firstEntry() ?? entry.id);
      request.result = entry.id;
    } catch (error) {
      if (!isExpectedProblem(error)) throw error;
      request.result = 'refused';
      expect(firstEntry(), 'a repeated request is not refused').toBeUndefined();
    }
  },
});

/** The entry that the operator got for this idempotency key, as long as the key is valid. */
function firstEntryFor(
  requests: readonly CreditRequest[],
  request: CreditRequest,
  now: () => number,
) {
  const last = requests.findLast(
    ({ account, amount, idempotencyKey, result }) =>
      idempotencyKey !== undefined &&
      idempotencyKey === request.idempotencyKey &&
      account === request.account &&
      amount === request.amount &&
      result !== undefined &&
      result !== 'refused',
  );
  return () => (last && now() < last.at + idempotencyTtlMs ? last.result : undefined);
}
