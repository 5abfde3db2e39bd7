/** What was ordered: it happens once, at the occasion it was ordered for. */
export type Ordered = {
  hasHappened(): boolean;
  /** Settles when it happens (for one that happens several times: the last time), perhaps never. */
  readonly happened: Promise<void>;
};

type Occasion = {
  /** The n-th occasion that fits, counted from when the order is given. */
  readonly nth?: number;
  /** At so many occasions that fit, one after the other. */
  readonly times?: number;
};

/** Orders that wait for their occasion. Where several want the same one, the first given gets it. */
export function orderBook<Order extends object>() {
  const waiting = new Set<{ order: Order; skip: number; left: number; done(): void }>();
  return {
    give(order: Order & Occasion): Ordered {
      const { promise: happened, resolve } = Promise.withResolvers<void>();
      const entry = { order, skip: (order.nth ?? 1) - 1, left: order.times ?? 1, done: resolve };
      waiting.add(entry);
      return { happened, hasHappened: () => entry.left === 0 };
    },

    /** What was ordered for this occasion. */
    take(fits: (order: Order) => boolean): Order | undefined {
      // Looking may lead to another order, for this very occasion.
      const fitting = [...waiting.values().filter(({ order }) => fits(order))];
      const first = fitting.find(({ skip }) => skip <= 0);
      for (const one of fitting) one.skip -= 1;
      if (!first) return undefined;
      first.left -= 1;
      if (first.left > 0) return first.order;
      waiting.delete(first);
      first.done();
      return first.order;
    },

    clear: () => waiting.clear(),
  };
}
