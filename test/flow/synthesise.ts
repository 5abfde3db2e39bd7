import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { synthesiseIfChanged } from '../../local/synthesis-cache.ts';
import { synthesise } from '../../local/synthesise.ts';

declare module 'vitest' {
  interface ProvidedContext {
    outdir: string;
  }
}

/** Synthesises the stage `local` once for all test files of a project, unless an earlier run did. */
export async function setup(project: TestProject): Promise<() => void> {
  const outdir = '.local/test/cdk.out';
  mkdirSync('.local/test', { recursive: true });
  await synthesiseIfChanged(outdir, (fresh) => synthesise(fresh));
  // A copy, because another run in this folder may replace the directory while these tests run.
  const directory = mkdtempSync(join(tmpdir(), 'darkroom-flow-'));
  cpSync(outdir, join(directory, 'cdk.out'), { recursive: true });
  project.provide('outdir', join(directory, 'cdk.out'));
  return () => rmSync(directory, { recursive: true, force: true });
}
