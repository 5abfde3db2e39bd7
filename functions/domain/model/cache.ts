import type { Clock } from './clock.ts';
import { minuteMs } from './duration.ts';

/** How long a secret is cached, in milliseconds: a secret that was replaced is still used for that time. */
export const secretTtlMs = 5 * minuteMs;

type Entry<V> = { readonly value: Promise<V>; readonly loadedAt: number };

export type TtlCache<V> = {
  /**
   * The cached value of `key`, or what `load` returns now. A load that fails is not cached, and leaves
   * the value that was cached before.
   * `maxAgeMs` asks for a fresher value than the cache's own TTL does.
   */
  get(key: string, load: () => Promise<V>, maxAgeMs?: number): Promise<V>;
};

/**
 * A cache in the memory of one function instance: an entry is valid for `ttlMs`. Calls that come
 * while a value is being loaded share that load. At `maxEntries` the cache is emptied.
 */
export function ttlCache<V>({
  ttlMs,
  maxEntries,
  now,
}: {
  readonly ttlMs: number;
  readonly maxEntries?: number;
  readonly now: Clock;
}): TtlCache<V> {
  const entries = boundedMap<Entry<V>>(maxEntries);
  return {
    get(key, load, maxAgeMs = ttlMs) {
      const cached = entries.get(key);
      if (cached && cached.loadedAt + maxAgeMs > now()) return cached.value;
      const entry: Entry<V> = { value: load(), loadedAt: now() };
      entries.set(key, entry);
      entry.value.catch(() => {
        if (entries.get(key) !== entry) return;
        // The older value is not fresh enough for this call, but still valid for calls without `maxAgeMs`.
        if (cached) entries.set(key, cached);
        else entries.delete(key);
      });
      return entry.value;
    },
  };
}

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
