import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { TableDefinition } from '../local/aws/dynamodb/tables.ts';
import { sum } from './statistics.ts';

// The request units of DynamoDB's on-demand mode, by its published rules: a write unit per kB, a read unit
// per 4 kB.

export type Item = Readonly<Record<string, AttributeValue>>;

type Index = NonNullable<TableDefinition['GlobalSecondaryIndexes']>[number];
type Change = { readonly before: Item | undefined; readonly after: Item | undefined };

/** The size of an item: names and values in UTF-8, a number by its digits, plus the overhead of nesting. */
export function sizeOf(item: Item = {}): number {
  const sizes = Object.entries(item).map(
    ([name, value]) => Buffer.byteLength(name) + bytesOf(value),
  );
  return sum(sizes);
}

function bytesOf(value: AttributeValue): number {
  if (value.S !== undefined) return Buffer.byteLength(value.S);
  if (value.N !== undefined) return Math.ceil(value.N.replace(/\D/g, '').length / 2) + 1;
  if (value.L !== undefined) return 3 + sum(value.L.map((element) => 1 + bytesOf(element)));
  if (value.M !== undefined) return 3 + Object.keys(value.M).length + sizeOf(value.M);
  if (value.SS !== undefined) return sum(value.SS.map((text) => Buffer.byteLength(text)));
  return 1;
}

/**
 * The units of one write: those of the table under its name, and those of each index under `table/index`. The larger
 * size, before or after, counts.
 */
export function writeUnitsByName(
  table: TableDefinition,
  change: Change,
  isTransaction: boolean,
): Readonly<Record<string, number>> {
  const { before, after } = change;
  const itemUnits = kilobytes(Math.max(sizeOf(before), sizeOf(after)), 1024);
  const indexes = (table.GlobalSecondaryIndexes ?? []).map((index) => [
    `${table.TableName}/${index.IndexName}`,
    indexUnits(entryOf(table, index, before), entryOf(table, index, after), index),
  ]);
  return {
    [table.TableName]: itemUnits * (isTransaction ? 2 : 1),
    ...Object.fromEntries(indexes),
  };
}

/** The units of one write with its index entries. */
export const writeUnits = (
  table: TableDefinition,
  change: Change,
  isTransaction: boolean,
): number => sum(Object.values(writeUnitsByName(table, change, isTransaction)));

export const readUnits = (
  bytes: number,
  consistency: 'eventual' | 'strong' | 'transaction',
): number => kilobytes(bytes, 4096) * { eventual: 0.5, strong: 1, transaction: 2 }[consistency];

const kilobytes = (bytes: number, unit: number) => Math.max(1, Math.ceil(bytes / unit));

// An index entry whose key changes is deleted and written again. An unchanged entry costs nothing.
function indexUnits(before: Item | undefined, after: Item | undefined, index: Index): number {
  if (JSON.stringify(before) === JSON.stringify(after)) return 0;
  const key = (entry: Item = {}) =>
    JSON.stringify(index.KeySchema.map(({ AttributeName: name }) => entry[name]));
  const changesKey = before !== undefined && after !== undefined && key(before) !== key(after);
  const units = kilobytes(Math.max(sizeOf(before), sizeOf(after)), 1024);
  return changesKey ? units * 2 : units;
}

/** The entry of an item in an index; `undefined` when the item lacks an attribute of the index key. */
function entryOf(table: TableDefinition, index: Index, item: Item | undefined): Item | undefined {
  const keys = [...index.KeySchema, ...table.KeySchema].map(({ AttributeName }) => AttributeName);
  if (!item || keys.some((name) => item[name] === undefined)) return undefined;
  const { ProjectionType, NonKeyAttributes = [] } = index.Projection;
  const projected = ProjectionType === 'ALL' ? Object.keys(item) : [...keys, ...NonKeyAttributes];
  return Object.fromEntries(
    Object.entries(item)
      .filter(([name]) => projected.includes(name))
      .sort(([one], [other]) => one.localeCompare(other)),
  );
}
