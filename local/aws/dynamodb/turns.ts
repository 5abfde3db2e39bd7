/** The right to run alone. */
type Turn = {
  /** Lets others run until the promise is settled. */
  giveWayFor(pause: Promise<void> | undefined): Promise<void>;
};

/** Runs a task alone. */
export type InTurn = <T>(task: (turn: Turn) => Promise<T>) => Promise<T>;

/** Runs one task at a time, in the order in which they came. */
export function turns(): InTurn {
  let last: Promise<void> = Promise.resolve();

  const begin = async (): Promise<() => void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const before = last;
    last = promise;
    await before;
    return resolve;
  };

  return async (task) => {
    let end = await begin();
    const turn: Turn = {
      async giveWayFor(pause) {
        if (!pause) return;
        end();
        await pause.finally(async () => {
          end = await begin();
        });
      },
    };
    try {
      return await task(turn);
    } finally {
      end();
    }
  };
}
