import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { compileCacheOf } from '../../../local/aws/lambda/compile-cache.ts';
import { cachedSynthesis } from '../../../local/aws/synthesis-cache.ts';

let project: string;
let outdir: string;
let cache: string;
let runs: number;

beforeEach(() => {
  const directory = mkdtempSync(join(tmpdir(), 'darkroom-synthesis-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  project = join(directory, 'project');
  outdir = join(directory, 'cdk.out');
  cache = join(directory, 'cache');
  runs = 0;
  write('infra/app.ts', 'one');
  write('package-lock.json', '{}');
});

function write(name: string, content: string): void {
  const file = join(project, name);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, content);
}

const run = (change: Partial<Parameters<typeof cachedSynthesis>[0]> = {}) =>
  cachedSynthesis({
    outdir,
    cache,
    synthesise: async (directory) => {
      runs += 1;
      writeFileSync(join(directory, 'template.json'), String(runs));
    },
    project,
    sources: ['infra/**/*.ts', 'functions/**/*.ts', 'README.md', 'package-lock.json'],
    ...change,
  });
const template = (directory = outdir) => readFileSync(join(directory, 'template.json'), 'utf8');
/** The entries beside the directory and in the cache. */
const leftovers = () => [readdirSync(join(outdir, '..')).toSorted(), readdirSync(cache).length];

test('unchanged sources are synthesised once', async () => {
  expect(await run()).toBe(true);
  expect(await run()).toBe(false);
  write('infra/app.ts', 'one'); // a new time, the same content
  expect(await run()).toBe(false);
  expect(template()).toBe('1');
});

test.each([
  ['a changed source', 'infra/app.ts', 'two'],
  ['a new source', 'functions/api/new/route.ts', ''],
  ['a page that the console shows', 'README.md', 'read me'],
  ['another version of a library', 'package-lock.json', '{"lockfileVersion":3}'],
])('%s is synthesised again', async (_, name, content) => {
  await run();
  write(name, content);

  expect(await run()).toBe(true);
  expect(template()).toBe('2');
});

test('a file that is no source changes nothing', async () => {
  await run();
  write('CONTRIBUTING.md', 'read me');

  expect(await run()).toBe(false);
});

test('a synthesis that fails leaves the one before, and no files of its own', async () => {
  await run();
  write('infra/app.ts', 'two');
  const failing = async (directory: string) => {
    writeFileSync(join(directory, 'template.json'), 'half of a templ');
    throw new Error('it does not compile');
  };

  await expect(run({ synthesise: failing })).rejects.toThrow('does not compile');

  expect(template()).toBe('1');
  expect(leftovers()).toEqual([['cache', 'cdk.out', 'project'], 1]);
  expect(await run()).toBe(true);
  expect(template()).toBe('2');
});

test('of two syntheses at a time, the directory holds one complete synthesis', async () => {
  const both = await Promise.all([run(), run()]);

  expect(both).toEqual([true, true]);
  expect(['1', '2']).toContain(template());
  expect(leftovers()).toEqual([['cache', 'cdk.out', 'project'], 1]);
});

describe('another directory', () => {
  let other: string;
  beforeEach(() => {
    other = `${outdir}-of-another`;
  });

  test('gets the synthesis of the same sources from the cache, and keeps it without one', async () => {
    await run();

    expect(await run({ outdir: other })).toBe(false);
    rmSync(cache, { recursive: true });
    expect(await run({ outdir: other })).toBe(false);
    expect([template(other), runs]).toEqual(['1', 1]);
  });

  test('gets a new synthesis when the sources have changed, and the earlier one when they are changed back', async () => {
    await run();
    write('infra/app.ts', 'two');
    expect(await run({ outdir: other })).toBe(true);
    write('infra/app.ts', 'one');

    expect(await run({ outdir: other })).toBe(false);
    expect(template(other)).toBe('1');
  });

  test('gets a synthesis of its own when the cache cannot be written to', async () => {
    writeFileSync(cache, '');

    expect(await run({ outdir: other })).toBe(true);
    expect(template(other)).toBe('1');
  });
});

test('all copies of a synthesis share one compile cache, which is not copied or deleted with them', async () => {
  const other = `${outdir}-of-another`;
  await run();
  writeFileSync(join(compileCacheOf(outdir), 'compiled'), 'code');
  await run({ outdir: other });

  expect(readFileSync(join(compileCacheOf(other), 'compiled'), 'utf8')).toBe('code');
  expect(lstatSync(compileCacheOf(other)).isSymbolicLink()).toBe(true);
  rmSync(outdir, { recursive: true });
  expect(readdirSync(compileCacheOf(other))).toEqual(['compiled']);
});

test('the cache keeps the four syntheses that were used last', async () => {
  for (const source of ['one', 'two', 'three', 'four']) {
    write('infra/app.ts', source);
    await run();
  }
  const cached = readdirSync(cache);
  for (const name of cached) utimesSync(join(cache, name), 0, 0);
  write('infra/app.ts', 'one');
  await run();
  write('infra/app.ts', 'five');
  await run();
  write('infra/app.ts', 'one');

  expect(await run()).toBe(false);
  expect(cached).toHaveLength(4);
  expect(readdirSync(cache)).toHaveLength(4);
});

test('other users can read what is in the cache', async () => {
  await run();
  const [entry = ''] = readdirSync(cache);

  expect(statSync(join(cache, entry)).mode & 0o777).toBe(0o777 & ~process.umask());
});
