import type { Sandbox } from './sandbox.ts';

/** Where sandboxes rest between events, those of all functions together. */
export type WarmPlaces = {
  /** Whoever has rested longest makes room for the next one: its `discard` is called. */
  enter(sandbox: Sandbox, discard: () => void): void;
  leave(sandbox: Sandbox): void;
};

/** So many may rest at a time. Each one is an engine of its own and takes some 30 MB. */
export function warmPlaces(most: number): WarmPlaces {
  const resting = new Map<Sandbox, () => void>(); // in the order in which they came
  return {
    enter(sandbox, discard) {
      resting.set(sandbox, discard);
      const [longest] = resting;
      if (resting.size <= most || !longest) return;
      resting.delete(longest[0]);
      longest[1]();
    },
    leave: (sandbox) => void resting.delete(sandbox),
  };
}
