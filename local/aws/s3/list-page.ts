import { S3Error } from './error.ts';
import { encodeName } from './http-request.ts';
import { compareKeys, type SortedKeys } from './sorted-keys.ts';

/** One line of a list: a key, or the common prefix of several. `key` is then the first of them. */
export type Entry = { readonly key: string; readonly commonPrefix: string | undefined };

type Selection = {
  readonly prefix: string;
  /** Keys with the delimiter behind the prefix are rolled up to a common prefix. An empty one rolls up nothing. */
  readonly delimiter: string;
  /** No key before it is listed. */
  readonly from: string;
  /** The last key or common prefix of the page before. A common prefix that contains it is not listed again. */
  readonly marker: string;
};

/** The lines of a list, in order. */
export function* listEntries(keys: SortedKeys, selection: Selection): Generator<Entry> {
  const { prefix, from, marker } = selection;
  let key = keys.from(compareKeys(prefix, from) > 0 ? prefix : from);
  while (key?.startsWith(prefix)) {
    const commonPrefix = commonPrefixOf(key, selection);
    if (commonPrefix === undefined || !marker.startsWith(commonPrefix)) yield { key, commonPrefix };
    key = commonPrefix === undefined ? keys.after(key) : keys.afterPrefix(commonPrefix);
  }
}

function commonPrefixOf(key: string, { prefix, delimiter }: Selection): string | undefined {
  if (delimiter === '') return undefined;
  const at = key.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : key.slice(0, at + delimiter.length);
}

/** The parameters that all lists have. */
export type ListParameters = {
  readonly prefix: string;
  readonly delimiter: string;
  readonly limit: number;
  /** Writes a key as the client wants it. */
  readonly written: (key: string) => string;
};

const maxLimit = 1000;

export function listParameters(query: URLSearchParams, limitName: string): ListParameters {
  const encoding = query.get('encoding-type');
  if (encoding !== null && encoding !== 'url') {
    throw new S3Error('InvalidArgument', 'Invalid Encoding Method specified in Request');
  }
  const limit = query.get(limitName) ?? String(maxLimit);
  if (!/^\d{1,9}$/.test(limit)) {
    throw new S3Error('InvalidArgument', `Provided ${limitName} not an integer or within range`);
  }
  return {
    prefix: query.get('prefix') ?? '',
    delimiter: query.get('delimiter') ?? '',
    limit: Math.min(maxLimit, Number(limit)),
    written: encoding === 'url' ? encodeName : (key) => key,
  };
}

/** The elements that repeat the parameters of the request. */
export const echoed = (
  query: URLSearchParams,
  { prefix, delimiter, written }: ListParameters,
): Record<string, string> => ({
  Prefix: written(prefix),
  ...(delimiter && { Delimiter: written(delimiter) }),
  ...(query.has('encoding-type') && { EncodingType: 'url' }),
});

/** An item of a list in which one key may have several, or a common prefix. */
export type Line<T> =
  | { readonly key: string; readonly item: T }
  | { readonly key: string; readonly commonPrefix: string };

type Marker<T> = {
  /** The key of the last line of the page before. */
  readonly key: string;
  /** Whether an item with that key was on that page or before. */
  readonly isListed: (item: T) => boolean;
};

/** The lines of a list in which one key may have several items. */
export function* listLines<T>(
  keys: SortedKeys,
  itemsOf: (key: string) => readonly T[],
  { prefix, delimiter }: Pick<Selection, 'prefix' | 'delimiter'>,
  marker: Marker<T>,
): Generator<Line<T>> {
  const selection = { prefix, delimiter, from: marker.key, marker: marker.key };
  for (const { key, commonPrefix } of listEntries(keys, selection)) {
    if (commonPrefix !== undefined) {
      yield { key, commonPrefix };
      continue;
    }
    const items = itemsOf(key);
    const rest = key === marker.key ? items.filter((item) => !marker.isListed(item)) : items;
    for (const item of rest) yield { key, item };
  }
}

/** The elements of the lines that are common prefixes. */
export const prefixElements = <T>(
  lines: readonly Line<T>[],
  { written }: ListParameters,
): readonly { Prefix: string }[] =>
  lines.flatMap((line) => ('item' in line ? [] : [{ Prefix: written(line.commonPrefix) }]));

/** The marker that a page ends with: its last key or common prefix. */
export const markerOf = <T>(line: Line<T> | undefined): string => {
  if (!line) return '';
  return 'item' in line ? line.key : line.commonPrefix;
};

/** The first `limit` items, and the one behind them if there is one. */
export function firstOf<T>(
  items: Iterable<T>,
  limit: number,
): { readonly page: readonly T[]; readonly next: T | undefined } {
  const page: T[] = [];
  if (limit === 0) return { page, next: undefined };
  for (const item of items) {
    if (page.length === limit) return { page, next: item };
    page.push(item);
  }
  return { page, next: undefined };
}
