import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { TableDefinition } from '../local/dynamodb/tables.ts';

// What DynamoDB charges on demand, by its published rules: a write unit a kB, a read unit per 4 kB.

export type Item = Readonly<Record<string, AttributeValue>>;
export type Units = { write: number; read: number };

type Index = NonNullable<TableDefinition['GlobalSecondaryIndexes']>[number];
type Change = { readonly before: Item | undefined; readonly after: Item | undefined };

/** Names and values in UTF-8, a number by its digits, and what nesting costs. */
export function sizeOf(item: Item = {}): number {
  const sizes = Object.entries(item).map(
    ([name, value]) => Buffer.byteLength(name) + bytesOf(value),
  );
  return sum(sizes);
}

function bytesOf(value: AttributeValue): number {
  if (value.S !== undefined) return Buffer.byteLength(value.S);
  if (value.N !== undefined) return Math.ceil(value.N.replace(/\D/g, '').length / 2) + 1;
  if (value.L !== undefined) return 3 + sum(value.L.map((one) => 1 + bytesOf(one)));
  if (value.M !== undefined) return 3 + Object.keys(value.M).length + sizeOf(value.M);
  if (value.SS !== undefined) return sum(value.SS.map((one) => Buffer.byteLength(one)));
  return 1;
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** One item that was written, with its index entries; the larger of its two sizes counts. */
export function writeUnits(table: TableDefinition, change: Change, isTransaction: boolean): number {
  const { before, after } = change;
  const own = kilobytes(Math.max(sizeOf(before), sizeOf(after)), 1024);
  const indexes = (table.GlobalSecondaryIndexes ?? []).map((index) =>
    indexUnits(entryOf(table, index, before), entryOf(table, index, after), index),
  );
  return own * (isTransaction ? 2 : 1) + sum(indexes);
}

export const readUnits = (bytes: number, how: 'eventual' | 'strong' | 'transaction'): number =>
  kilobytes(bytes, 4096) * { eventual: 0.5, strong: 1, transaction: 2 }[how];

const kilobytes = (bytes: number, unit: number) => Math.max(1, Math.ceil(bytes / unit));

// An entry whose key changes is deleted and written anew; one that stays the same costs nothing.
function indexUnits(before: Item | undefined, after: Item | undefined, index: Index): number {
  if (JSON.stringify(before) === JSON.stringify(after)) return 0;
  const key = (entry: Item = {}) =>
    JSON.stringify(index.KeySchema.map(({ AttributeName: name }) => entry[name]));
  const moves = before !== undefined && after !== undefined && key(before) !== key(after);
  const units = kilobytes(Math.max(sizeOf(before), sizeOf(after)), 1024);
  return moves ? units * 2 : units;
}

/** What an index keeps of an item; nothing, when the item lacks a part of the index's key. */
function entryOf(table: TableDefinition, index: Index, item: Item | undefined): Item | undefined {
  const keys = [...index.KeySchema, ...table.KeySchema].map(({ AttributeName }) => AttributeName);
  if (!item || keys.some((name) => item[name] === undefined)) return undefined;
  const { ProjectionType, NonKeyAttributes = [] } = index.Projection;
  const kept = ProjectionType === 'ALL' ? Object.keys(item) : [...keys, ...NonKeyAttributes];
  return Object.fromEntries(
    Object.entries(item)
      .filter(([name]) => kept.includes(name))
      .sort(([one], [other]) => one.localeCompare(other)),
  );
}
