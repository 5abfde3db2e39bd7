/**
 * The items of the calls that are under way. DynamoDB never waits for an item: of two calls that want the same
 * one at the same time, and of which at least one is a transaction, one is rejected. An item is named by its
 * id; one without an id has a wrong key, so nothing is ever written to it.
 */
export type ItemsInFlight = {
  /** Whether a transaction is writing the item. */
  isHeld(id: Id): boolean;
  /** Holds the items of a transaction that writes, until the result is called. */
  hold(ids: readonly Id[]): () => void;
  /** Watches the items of a transaction that reads, until `end`: such a transaction must not see half of a write. */
  watch(ids: readonly Id[]): { wasWritten(id: Id): boolean; end(): void };
  /** Has to be called with every item that was written. */
  written(ids: readonly Id[]): void;
};

type Id = string | undefined;

export const conflictMessage = 'Transaction is ongoing for the item';

export function itemsInFlight(): ItemsInFlight {
  const held = new Set<Id>();
  const watches = new Set<{ readonly ids: ReadonlySet<Id>; readonly written: Set<Id> }>();
  return {
    isHeld: (id) => held.has(id),
    hold(ids) {
      const named = ids.filter((id) => id !== undefined);
      for (const id of named) held.add(id);
      return () => {
        for (const id of named) held.delete(id);
      };
    },
    watch(ids) {
      const watch = { ids: new Set(ids), written: new Set<Id>() };
      watches.add(watch);
      return {
        wasWritten: (id) => watch.written.has(id),
        end: () => watches.delete(watch),
      };
    },
    written(ids) {
      for (const watch of watches)
        for (const id of ids) if (watch.ids.has(id)) watch.written.add(id);
    },
  };
}
