type Waiting = {
  readonly admit: () => void;
  /** Whether this caller goes before callers that have waited longer. */
  readonly isPreferred: () => boolean;
};

/** How many callers in a row may go before one that has waited longer. */
const maxPreferred = 20;

/**
 * Lets at most `limit` callers in at a time. The others wait in order, except that preferred callers go first when a
 * place becomes free. When nobody has left for `patienceMs`, one more gets in: the callers inside may be waiting for
 * one that waits outside.
 */
export function semaphore(limit: number, patienceMs: number) {
  const waiting: Waiting[] = [];
  let held = 0;
  let preferred = 0;
  let patience: NodeJS.Timeout | undefined;

  const takeNext = (): Waiting | undefined => {
    const index =
      preferred < maxPreferred ? waiting.findIndex(({ isPreferred }) => isPreferred()) : 0;
    preferred = index > 0 ? preferred + 1 : 0;
    return waiting.splice(Math.max(0, index), 1)[0];
  };
  const restartPatience = () => {
    clearTimeout(patience);
    patience = waiting.length > 0 ? setTimeout(admitOneMore, patienceMs) : undefined;
  };
  const admitOneMore = () => {
    held += 1;
    takeNext()?.admit();
    restartPatience();
  };
  const acquire = async (isPreferred: () => boolean) => {
    if (held < limit) {
      held += 1;
      return;
    }
    const admitted = new Promise<void>((admit) => waiting.push({ admit, isPreferred }));
    if (!patience) restartPatience();
    await admitted;
  };
  // The slot goes straight to a waiting caller, so that no other can take it in between.
  const release = () => {
    const next = held > limit ? undefined : takeNext();
    if (next) next.admit();
    else held -= 1;
    restartPatience();
  };
  return {
    held: () => held,
    /** Runs a task when it gets in. */
    async run<T>(task: () => Promise<T>, isPreferred = () => false): Promise<T> {
      await acquire(isPreferred);
      return task().finally(release);
    },
    /** Lets in all callers that wait. */
    releaseAll(): void {
      for (const { admit } of waiting.splice(0)) admit();
      restartPatience();
    },
  };
}

export type Semaphore = ReturnType<typeof semaphore>;
