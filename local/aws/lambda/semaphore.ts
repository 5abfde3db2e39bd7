/**
 * Lets at most `limit` callers in at a time; the others wait in order. When nobody has left for a while
 * (`patienceMs`), one more gets in: those inside may be waiting for one who waits outside.
 */
export function semaphore(limit: number, patienceMs: number) {
  const waiting: (() => void)[] = [];
  let held = 0;
  let patience: NodeJS.Timeout | undefined;

  const restartPatience = () => {
    clearTimeout(patience);
    patience = waiting.length > 0 ? setTimeout(admitOneMore, patienceMs) : undefined;
  };
  const admitOneMore = () => {
    held += 1;
    waiting.shift()?.();
    restartPatience();
  };
  const acquire = async () => {
    if (held < limit) {
      held += 1;
      return;
    }
    const admitted = new Promise<void>((resolve) => waiting.push(resolve));
    if (!patience) restartPatience();
    await admitted;
  };
  // The slot goes straight to the longest waiting caller, so that no other can take it in between.
  const release = () => {
    const next = held > limit ? undefined : waiting.shift();
    if (next) next();
    else held -= 1;
    restartPatience();
  };
  return {
    held: () => held,
    /** Runs a task when it gets in. */
    async run<T>(task: () => Promise<T>): Promise<T> {
      await acquire();
      return task().finally(release);
    },
    /** Lets in all callers that wait. */
    releaseAll(): void {
      for (const next of waiting.splice(0)) next();
      restartPatience();
    },
  };
}

export type Semaphore = ReturnType<typeof semaphore>;
