import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { synthesiseIfChanged } from '../../local/synthesise.ts';
import { openStack, type TestStack } from './open-stack.ts';

/** A local stack that makes thumbnails, as `npm start` has it. The stack of the other tests makes none. */
export async function openThumbnailStack(): Promise<TestStack> {
  const directory = mkdtempSync(join(tmpdir(), 'darkroom-thumbnails-'));
  const outdir = join(directory, 'cdk.out');
  await synthesiseIfChanged({
    outdir,
    cache: '.local/cache/local',
    thumbnails: true,
  });
  const stack = await openStack({ outdir, parent: directory });
  return {
    ...stack,
    close: async () => {
      await stack.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
