/** A fault that was added to a queue: it happens once, at the occasion it was added for. */
export type InjectedFault = {
  hasHappened(): boolean;
  /** Settles when the fault happens (for one that repeats: the last time), perhaps never. */
  readonly happened: Promise<void>;
};

type Repetition = {
  /** The n-th occasion that matches, counted from when the fault is added. */
  readonly nth?: number;
  /** How many matching occasions in a row have the fault. */
  readonly times?: number;
};

/** Faults that wait for their occasion. Where several match the same one, the first added gets it. */
export function faultQueue<Fault extends object>() {
  const waiting = new Set<{ fault: Fault; skip: number; left: number; done(): void }>();
  return {
    add(fault: Fault & Repetition): InjectedFault {
      const { promise: happened, resolve } = Promise.withResolvers<void>();
      const entry = { fault, skip: (fault.nth ?? 1) - 1, left: fault.times ?? 1, done: resolve };
      waiting.add(entry);
      return { happened, hasHappened: () => entry.left === 0 };
    },

    /** The fault for this occasion, if there is one. */
    take(matches: (fault: Fault) => boolean): Fault | undefined {
      // Calls `matches` of all faults first, because it may add another fault for the same occasion.
      const matching = [...waiting.values().filter(({ fault }) => matches(fault))];
      const first = matching.find(({ skip }) => skip <= 0);
      for (const entry of matching) entry.skip -= 1;
      if (!first) return undefined;
      first.left -= 1;
      if (first.left > 0) return first.fault;
      waiting.delete(first);
      first.done();
      return first.fault;
    },

    clear: () => waiting.clear(),
  };
}
