import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import type { PreludeOf } from '../../../local/aws/lambda/prelude.ts';
import type { FakeClock } from '../clock.ts';
import type { SandboxData } from './sandbox-worker.ts';
import { crashGate, type WatchInvocation } from './sync-gate.ts';

type Options = {
  /** The clock of the functions, if that is not the machine's. */
  readonly clock?: FakeClock | undefined;
  /** Called when a sandbox starts. If it returns nothing, the sandbox's calls are not watched. */
  readonly watch?: () => WatchInvocation | undefined;
};

// As JavaScript: to strip types, every sandbox would load a compiler of its own, which takes it 60 ms and 6 MB.
function buildModule(): URL {
  const { outputFiles } = buildSync({
    entryPoints: [fileURLToPath(new URL('./sandbox-worker.ts', import.meta.url))],
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
  });
  const code = outputFiles.map(({ text }) => text).join('');
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`);
}
const module = buildModule();

/** Gives the sandboxes a clock, and lets them crash at their outgoing calls. */
export const sandboxPrelude =
  ({ clock, watch }: Options): PreludeOf =>
  (definition, kill) => {
    const watchInvocation = watch?.();
    if (!clock && !watchInvocation) return undefined;
    const crashes = watchInvocation && crashGate(watchInvocation, definition, kill);
    const data: SandboxData = { clockOffset: clock?.offset, gate: crashes?.gate };
    return {
      module,
      data,
      ...(crashes && { transfer: [crashes.gate.port], onEvent: crashes.beginInvocation }),
    };
  };
