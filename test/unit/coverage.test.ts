import { globSync } from 'node:fs';
import { join, matchesGlob } from 'node:path';
import { expect, test } from 'vitest';
import { entries } from '../../functions/runtime/env.ts';
import config from '../../vitest.config.ts';

const root = join(import.meta.dirname, '../..');

test('the coverage leaves out the entries of functions, the handlers of routes and a script, and nothing that lies beside them', async () => {
  const { test: options } = await config({ mode: 'test', command: 'serve' });
  const excluded = options?.coverage?.exclude ?? [];
  const leftOut = globSync('functions/**/*.ts', { cwd: root })
    .filter((path) => excluded.some((pattern) => matchesGlob(path, pattern)))
    .filter((path) => !/^functions\/api\/[^/]+\/handler\.ts$/.test(path))
    .sort();

  const entryFiles = Object.keys(entries).filter((entry) => !entry.startsWith('api/'));
  expect(leftOut).toEqual(
    [...entryFiles.map((entry) => `functions/${entry}.ts`), 'functions/openapi/write.ts'].sort(),
  );
});
