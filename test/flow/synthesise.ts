import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { synthesiseIfChanged } from '../../local/synthesise.ts';

declare module 'vitest' {
  interface ProvidedContext {
    outdir: string;
  }
}

/** Synthesises the stage `local` once for all test files of a project, unless an earlier run or start did. */
export async function setup(project: TestProject): Promise<() => void> {
  // In a directory of its own, because another run may have other sources.
  const directory = mkdtempSync(join(tmpdir(), 'darkroom-flow-'));
  const outdir = join(directory, 'cdk.out');
  await synthesiseIfChanged({ outdir, cache: '.local/cache/local' });
  project.provide('outdir', outdir);
  return () => rmSync(directory, { recursive: true, force: true });
}
