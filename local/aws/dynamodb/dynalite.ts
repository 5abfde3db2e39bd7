import { createRequire } from 'node:module';
import * as z from 'zod';
import { AwsError } from '../aws-error.ts';
import { DamagedData } from '../json-file.ts';
import { isJsonObject, type JsonObject } from '../json-object.ts';
import { notImplemented } from './error.ts';

// The tables, indexes and expressions are dynalite's. Its internal modules are used and not its HTTP server:
// only they allow the writes of several operations to be collected and written as one. Nothing outside this
// file knows them. Its version is pinned exactly, since internals may change with any release.

export type Item = JsonObject;

export type Operation =
  | 'BatchGetItem'
  | 'BatchWriteItem'
  | 'CreateTable'
  | 'DeleteItem'
  | 'DeleteTable'
  | 'DescribeTable'
  | 'GetItem'
  | 'ListTables'
  | 'ListTagsOfResource'
  | 'PutItem'
  | 'Query'
  | 'Scan'
  | 'TagResource'
  | 'UntagResource'
  | 'UpdateItem'
  | 'UpdateTable';

/** Runs one validated operation. */
type Run = (operation: Operation, checked: JsonObject) => Promise<JsonObject>;

/** The tables, and the operations on them. */
export type Engine = {
  /**
   * The part of the input that the operation reads.
   * @throws {AwsError} when the input is wrong independently of what the tables hold
   */
  validate(operation: Operation, input: JsonObject): JsonObject;
  /** Runs an operation directly: one that reads, or one on whole tables. */
  run: Run;
  /**
   * Runs operations whose writes wait for `commit`. It writes all of them or nothing, even in a crash. Until
   * then only operations of the same buffer see them.
   */
  bufferWrites(): { run: Run; commit(): Promise<void> };
  /** The stored item that has the key attributes of `item`; its other attributes do not matter. */
  find(table: string, item: Item): Promise<Item | undefined>;
  /**
   * A name for the item with the key attributes of `item`, the same however its key is written. Nothing if
   * they are no key of the table: the operation itself then says what is wrong.
   */
  idOf(table: string, item: Item): Promise<string | undefined>;
  /** The bytes of an item as DynamoDB counts them. */
  sizeOf(item: Item): number;
  /** The attribute by which items expire. */
  timeToLiveOf(table: string): Promise<string | undefined>;
  setTimeToLive(table: string, attribute: string | undefined): Promise<void>;
  close(): Promise<void>;
};

/**
 * Opens the tables in a directory, or in memory without one.
 * @throws {Error} that says why the directory cannot be opened, {@link DamagedData} when it holds no tables
 */
