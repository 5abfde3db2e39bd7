/** Lets so many in at a time; the others wait in order. */
export function turnstile(limit: number) {
  const waiting: (() => void)[] = [];
  let inside = 0;
  return {
    async enter(): Promise<void> {
      if (inside < limit) inside += 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
    },
    // The place goes straight to who waits longest, so that nobody can slip in between.
    leave(): void {
      const next = waiting.shift();
      if (next) next();
      else inside -= 1;
    },
    /** Lets in all that wait. */
    open(): void {
      for (const next of waiting.splice(0)) next();
    },
  };
}
