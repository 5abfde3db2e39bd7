import { randomUUID } from 'node:crypto';
import { dirname } from 'node:path';
import { inject, onTestFinished } from 'vitest';
import { openStack, type TestStack } from './open-stack.ts';

let shared: Promise<TestStack> | undefined;

/**
 * The local stack with the template that was synthesised for the whole project, and a new account on it. The files
 * that run in one process share the stack, one after the other, because starting it and its functions takes longer
 * than most of them. It ends with the process, and its data is deleted with the template; `close` only checks the
 * logs. A file that needs the default account, other parameters or a clock opens a stack of its own.
 */
export async function startStack(): Promise<TestStack> {
  const outdir = inject('outdir');
  shared ??= openStack({ outdir, parent: dirname(outdir) });
  const stack = await (await shared).withAccount(`test-${randomUUID().slice(0, 8)}`);
  return { ...stack, close: async () => stack.checkLogs() };
}

/** A stack of its own, with the same template. */
export const openOwnStack = (): Promise<TestStack> => openStack({ outdir: inject('outdir') });

/** Sets how the mock provider behaves until the test is over. */
export function controlProvider(
  { mockProvider }: TestStack,
  change: Parameters<TestStack['mockProvider']['control']>[0],
): void {
  mockProvider.control(change);
  onTestFinished(async () => {
    await fetch(`${mockProvider.url}/control`, { method: 'DELETE' });
  });
}
