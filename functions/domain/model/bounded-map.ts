/**
 * A map in the memory of one function instance. A new key that would make it larger than `maxEntries` empties it first, so
 * that a flood of keys cannot fill the memory. So it is for values that can be read or computed again.
 */
export type BoundedMap<V> = {
  get(key: string): V | undefined;
  set(key: string, value: V): void;
  delete(key: string): void;
};

export function boundedMap<V>(maxEntries = 1000): BoundedMap<V> {
  const entries = new Map<string, V>();
  return {
    get: (key) => entries.get(key),
    set(key, value) {
      if (entries.size >= maxEntries && !entries.has(key)) entries.clear();
      entries.set(key, value);
    },
    delete: (key) => {
      entries.delete(key);
    },
  };
}
