import type { Area, Done, Store, Write } from './dynalite.ts';

export type Staged = {
  /** The store as an operation sees it: what was staged before, and below it what is written. */
  view(fail: (thrown: unknown) => void): Store;
  /** Writes what was staged in one batch of the database: all of it or nothing, even in a crash. */
  commit(): Promise<void>;
};

/** Lets operations write items and index entries without anybody seeing it before the commit. */
export function stage(store: Store): Staged {
  const writes = new Map<string, Write>();

  const area = (prefix: string, written: Area, guard: Guard): Area => {
    const keep = (write: Write, done: Done) => {
      writes.set(write.key, write);
      setImmediate(guard(done), null);
    };
    return {
      // Nothing to lock: requests run one at a time.
      lock: (_key, run) => run((done) => done),
      get(key, done) {
        const write = writes.get(prefix + key);
        if (write === undefined) return written.get(key, guard(done));
        setImmediate(guard(done), null, write.type === 'put' ? write.value : undefined);
      },
      put: (key, value, done) => keep({ type: 'put', key: prefix + key, value }, done),
      del: (key, done) => keep({ type: 'del', key: prefix + key }, done),
    };
  };

  return {
    view(fail) {
      const guard = guardWith(fail);
      return {
        ...guarded(store, fail),
        // The prefixes are dynalite's own.
        getItemDb: (table) => area(`item-${table}~`, store.getItemDb(table), guard),
        getIndexDb: (kind, table, index) =>
          area(
            `index-${kind.toLowerCase()}~${table}~${index}~`,
            store.getIndexDb(kind, table, index),
            guard,
          ),
      };
    },
    commit: () => store.db.batch([...writes.values()]),
  };
}

type Guard = <T>(done: Done<T>) => Done<T>;

// dynalite throws inside its own callbacks, where nobody could catch it and the process would end.
const guardWith =
  (fail: (thrown: unknown) => void): Guard =>
  (done) =>
  (error, value) => {
    try {
      done(error, value);
    } catch (thrown) {
      fail(thrown);
    }
  };

/** The store with nothing staged. */
export function guarded(store: Store, fail: (thrown: unknown) => void): Store {
  const guard = guardWith(fail);
  return {
    ...store,
    getTable: (name, ...rest) =>
      rest.length === 1
        ? store.getTable(name, guard(rest[0]))
        : store.getTable(name, rest[0], guard(rest[1])),
  };
}
