import { createRequire } from 'node:module';
import type { Json } from './json.ts';

// dynalite's insides and not its HTTP server: only they let the writes of several operations be
// collected and written as one. It has no types; this is all we use of it (pinned exactly).
const require = createRequire(import.meta.url);

export type Item = Json;
export type Done<T = unknown> = (error: unknown, value?: T) => void;

/** A stretch of the key space: the items of one table, or the entries of one index. */
export type Area = {
  readonly lock: (key: string, run: (release: (done: Done) => Done) => void) => void;
  readonly get: (key: string, done: Done<Item>) => void;
  readonly put: (key: string, value: Item, done: Done) => void;
  readonly del: (key: string, done: Done) => void;
};

export type Write =
  | { readonly type: 'put'; readonly key: string; readonly value: Item }
  | { readonly type: 'del'; readonly key: string };

export type Table = {
  readonly TableName: string;
  readonly TableStatus: string;
  readonly KeySchema: readonly { readonly AttributeName: string }[];
  /** Ours: a field of the table's record, so that it goes with the table. */
  readonly TimeToLiveAttribute?: string;
};

export type Store = {
  readonly db: {
    open(): Promise<void>;
    close(): Promise<void>;
    batch(writes: readonly Write[]): Promise<void>;
  };
  readonly tableDb: { put(name: string, table: Table, done: Done): void };
  getItemDb(table: string): Area;
  getIndexDb(kind: string, table: string, index: string): Area;
  getTable(name: string, ...rest: [boolean, Done<Table>] | [Done<Table>]): void;
};

type Options = {
  readonly path?: string | undefined;
  readonly createTableMs: number;
  readonly deleteTableMs: number;
  readonly updateTableMs: number;
};

export type Action = (store: Store, input: Json, done: Done<Json>) => void;
type Rules = { readonly types: Json; readonly custom?: (input: Json, store: Store) => string };

export const { create }: { create(options: Options): Store } = require('dynalite/db/index.js');

export const {
  checkTypes,
  checkValidations,
}: {
  checkTypes(input: Json, types: Json): Json;
  checkValidations(input: Json, types: Json, custom: Rules['custom'], store: Store): void;
} = require('dynalite/validations/index.js');

const operations = [
  'BatchGetItem',
  'BatchWriteItem',
  'CreateTable',
  'DeleteItem',
  'DeleteTable',
  'DescribeTable',
  'GetItem',
  'ListTables',
  'ListTagsOfResource',
  'PutItem',
  'Query',
  'Scan',
  'TagResource',
  'UntagResource',
  'UpdateItem',
  'UpdateTable',
] as const;

export type Operation = (typeof operations)[number];
export const isOperation = (name: string): name is Operation =>
  operations.some((operation) => operation === name);

const fileOf = (operation: Operation) => operation.charAt(0).toLowerCase() + operation.slice(1);

export const actionOf = (operation: Operation): Action =>
  require(`dynalite/actions/${fileOf(operation)}.js`);

export const rulesOf = (operation: Operation): Rules =>
  require(`dynalite/validations/${fileOf(operation)}.js`);
