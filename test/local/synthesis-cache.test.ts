import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { synthesiseIfChanged } from '../../local/synthesis-cache.ts';

let project: string;
let outdir: string;
let runs: number;

beforeEach(() => {
  const directory = mkdtempSync(join(tmpdir(), 'darkroom-synthesis-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  project = join(directory, 'project');
  outdir = join(directory, 'cdk.out');
  runs = 0;
  write('infra/app.ts', 'one');
  write('package-lock.json', '{}');
});

function write(name: string, content: string): void {
  const file = join(project, name);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, content);
}

const run = () =>
  synthesiseIfChanged(
    outdir,
    async (directory) => {
      runs += 1;
      writeFileSync(join(directory, 'template.json'), String(runs));
    },
    project,
  );
const template = () => readFileSync(join(outdir, 'template.json'), 'utf8');

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
  ['another version of a library', 'package-lock.json', '{"lockfileVersion":3}'],
])('%s is synthesised again', async (_, name, content) => {
  await run();
  write(name, content);

  expect(await run()).toBe(true);
  expect(template()).toBe('2');
});

test('a file that is no source changes nothing', async () => {
  await run();
  write('README.md', 'read me');

  expect(await run()).toBe(false);
});

test('a synthesis that fails leaves the one before and nothing of itself', async () => {
  await run();
  write('infra/app.ts', 'two');
  const failing = async (directory: string) => {
    writeFileSync(join(directory, 'template.json'), 'half of a templ');
    throw new Error('it does not compile');
  };

  await expect(synthesiseIfChanged(outdir, failing, project)).rejects.toThrow('does not compile');

  expect(template()).toBe('1');
  expect(readdirSync(join(outdir, '..')).toSorted()).toEqual(['cdk.out', 'project']);
  expect(await run()).toBe(true);
  expect(template()).toBe('2');
});

test('of two syntheses at a time, the directory holds one whole', async () => {
  const both = await Promise.all([run(), run()]);

  expect(both).toEqual([true, true]);
  expect(['1', '2']).toContain(template());
  expect(readdirSync(join(outdir, '..')).toSorted()).toEqual(['cdk.out', 'project']);
});
