import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
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

const consoleModule = new URL('../../infra/console.ts', import.meta.url).href;
const ordinaryUser = { uid: 65_534, gid: 65_534 };
/** Only the administrator can be somebody else, and not in a checkout that only he can read. */
const canRunAsOrdinaryUser =
  process.getuid?.() === 0 &&
  spawnSync(process.execPath, ['-e', `fs.accessSync(new URL('${consoleModule}'))`], ordinaryUser)
    .status === 0;

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

  test('is kept where other users can read it', () => {
    const [entry = ''] = readdirSync(cache);

    expect(statSync(join(cache, entry)).mode & 0o777).toBe(0o777 & ~process.umask());
  });

  test.runIf(canRunAsOrdinaryUser)(
    'is built when another user has a cache of his own',
    async () => {
      const open = mkdtempSync(join(tmpdir(), 'darkroom-console-test-'));
      const entries = readdirSync(cache).map((name) => join(cache, name));
      chmodSync(temporary, 0o755);
      chmodSync(open, 0o777);
      for (const path of entries) chmodSync(path, 0o700);
      const outdir = join(open, 'third');
      const script = `
      import { buildConsole } from ${JSON.stringify(consoleModule)};
      await buildConsole(${JSON.stringify(outdir)}, ${JSON.stringify(cache)});
    `;

      spawnSync(process.execPath, ['--input-type=module', '-e', script], ordinaryUser);

      const names = existsSync(outdir) ? filesIn(outdir) : [];
      rmSync(open, { recursive: true });
      expect(names).toEqual(filesIn(built));
    },
  );
});

test('the types of the API in the console are those of its document', () => {
  const file = join(temporary, 'schema.d.ts');
  const generator = 'test/clients/node_modules/openapi-typescript/bin/cli.js';
  execFileSync(process.execPath, [generator, 'docs/openapi.json', '--output', file]);

  // If this fails: npm run console:types
  expect(readFileSync('console/api/schema.d.ts', 'utf8')).toBe(readFileSync(file, 'utf8'));
});
