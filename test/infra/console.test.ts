import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildConsole } from '../../infra/console.ts';

const temporary = mkdtempSync(join(tmpdir(), 'darkroom-console-test-'));
const built = join(temporary, 'first');
const cache = join(temporary, 'cache');

beforeAll(() => buildConsole(built, cache), 60_000);
afterAll(() => rmSync(temporary, { recursive: true }));

const filesIn = (directory: string) =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort();
const bytesOf = (name: string) => readFileSync(join(built, name));
const page = () => bytesOf('index.html').toString();
/** The files that the page loads before it shows anything. */
const initial = (ending: string) =>
  [...page().matchAll(/(?:src|href)="\/console\/([^"]+)"/g)]
    .map(([, name = '']) => name)
    .filter((name) => name.endsWith(ending));
const compressedSize = (names: readonly string[]) =>
  names.reduce((sum, name) => sum + bytesOf(`${name}.br`).length, 0) / 1000;
const scripts = () => filesIn(built).filter((name) => name.endsWith('.js'));

describe('the built console', () => {
  test('loads at most 110 kB of script before it shows something, and 12 kB of styles', () => {
    expect(initial('.js').length).toBeGreaterThan(0);
    expect(compressedSize(initial('.js'))).toBeLessThanOrEqual(110);
    expect(initial('.css')).toHaveLength(1);
    expect(compressedSize(initial('.css'))).toBeLessThanOrEqual(12);
  });

  test('loads every other screen when it is opened, with at most 25 kB for each', () => {
    const later = scripts().filter((name) => !initial('.js').includes(name));

    expect(later.length).toBeGreaterThanOrEqual(4);
    for (const name of later) expect(compressedSize([name])).toBeLessThanOrEqual(25);
  });

  test('contains nothing that the policy of the page forbids', () => {
    expect(page()).not.toMatch(/<style|style=|<script(?![^>]*\ssrc=)|\son\w+=|javascript:|data:/);
    const css = filesIn(built).filter((name) => name.endsWith('.css'));
    expect(css).not.toEqual([]);
    for (const name of css) expect(bytesOf(name).toString()).not.toMatch(/url\(|@import/);
    expect(scripts()).not.toEqual([]);
    for (const name of scripts()) {
      expect(bytesOf(name).toString()).not.toMatch(/\beval\(|new Function\(/);
    }
  });

  test('has each file unencoded and in two encodings, with the same content', () => {
    const plain = filesIn(built).filter((name) => /\.(html|js|css|svg)$/.test(name));

    expect(plain.length).toBeGreaterThan(8);
    for (const name of plain) {
      expect(brotliDecompressSync(bytesOf(`${name}.br`)).equals(bytesOf(name))).toBe(true);
      expect(gunzipSync(bytesOf(`${name}.gz`)).equals(bytesOf(name))).toBe(true);
    }
  });

  test('is taken from the cache when its sources are the same', async () => {
    const second = join(temporary, 'second');
    await buildConsole(second, cache);

    expect(readdirSync(cache)).toHaveLength(1);
    expect(filesIn(second)).toEqual(filesIn(built));
  });
});

test('the types of the API in the console are those of its document', () => {
  const file = join(temporary, 'schema.d.ts');
  const generator = 'test/clients/node_modules/openapi-typescript/bin/cli.js';
  execFileSync(process.execPath, [generator, 'docs/openapi.json', '--output', file]);

  // If this fails: npm run console:types
  expect(readFileSync('console/api/schema.d.ts', 'utf8')).toBe(readFileSync(file, 'utf8'));
});
