import type { Clock } from '../model/clock.ts';
import { type QueueStore, reconcilerRun } from '../providers/queue-store.ts';

type Deps = {
  /** Reconciles the slots of the providers, and reports how full they are. */
  readonly reconcileSlots: () => Promise<void>;
  /** Checks every task that is due. */
  readonly reconcileTasks: () => Promise<void>;
  readonly queue: Pick<QueueStore, 'writeSummary'>;
  readonly now: Clock;
  readonly slotsFailed: (cause: unknown) => void;
};

/**
 * One run of the reconciler. The slots come first: that is fast, and the tasks of every provider wait for them. When they
 * fail, the tasks are checked all the same. The operator sees when the last run ended.
 */
export const runReconciler =
  ({ reconcileSlots, reconcileTasks, queue, now, slotsFailed }: Deps) =>
  async (): Promise<void> => {
    await reconcileSlots().catch(slotsFailed);
    await reconcileTasks();
    await queue.writeSummary(reconcilerRun, { takenAt: now(), flows: [] });
  };
