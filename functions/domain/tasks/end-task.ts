import type { ActiveTask, CallbackRecord, EndedTask, Settled, WithRequest } from '../model/task.ts';
import type { TaskStore } from './ports.ts';

type Deps = {
  readonly tasks: Pick<TaskStore, 'findRequest'>;
  readonly settle: (
    task: ActiveTask,
    attempts: { readonly isFirst: boolean },
  ) => Promise<Settled | undefined>;
  /** Logs and counts a settlement. */
  readonly settled: (settlement: Settled | undefined) => void;
  /** The secrets that the callbacks of an account are signed with now. */
  readonly secretsOf: (account: string) => Promise<readonly string[]>;
  /** Makes one attempt to notify the caller of a task that was just settled. */
  readonly sendCallback: (
    task: WithRequest<EndedTask>,
    secrets: readonly string[],
  ) => Promise<CallbackRecord | undefined>;
  /** The same, for a task of which only the id is known. */
  readonly notifyCaller: (taskId: string) => Promise<CallbackRecord | undefined>;
  readonly recordDuration: (settlement: Settled | undefined) => Promise<void>;
};

/**
 * Ends a task whose outcome is known, all at once: settles it, and then makes the first attempt to notify its caller.
 * `isFirst`: no attempt to settle it can have begun before. The data for the callback is read while the images are copied,
 * and the duration is recorded after the callback.
 * Ending it twice changes nothing, but may notify the caller twice.
 * @throws what `settleTask` and `notifyCaller` throw
 */
export const endTask =
  ({ tasks, settle, settled, secretsOf, sendCallback, notifyCaller, recordDuration }: Deps) =>
  async (
    task: ActiveTask,
    { isFirst }: { readonly isFirst: boolean },
  ): Promise<CallbackRecord | undefined> => {
    const { id, account, callbackUrl } = task;
    const reads =
      callbackUrl === undefined
        ? undefined
        : Promise.all([tasks.findRequest(id), secretsOf(account)]);
    reads?.catch(() => undefined); // thrown where they are used
    const settlement = await settle(task, { isFirst });
    settled(settlement);
    try {
      // Another run has settled the task, or the response to our own settlement was lost: the record has it.
      if (!settlement) return await notifyCaller(id);
      const [request, secrets = []] = (await reads) ?? [];
      return request && (await sendCallback({ ...settlement.ended, ...request }, secrets));
    } finally {
      await recordDuration(settlement);
    }
  };
