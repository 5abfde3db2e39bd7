import {
  actionOf,
  checkTypes,
  checkValidations,
  create,
  type Item,
  type Operation,
  rulesOf,
  type Store,
  type Table,
} from './dynalite.ts';
import { isJson, type Json } from './json.ts';
import { mendUpdate } from './mend-update.ts';
import { Refusal } from './refusal.ts';
import { guarded, stage } from './stage.ts';

/** Runs one checked operation and answers its result. */
type Perform = (operation: Operation, checked: Json) => Promise<Json>;

/** dynalite's operations as promises. */
export type Engine = {
  /** What the operation reads of its input. Refuses what is wrong whatever the tables hold. */
  check(operation: Operation, input: Json): Json;
  /** Runs an operation at once: one that reads, or one on whole tables. */
  perform: Perform;
  /** Runs operations whose writes wait for `commit`. */
  stage(): { perform: Perform; commit(): Promise<void> };
  table(name: string): Promise<Table>;
  saveTable(table: Table): Promise<void>;
  /** The item with the key attributes of `item`, whatever else that has. */
  find(tableName: string, item: Item): Promise<Item | undefined>;
  close(): Promise<void>;
};

export async function openEngine(dataDir: string | undefined): Promise<Engine> {
  const store = create({ path: dataDir, createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  await store.db.open().catch((cause: unknown) => {
    throw new Error(`cannot open ${dataDir}: is it in use already?`, { cause });
  });

  const perform: Perform = (operation, checked) =>
    run((fail) => guarded(store, fail), operation, checked);

  const table = (name: string) =>
    promised<Table>((done) => store.getTable(name, true, done)).then(present);

  return {
    check: (operation, input) => check(store, operation, input),
    perform,
    stage() {
      const { view, commit } = stage(store);
      return { perform: (operation, checked) => run(view, operation, checked), commit };
    },
    table,
    async saveTable(changed) {
      await promised((done) => store.tableDb.put(changed.TableName, changed, done));
    },
    async find(tableName, item) {
      const Key = keyOf(await table(tableName), item);
      const { Item: found } = await perform('GetItem', { TableName: tableName, Key });
      return isJson(found) ? found : undefined;
    },
    close: () => store.db.close(),
  };
}

/** The attributes of `item` that are the key of its table. */
export const keyOf = ({ KeySchema }: Table, item: Item): Item =>
  Object.fromEntries(KeySchema.map(({ AttributeName: name }) => [name, item[name]]));

function check(store: Store, operation: Operation, input: Json): Json {
  const { types, custom } = rulesOf(operation);
  try {
    const checked = checkTypes(structuredClone(input), types); // it deletes what it does not know
    checkValidations(checked, types, custom, store);
    return operation === 'UpdateItem' ? mendUpdate(checked) : checked;
  } catch (thrown) {
    throw asRefusal(thrown);
  }
}

const run = (
  view: (fail: (thrown: unknown) => void) => Store,
  operation: Operation,
  checked: Json,
): Promise<Json> =>
  new Promise<Json>((resolve, reject) => {
    actionOf(operation)(view(reject), checked, (error, result = {}) =>
      error ? reject(error) : resolve(result),
    );
  }).catch((thrown: unknown) => {
    throw asRefusal(thrown);
  });

const promised = <T>(run: (done: (error: unknown, value?: T) => void) => void) =>
  new Promise<T | undefined>((resolve, reject) => {
    run((error, value) => (error ? reject(asRefusal(error)) : resolve(value)));
  });

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('dynalite answered nothing');
  return value;
}

/** dynalite's errors carry the body of their answer; anything else is not meant for the caller. */
const asRefusal = (thrown: unknown): unknown =>
  thrown instanceof Error && 'body' in thrown && isJson(thrown.body)
    ? new Refusal(thrown.body)
    : thrown;