export async function openEngine(dataDir: string | undefined): Promise<Engine> {
  const store = create({ path: dataDir, createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  closeIterators(store.db);
  await store.db.open().catch((cause: unknown) => {
    throw openError(dataDir ?? 'the memory', cause);
  });

  const known = knownTables(store);
  const run: Run = (operation, checked) => {
    if (itemOperations.has(operation))
      return runAction((fail) => unbuffered(known.store, fail), operation, checked);
    return runAction((fail) => unbuffered(store, fail), operation, checked).finally(known.forget);
  };
  const tableOf = (name: string) =>
    promised<Table>((done) => known.store.getTable(name, true, done)).then(present);

  return {
    validate: (operation, input) => validate(store, operation, input),
    run,
    bufferWrites() {
      const { view, commit } = bufferWrites(known.store);
      return { run: (operation, checked) => runAction(view, operation, checked), commit };
    },
    async find(name, item) {
      const Key = keyOf(await tableOf(name), item);
      const { Item: found } = await run('GetItem', { TableName: name, Key });
      return isJsonObject(found) ? found : undefined;
    },
    async idOf(name, item) {
      const table = await tableOf(name);
      const key = keyOf(table, item);
      return validateKey(key, table) ? undefined : `${name}/${createKey(key, table)}`;
    },
    sizeOf: (item) => itemSize(item),
    timeToLiveOf: async (name) => (await tableOf(name)).TimeToLiveAttribute,
    async setTimeToLive(name, attribute) {
      const changed = { ...(await tableOf(name)) };
      if (attribute === undefined) delete changed.TimeToLiveAttribute;
      else changed.TimeToLiveAttribute = attribute;
      await promised((done) => store.tableDb.put(name, changed, done));
      known.forget();
    },
    close: () => store.db.close(),
  };
}

/** LevelDB says what is wrong by the code of the error's cause. */
function openError(directory: string, thrown: unknown): Error {
  const { cause } = Object(thrown);
  const { code, message } = Object(cause);
  if (code === 'LEVEL_CORRUPTION') return new DamagedData(directory, { cause: thrown });
  const reason = code === 'LEVEL_LOCKED' ? 'another process has opened it' : message;
  return new Error(`Cannot open ${directory}: ${reason ?? String(thrown)}`, { cause: thrown });
}

// dynalite has no types; these are all that is used of it.

type Callback<T = unknown> = (error: unknown, value?: T) => void;

/** A part of the database: the items of one table, or the entries of one index. */
type KeySpace = {
  readonly lock: (key: string, run: (release: (done: Callback) => Callback) => void) => void;
  readonly get: (key: string, done: Callback<Item>) => void;
  readonly put: (key: string, value: Item, done: Callback) => void;
  readonly del: (key: string, done: Callback) => void;
};

type Write =
  | { readonly type: 'put'; readonly key: string; readonly value: Item }
  | { readonly type: 'del'; readonly key: string };

type Table = {
  readonly TableStatus: string;
  readonly KeySchema: readonly { readonly AttributeName: string }[];
  /** This field is not dynalite's. It is part of the table's record, so it is deleted with the table. */
  readonly TimeToLiveAttribute?: string;
};

/** What a query or a scan reads with. */
type DatabaseIterator = {
  close(): Promise<void>;
  return?: () => Promise<void>;
};

type Database = {
  open(): Promise<void>;
  close(): Promise<void>;
  batch(writes: readonly Write[]): Promise<void>;
  keys(options: unknown): DatabaseIterator;
  values(options: unknown): DatabaseIterator;
};

type Store = {
  readonly db: Database;
  readonly tableDb: { put(name: string, table: Table, done: Callback): void };
  getItemDb(table: string): KeySpace;
  getIndexDb(kind: string, table: string, index: string): KeySpace;
  getTable(name: string, ...rest: [boolean, Callback<Table>] | [Callback<Table>]): void;
};

type StoreOptions = {
  readonly path?: string | undefined;
  readonly createTableMs: number;
  readonly deleteTableMs: number;
  readonly updateTableMs: number;
};

type ActionFunction = (store: Store, input: JsonObject, done: Callback<JsonObject>) => void;

/** What a member of a request may be: a simple value, a structure, or a list or map of something. */
type Rule = string | Structure | Collection;
type Structure = {
  readonly type: `${'Value' | 'Field'}Struct<${string}>`;
  readonly children: Types;
};
type Collection = { readonly type: string; readonly children?: Rule };
type Types = Readonly<Record<string, Rule>>;
type CustomRule = (input: JsonObject, store: Store) => string;

const require = createRequire(import.meta.url);

const {
  create,
  createKey,
  itemSize,
  validateKey,
}: {
  create(options: StoreOptions): Store;
  createKey(key: Item, table: Table): string;
  itemSize(item: Item): number;
  validateKey(key: Item, table: Table): unknown;
} = require('dynalite/db/index.js');

const {
  checkTypes,
  checkValidations,
}: {
  checkTypes(input: JsonObject, types: Types): JsonObject;
  checkValidations(
    input: JsonObject,
    types: Types,
    custom: CustomRule | undefined,
    store: Store,
  ): void;
} = require('dynalite/validations/index.js');

const fileOf = (operation: Operation) => operation.charAt(0).toLowerCase() + operation.slice(1);

const actionOf = (operation: Operation): ActionFunction =>
  require(`dynalite/actions/${fileOf(operation)}.js`);

const rulesOf = (operation: Operation): { readonly types: Types; readonly custom?: CustomRule } =>
  require(`dynalite/validations/${fileOf(operation)}.js`);

/** Members that dynalite does not know, but satisfies anyway: none of its reads is stale. */
const implied: Readonly<Partial<Record<Operation, readonly string[]>>> = {
  Scan: ['ConsistentRead'],
};

function validate(store: Store, operation: Operation, input: JsonObject): JsonObject {
  const { types, custom } = rulesOf(operation);
  const ignored = implied[operation] ?? [];
  if (input['ReturnItemCollectionMetrics'] === 'SIZE')
    throw notImplemented(`${operation}.ReturnItemCollectionMetrics`);
  const notIgnored = Object.entries(input).filter(([name]) => !ignored.includes(name));
  const unknown = unknownMember(Object.fromEntries(notIgnored), types, operation);
  if (unknown !== undefined) throw notImplemented(unknown);
  try {
    const checked = checkTypes(structuredClone(input), types); // checkTypes changes its argument
    checkValidations(checked, types, custom, store);
    return operation === 'UpdateItem' ? normalizeUpdate(checked) : checked;
  } catch (thrown) {
    throw toAwsError(thrown);
  }
}

/** The first member of a request that dynalite would ignore. */
function unknownMember(value: JsonObject, types: Types, path: string): string | undefined {
  for (const [name, member] of Object.entries(value)) {
    const rule = types[name];
    const inside = `${path}.${name}`;
    const unknown = rule === undefined ? inside : unknownInside(member, rule, inside);
    if (unknown !== undefined) return unknown;
  }
  return undefined;
}

function unknownInside(value: unknown, rule: Rule, path: string): string | undefined {
  if (typeof rule === 'string' || typeof value !== 'object' || value === null) return undefined;
  if (isStructure(rule))
    return isJsonObject(value) ? unknownMember(value, rule.children, path) : undefined;
  const { children } = rule;
  if (children === undefined) return undefined;
  return Object.values(value)
    .map((element) => unknownInside(element, children, path))
    .find((unknown) => unknown !== undefined);
}

const isStructure = (rule: Structure | Collection): rule is Structure =>
  /^(Value|Field)Struct</.test(rule.type);

// One clause of an UpdateExpression as dynalite parses it.
const Clause = z.looseObject({
  type: z.string(),
  path: z.array(z.union([z.string(), z.number()])),
  val: z.unknown().optional(),
  attrType: z.string().nullish(),
});
type Clause = z.infer<typeof Clause>;
const CheckedUpdate = z.looseObject({ _updates: z.looseObject({ sections: z.array(Clause) }) });

/**
 * DynamoDB reads all operands and list positions of an update before it writes anything. dynalite reads
 * and writes clause by clause. This brings its clauses into a form and an order in which both have the
 * same result.
 */
function normalizeUpdate(checked: JsonObject): JsonObject {
  const { data } = CheckedUpdate.safeParse(checked);
  if (!data) return checked;
  const sections = data._updates.sections.map(addAsSet).sort(removalsLast);
  return { ...checked, _updates: { ...data._updates, sections } };
}

// dynalite's ADD changes a number in place, so it would also change the value that `SET copy = number` has just copied.
function addAsSet(clause: Clause): Clause {
  const { type, path, val, attrType } = clause;
  if (type !== 'add' || attrType !== 'N') return clause;
  const current = { type: 'function', name: 'if_not_exists', args: [path, { N: '0' }] };
  return { ...clause, type: 'set', val: { type: 'add', args: [current, val] } };
}

// A removed list element moves the elements after it, so removals are last, and the last element is first.
const removalsLast = (one: Clause, other: Clause): number =>
  one.type === 'remove' && other.type === 'remove'
    ? firstDifference(other.path, one.path)
    : Number(one.type === 'remove') - Number(other.type === 'remove');

function firstDifference(one: Clause['path'], other: Clause['path']): number {
  const at = one.findIndex((step, index) => step !== other[index]);
  const [left, right] = [one[at], other[at]];
  return typeof left === 'number' && typeof right === 'number' ? left - right : 0;
}

const keyOf = ({ KeySchema }: Table, item: Item): Item =>
  Object.fromEntries(
    KeySchema.flatMap(({ AttributeName: name }) => (item[name] ? [[name, item[name]]] : [])),
  );

/** Runs an operation on a view of the store; `fail` gets the errors that are thrown inside the view's callbacks. */
const runAction = (
  view: (fail: (thrown: unknown) => void) => Store,
  operation: Operation,
  checked: JsonObject,
): Promise<JsonObject> =>
  new Promise<JsonObject>((resolve, reject) => {
    // The operations on tags return an empty text.
    actionOf(operation)(view(reject), checked, (error, result) =>
      error ? reject(error) : resolve(isJsonObject(result) ? result : {}),
    );
  }).catch((thrown: unknown) => {
    throw toAwsError(thrown);
  });

/** Buffers the items and index entries that operations write. */
function bufferWrites(store: Store) {
  const writes = new Map<string, Write>();

  const buffered = (prefix: string, stored: KeySpace, guard: GuardCallback): KeySpace => {
    const add = (write: Write, done: Callback) => {
      writes.set(write.key, write);
      setImmediate(guard(done), null);
    };
    return {
      // Nothing to lock: operations run one at a time.
      lock: (_key, run) => run((done) => done),
      get(key, done) {
        const write = writes.get(prefix + key);
        if (write === undefined) return stored.get(key, guard(done));
        setImmediate(guard(done), null, write.type === 'put' ? write.value : undefined);
      },
      put: (key, value, done) => add({ type: 'put', key: prefix + key, value }, done),
      del: (key, done) => add({ type: 'del', key: prefix + key }, done),
    };
  };

  return {
    view(fail: (thrown: unknown) => void): Store {
      const guard = guardWith(fail);
      return {
        ...unbuffered(store, fail),
        // The prefixes are dynalite's own.
        getItemDb: (table) => buffered(`item-${table}~`, store.getItemDb(table), guard),
        getIndexDb: (kind, table, index) =>
          buffered(
            `index-${kind.toLowerCase()}~${table}~${index}~`,
            store.getIndexDb(kind, table, index),
            guard,
          ),
      };
    },
    commit: () => store.db.batch([...writes.values()]),
  };
}

/**
 * Has dynalite close what it reads with. At the end it calls the iterator's `return` if there is one, but the iterators of
 * this version of the database have only `close`. Until one is closed, the database keeps it: at least 70 KB outside of
 * JavaScript's heap for every query and scan, and all values as they were when it was opened.
 */
function closeIterators(db: Database): void {
  const keys = db.keys.bind(db);
  const values = db.values.bind(db);
  db.keys = (options) => withReturn(keys(options));
  db.values = (options) => withReturn(values(options));
}

const withReturn = (iterator: DatabaseIterator): DatabaseIterator =>
  Object.assign(iterator, { return: () => iterator.close() });

type GuardCallback = <T>(done: Callback<T>) => Callback<T>;

// dynalite throws inside its own callbacks, where nothing catches it and the process would end.
const guardWith =
  (fail: (thrown: unknown) => void): GuardCallback =>
  (done) =>
  (error, value) => {
    try {
      done(error, value);
    } catch (thrown) {
      fail(thrown);
    }
  };

/** Operations on items. They read the record of a table, several times each, and never change it. */
const itemOperations: ReadonlySet<Operation> = new Set([
  'BatchGetItem',
  'BatchWriteItem',
  'DeleteItem',
  'GetItem',
  'PutItem',
  'Query',
  'Scan',
  'UpdateItem',
]);

/** A store that reads the record of a table once. `forget` has to be called when a record was changed. */
function knownTables(store: Store) {
  const records = new Map<string, Table>();
  const remember =
    (name: string, done: Callback<Table>): Callback<Table> =>
    (error, table) => {
      // A table that is being made or deleted changes by itself.
      if (table?.TableStatus === 'ACTIVE') records.set(name, table);
      done(error, table);
    };
  const known: Store = {
    ...store,
    getTable(name, ...rest) {
      const [done] = rest.length === 1 ? rest : [rest[1]];
      const record = records.get(name);
      if (record) setImmediate(done, null, record);
      else if (rest.length === 1) store.getTable(name, remember(name, rest[0]));
      else store.getTable(name, rest[0], remember(name, rest[1]));
    },
  };
  return { store: known, forget: () => records.clear() };
}

/** The store without a buffer. */
function unbuffered(store: Store, fail: (thrown: unknown) => void): Store {
  const guard = guardWith(fail);
  return {
    ...store,
    getTable: (name, ...rest) =>
      rest.length === 1
        ? store.getTable(name, guard(rest[0]))
        : store.getTable(name, rest[0], guard(rest[1])),
  };
}

const promised = <T>(run: (done: Callback<T>) => void) =>
  new Promise<T | undefined>((resolve, reject) => {
    run((error, value) => (error ? reject(toAwsError(error)) : resolve(value)));
  });

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('dynalite returned nothing');
  return value;
}

/** dynalite's errors carry the body of the response; any other error is not for the caller. */
const toAwsError = (thrown: unknown): unknown =>
  thrown instanceof Error && 'body' in thrown && isJsonObject(thrown.body)
    ? new AwsError(thrown.body)
    : thrown;
