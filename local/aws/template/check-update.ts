import { isDeepStrictEqual } from 'node:util';
import type { StackDefinition } from './read-stack.ts';

/**
 * Checks that an update leaves everything that holds data as it is.
 * @throws {Error} that names each table, bucket and secret that is new, gone or different
 */
export function checkUpdate(running: StackDefinition, next: StackDefinition): void {
  const problems = [
    ...changesOf('table', tablesByName(running), tablesByName(next)),
    ...changesOf('bucket', byName(running.buckets), byName(next.buckets)),
    ...changesOf('secret', byName(running.secrets), byName(next.secrets)),
  ];
  if (problems.length > 0) {
    throw new Error(`Start the local stack again for these changes:\n${problems.join('\n')}`);
  }
}

type ByName = ReadonlyMap<string, unknown>;

const tablesByName = ({ tables }: StackDefinition): ByName =>
  new Map(tables.map((table) => [table.TableName, table]));

const byName = (definitions: readonly { readonly name: string }[]): ByName =>
  new Map(definitions.map((definition) => [definition.name, definition]));

const changesOf = (what: string, before: ByName, after: ByName): readonly string[] =>
  [...new Set([...before.keys(), ...after.keys()])]
    .filter((name) => !isDeepStrictEqual(before.get(name), after.get(name)))
    .map((name) => `the ${what} ${name} ${changeOf(before.has(name), after.has(name))}`);

function changeOf(wasThere: boolean, isThere: boolean): string {
  if (!wasThere) return 'is new';
  return isThere ? 'is different' : 'is gone';
}
