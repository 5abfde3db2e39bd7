/** A task that an action is about, as the report names it. */
export type Item = { readonly id: string; readonly prompt_start: string };

/** The outcome of an action for one task. */
export type Outcome = {
  readonly item: Item;
  readonly isDone: boolean;
  /** In a sentence: what was done, or why it was not. */
  readonly text: string;
  /** The new task, when the action has made one. */
  readonly newId?: string | undefined;
};

type Done = Pick<Outcome, 'text' | 'newId'>;

export type Report = {
  /** The name of the action, like `Delete`. */
  readonly name: string;
  readonly total: number;
  /** In the order in which they came. */
  readonly outcomes: readonly Outcome[];
  readonly isRunning: boolean;
  /** Somebody has stopped the action: tasks that are not among the outcomes were not touched. */
  readonly isStopped: boolean;
  /** Why the last step failed, which is for all tasks together. */
  readonly problem?: string | undefined;
};

type Action = {
  readonly name: string;
  readonly items: readonly Item[];
  /** `isMine`: whether the user who started the action is still signed in. */
  readonly work: (item: Item, isMine: () => boolean) => Promise<Done>;
  /** Runs after the last task. */
  readonly finish?: (() => Promise<undefined>) | undefined;
};

const atOnce = 4;

export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/**
 * Runs an action on many tasks, a few at a time, and records the outcome for each: a failure does not stop the others. It
 * does not depend on a screen, and outlives the screens. Only one action runs at a time.
 */
export function makeBulk() {
  const listeners = new Set<() => void>();
  let report: Report | undefined;
  let signOuts = 0;

  const show = (next: Report | undefined) => {
    report = next;
    for (const listener of listeners) listener();
  };
  const change = (part: Partial<Report>) => {
    if (report) show({ ...report, ...part });
  };

  const run = async ({ name, items, work, finish }: Action): Promise<void> => {
    if (report?.isRunning) return;
    show({ name, total: items.length, outcomes: [], isRunning: true, isStopped: false });
    const begunAfter = signOuts;
    const isMine = () => begunAfter === signOuts;
    const left = [...items];
    const doOne = async (item: Item) => {
      const outcome = await work(item, isMine).then(
        (done): Outcome => ({ item, isDone: true, ...done }),
        (error): Outcome => ({ item, isDone: false, text: messageOf(error) }),
      );
      if (isMine()) change({ outcomes: [...(report?.outcomes ?? []), outcome] });
    };
    const doNext = async (): Promise<void> => {
      const item = isMine() && !report?.isStopped ? left.shift() : undefined;
      if (!item) return;
      await doOne(item);
      return doNext();
    };
    await Promise.all(Array.from({ length: atOnce }, doNext));
    const problem = isMine() ? await finish?.().catch(messageOf) : undefined;
    if (isMine()) change({ isRunning: false, ...(problem !== undefined && { problem }) });
  };

  return {
    run,
    report: () => report,
    subscribe(listener: () => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    /** Stops the action: what has begun is finished, and nothing more begins. */
    stop: () => change({ isStopped: true }),
    /** Removes the report of an action that has ended. */
    close(): void {
      if (!report?.isRunning) show(undefined);
    },
    /** Forgets everything after a sign-out, and begins nothing more. */
    forget(): void {
      signOuts += 1;
      show(undefined);
    },
  };
}
