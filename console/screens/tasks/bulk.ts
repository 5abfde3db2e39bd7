/** A task that an action is about, as the report names it. */
export type Item = { readonly id: string; readonly prompt_start: string };

/** What has come of one task. */
export type Outcome = {
  readonly item: Item;
  readonly isDone: boolean;
  /** In a sentence: what was done, or why it was not. */
  readonly text: string;
  /** The task that was made by it. */
  readonly newId?: string | undefined;
};

type Done = Pick<Outcome, 'text' | 'newId'>;

export type Report = {
  /** What was asked for, like `Delete`. */
  readonly name: string;
  readonly total: number;
  /** In the order in which they came. */
  readonly outcomes: readonly Outcome[];
  readonly isRunning: boolean;
  /** Somebody has stopped it: what is not among the outcomes was not touched. */
  readonly isStopped: boolean;
  /** Why the last step failed, which is about all of them. */
  readonly problem?: string | undefined;
};

type Action = {
  readonly name: string;
  readonly items: readonly Item[];
  /** `isMine`: whether whoever asked for it is still signed in. */
  readonly work: (item: Item, isMine: () => boolean) => Promise<Done>;
  /** After the last of them. */
  readonly finish?: (() => Promise<undefined>) | undefined;
};

const atOnce = 4;

export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/**
 * Does the same with many tasks, a few at once, and writes down what came of each: one that fails does not stop the others.
 * It knows no screen, and outlives them. One action at a time.
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
    /** What has begun is done; nothing more begins. */
    stop: () => change({ isStopped: true }),
    /** Takes the report of an action that is over away. */
    close(): void {
      if (!report?.isRunning) show(undefined);
    },
    /** After a sign-out: nothing stays, and nothing more begins. */
    forget(): void {
      signOuts += 1;
      show(undefined);
    },
  };
}
