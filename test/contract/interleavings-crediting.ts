import { expect } from 'vitest';
import { creditAccount } from '../../functions/task/admin/credit-account.ts';
import { rememberedForMs } from '../../functions/task/remember.ts';
import { images, isRefusal } from './interleavings-asking.ts';
import type { Deed } from './interleavings-deeds.ts';
import { type Account, type Order, operator, price } from './interleavings-world.ts';

/** The operator grants so many images to an account, or withdraws them. */
export const credits = (account: Account, n: number, idempotencyKey?: string): Deed => ({
  toString: () =>
    `${account} is credited ${images(n)}${idempotencyKey ? ` under ${idempotencyKey}` : ''}`,
  attempt: async ({ ground, clock, orders }, door) => {
    const { ledger } = ground.enter(door);
    // Repeated under its key an order has to be the same; without one each can be told by its note.
    const note = idempotencyKey ?? `order ${orders.length}`;
    const at = clock.now();
    const order: Order = { account, amount: n * price, idempotencyKey, note, at };
    const before = answeredBefore(orders, order, clock.now);
    orders.push(order);
    const credit = creditAccount({ ledger, now: clock.now });
    const by = { account, keyId: operator, idempotencyKey };
    try {
      const { entry } = await credit({ credits: order.amount, note }, by);
      expect(entry.number, 'a repeated order leads to its entry').toBe(before() ?? entry.number);
      order.answer = entry.number;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      order.answer = 'refused';
      expect(before(), 'a repeated order is not refused').toBeUndefined();
    }
  },
});

/** The entry that the operator was told of under this idempotency key, as long as it counts. */
function answeredBefore(orders: readonly Order[], mine: Order, now: () => number) {
  const last = orders.findLast(
    ({ account, amount, idempotencyKey, answer }) =>
      idempotencyKey !== undefined &&
      idempotencyKey === mine.idempotencyKey &&
      account === mine.account &&
      amount === mine.amount &&
      typeof answer === 'number',
  );
  return () => (last && now() < last.at + rememberedForMs ? last.answer : undefined);
}
