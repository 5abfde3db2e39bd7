import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, test } from 'vitest';

// Who may import whom. A room not named here is a decision not yet made. `room/file` allows that one
// file; `type` and `value` say what of it, where it is not both.
const outward = ['task', 'network', 'runtime/log'];
const entry = ['runtime', 'aws', 'provider', 'webhook', 'image', 'network', 'task'];
const insideFunctions: Record<string, readonly string[]> = {
  api: entry,
  workflow: entry,
  events: entry,
  aws: outward,
  provider: outward,
  webhook: outward,
  image: outward,
  network: ['task'],
  runtime: ['task'],
  // The API in words: read by people and by the one function that hands it out, run by nobody.
  openapi: ['task'],
  task: [],
};
const betweenRooms: Record<string, readonly string[]> = {
  ...Object.fromEntries(
    Object.entries(insideFunctions).map(([room, may]) => [
      `functions/${room}`,
      may.map((inner) => `functions/${inner}`),
    ]),
  ),
  'functions/api': [...entry.map((inner) => `functions/${inner}`), 'docs/openapi.json'],
  infra: ['functions/task', 'type functions/runtime/env', 'value entries of functions/runtime/env'],
  local: [],
  cli: [],
};

type Import = { readonly file: string; readonly names: string; readonly target: string };

const root = join(import.meta.dirname, '../..');
const files = ['functions', 'infra', 'local', 'cli'].flatMap((top) =>
  readdirSync(join(root, top), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => ({ file: `${top}/${path}`, text: readFileSync(join(root, top, path), 'utf8') })),
);

const statement = /^(?:import|export)\s(?:([^;'"]*?)\sfrom\s)?'([^']+)'/gm;
const dynamic = /\bimport\(\s*'([^']+)'/g;

const importsOf = (file: string, text: string): readonly Import[] => [
  ...[...text.matchAll(statement)].map(([, names = '*', target = '']) => ({ file, names, target })),
  ...[...text.matchAll(dynamic)].map(([, target = '']) => ({ file, names: '*', target })),
];

const imports = files.flatMap(({ file, text }) => importsOf(file, text));

const roomOf = (path: string): string =>
  path.split('/', path.startsWith('functions/') ? 2 : 1).join('/');
const isRelative = ({ target }: Import): boolean => target.startsWith('.');

// What is imported without a name runs all the same, so it counts as a value.
const valuesOf = ({ names }: Import): readonly string[] =>
  names.startsWith('type ')
    ? []
    : names
        .replace(/[{}\n]/g, ' ')
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== '' && !name.startsWith('type '));

function allows(rule: string, path: string, values: readonly string[]): boolean {
  const [, type, only, place = ''] = /^(type )?(?:value (\w+) of )?(.+)$/.exec(rule) ?? [];
  const isThere = [place, `${place}.ts`].includes(path) || path.startsWith(`${place}/`);
  if (type) return isThere && values.length === 0;
  return isThere && (only === undefined || values.every((name) => name === only));
}

const arrows = imports.filter(isRelative).flatMap((one) => {
  const path = posix.join(posix.dirname(one.file), one.target);
  const from = roomOf(one.file);
  return from === roomOf(path) ? [] : [{ file: one.file, from, path, values: valuesOf(one) }];
});

test('every room is named in the table', () => {
  const rooms = new Set(files.map(({ file }) => roomOf(file)));

  expect([...rooms].filter((room) => !(room in betweenRooms))).toEqual([]);
});

test.each(arrows)('$file may import from $path', ({ from, path, values }) => {
  expect((betweenRooms[from] ?? []).some((rule) => allows(rule, path, values))).toBe(true);
});

const packagesOf = (place: string) =>
  imports.filter((one) => !isRelative(one) && one.file.startsWith(place));

describe('libraries', () => {
  test.each(packagesOf('functions/task/'))('the domain may use $target', ({ target }) => {
    expect(target).toMatch(/^(zod|node:crypto)$/);
  });

  test('pictures of strangers meet no decoder: what reads them uses no library at all', () => {
    expect(packagesOf('functions/image/')).toEqual([]);
  });

  test.each(packagesOf('functions/').filter(({ target }) => target.startsWith('@aws-sdk/')))(
    '$file may speak to AWS by $target',
    ({ file }) => {
      expect(roomOf(file)).toMatch(/^functions\/(aws|api|workflow|events)$/);
    },
  );

  test.each(imports.filter(({ target }) => target === 'zod'))(
    '$file takes zod as a namespace, since the named import bundles five times as much',
    ({ names }) => {
      expect(names).toMatch(/^(type )?\* as z$/);
    },
  );
});

describe.each(files)('$file', ({ file, text }) => {
  test('has a home of its own, names for what it exports, and at most 150 lines', () => {
    expect(file).not.toMatch(/(^|\/)index\.ts$/);
    expect(text).not.toMatch(/^export default\b|^export\s*\{[^}]*\bas default\b/m);
    expect(text.split('\n').filter((line) => line.trim() !== '').length).toBeLessThanOrEqual(150);
  });
});

describe('the table itself', () => {
  test.each([
    ['a type, where types are allowed', 'type a/b', 'a/b.ts', [], true],
    ['a value, where types are allowed', 'type a/b', 'a/b.ts', ['x'], false],
    ['the one value that is allowed', 'value x of a/b', 'a/b.ts', ['x'], true],
    ['another value', 'value x of a/b', 'a/b.ts', ['x', 'y'], false],
    ['a file of a room', 'a', 'a/b.ts', ['x'], true],
    ['a room that begins alike', 'a', 'ab/c.ts', ['x'], false],
    ['a file that begins alike', 'a/b', 'a/bc.ts', ['x'], false],
  ])('%s', (_what, rule, path, values, expected) => {
    expect(allows(rule, path, values)).toBe(expected);
  });

  test.each([
    ["import { a, type B } from './c.ts';", ['a']],
    ["import {\n  a,\n  type B,\n} from './c.ts';", ['a']],
    ["import type { A } from './c.ts';", []],
    ["import { type A } from './c.ts';", []],
    ["import * as c from './c.ts';", ['* as c']],
    ["import './c.ts';", ['*']],
    ["const c = await import('./c.ts');", ['*']],
    ["export { a } from './c.ts';", ['a']],
    ["export * from './c.ts';", ['*']],
  ])('reads %j', (text, values) => {
    const [found, ...more] = importsOf('a/b.ts', text);

    expect(found && { target: found.target, values: valuesOf(found) }).toEqual({
      ...{ target: './c.ts', values },
    });
    expect(more).toEqual([]);
  });

  test('finds what infra takes of the functions', () => {
    const taken = arrows.filter(({ from }) => from === 'infra');

    expect(taken).toContainEqual({
      ...{ file: 'infra/bundles.ts', from: 'infra', path: 'functions/runtime/env.ts' },
      values: ['entries'],
    });
    expect(taken.map(({ file }) => file)).toContain('infra/workflow.ts');
  });
});
