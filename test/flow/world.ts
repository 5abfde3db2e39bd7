import { inject, onTestFinished } from 'vitest';
import { openWorld, type World } from './open-world.ts';

export { type Body, painted, until, upload, type World } from './open-world.ts';

/** The laptop, running the synthesised stack with everything in it. */
export const startWorld = (): Promise<World> => openWorld({ outdir: inject('outdir') });

/** Sets how the painter behaves until the test is over. */
export function painting(
  { painter }: World,
  change: Parameters<World['painter']['control']>[0],
): void {
  painter.control(change);
  onTestFinished(async () => {
    await fetch(`${painter.url}/control`, { method: 'DELETE' });
  });
}
