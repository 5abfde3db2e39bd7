import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { synthesise } from '../../local/synthesise.ts';

declare module 'vitest' {
  interface ProvidedContext {
    outdir: string;
  }
}

/** Synthesises the laptop's stage once for all files of the suite. */
export async function setup(project: TestProject): Promise<() => void> {
  const directory = mkdtempSync(join(tmpdir(), 'darkroom-flow-'));
  const outdir = join(directory, 'cdk.out');
  await synthesise(outdir);
  project.provide('outdir', outdir);
  return () => rmSync(directory, { recursive: true, force: true });
}
