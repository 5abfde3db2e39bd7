import { globSync, statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { consoleSources } from '../../../infra/console.ts';
import { synthesisSources } from '../../../local/synthesise.ts';

test('all files that the console is built of are sources, so that none of its pages stays old', () => {
  const filesOf = (patterns: string[]) =>
    globSync(patterns).filter((path) => statSync(path).isFile());
  const read = new Set(filesOf(synthesisSources));

  expect(read.size).toBeGreaterThan(100);
  expect(filesOf(consoleSources).filter((path) => !read.has(path))).toEqual([]);
});
