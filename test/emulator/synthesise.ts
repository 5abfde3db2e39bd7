import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import type { TestProject } from 'vitest/node';
import { synthesiseIfChanged } from '../../local/synthesise.ts';
import { python, reasonToSkip } from './python.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The directory of the stage `dev`, as `cdk synth` writes it; and the Python that has the emulator. */
    emulator: { readonly outdir: string; readonly python: string } | undefined;
  }
}

/** Synthesises the stage `dev` once, unless an earlier run did, or says why the project is skipped. */
export async function setup(project: TestProject): Promise<void> {
  const reason = reasonToSkip();
  if (reason) {
    process.stdout.write(`Skipped: the tests in the emulator. ${reason}\n`);
    project.provide('emulator', undefined);
    return;
  }
  mkdirSync('.local/test', { recursive: true });
  const outdir = resolve('.local/test/cdk.out.dev');
  await synthesiseIfChanged({
    outdir,
    cache: '.local/cache/dev',
    stage: 'dev',
  });
  project.provide('emulator', { outdir, python });
}
