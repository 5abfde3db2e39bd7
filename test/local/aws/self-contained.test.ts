import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { schemaByType, typesWithoutEffect } from '../../../local/aws/template/resource-types.ts';
import pack from '../../../package.json' with { type: 'json' };

// The emulator is independent: it runs any template, and knows nothing of the product around it.
const folder = join(import.meta.dirname, '../../../local/aws');
const files = readdirSync(folder, { recursive: true, encoding: 'utf8', withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name))
  .map((file) => ({ file: relative(folder, file), text: readFileSync(file, 'utf8') }));
const readme = readFileSync(join(folder, 'README.md'), 'utf8');

test('no file of the emulator contains a word of the product', () => {
  // Without the scope, since a text would contain the name alone.
  const product = new RegExp(pack.name.split('/').at(-1) ?? '', 'i');

  expect('Darkroom').toMatch(product);
  expect('DARKROOM_URL').toMatch(product);
  expect(files.length).toBeGreaterThan(80);
  expect(files.filter(({ file, text }) => product.test(file) || product.test(text))).toEqual([]);
});

test('no file of the emulator imports or links to a file outside', () => {
  const path = /(?:\bfrom |\bimport\(?\s*|new URL\(|\]\()['"`]?(\.{1,2}\/[^'"`)#]+)/g;
  const found = files.flatMap(({ file, text }) =>
    [...text.matchAll(path)].map(([, target = '']) => ({ file, target })),
  );

  expect(found.length).toBeGreaterThan(200);
  expect(
    found.filter(({ file, target }) => relative('.', join(dirname(file), target)).startsWith('..')),
  ).toEqual([]);
});

/** The names in backticks in the first column of the table below a heading of the README. */
function typesBelow(heading: string): readonly string[] {
  const [, section = ''] = readme.split(`\n### ${heading}\n`);
  const [table = ''] = section.split('\n#');
  return [...table.matchAll(/^\| ([^|]+) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
  );
}

test('the README lists exactly the resource types that run', () => {
  expect(typesBelow('Types that run').toSorted()).toEqual([...schemaByType.keys()].toSorted());
});

test('the README lists exactly the resource types without an effect, each with the reason', () => {
  const rows = Object.entries(typesWithoutEffect).map(([type, why]) => `| \`${type}\` | ${why} |`);

  expect(typesBelow('Types without an effect')).toEqual(Object.keys(typesWithoutEffect));
  expect(rows.filter((row) => !readme.includes(row))).toEqual([]);
});

test('the README says why a property changes nothing, for each that is ignored', () => {
  const [, section = ''] = readme.split('\n### Properties that change nothing\n');
  const [table = ''] = section.split('\n#');
  const rows = [...schemaByType].flatMap(([type, { ignored }]) =>
    Object.entries(ignored).map(([name, why]) => `| \`${type}\` | \`${name}\` | ${why} |`),
  );

  expect(table.trim().split('\n').slice(2)).toEqual(rows);
});
