import { CallbackRefused } from './failures.ts';
import type { Tasks } from './ports.ts';
import { type CallbackRecord, type Ended, isEnded } from './task.ts';

type Needs = {
  readonly tasks: Pick<Tasks, 'find' | 'callback'>;
  /** The body a caller would get who asked for the task now. */
  readonly bodyOf: (task: Ended) => Promise<string>;
  /** One attempt; answers the HTTP status, or undefined when there was none. */
  readonly deliver: (task: Ended, url: string, body: string) => Promise<number | undefined>;
};

/**
 * Tells the caller how his task ended, in one attempt, and records what came of it.
 * @throws {CallbackRefused} when the answer was not a 2xx; the state machine tries again
 */
export const notifyCaller =
  ({ tasks, bodyOf, deliver }: Needs) =>
  async (taskId: string): Promise<void> => {
    const task = await tasks.find(taskId);
    if (!task || !isEnded(task)) throw new Error(`${taskId} has not ended`);
    const { callbackUrl, callback } = task;
    if (callbackUrl === undefined || callback?.state === 'delivered') return;
    const record = after(callback, await deliver(task, callbackUrl, await bodyOf(task)));
    await tasks.callback(taskId, record);
    if (record.state === 'failing') throw refusalOf(record);
  };

const after = (before: CallbackRecord | undefined, lastStatus: number | undefined) =>
  ({
    state: isSuccess(lastStatus) ? 'delivered' : 'failing',
    attempts: (before?.attempts ?? 0) + 1,
    lastStatus,
  }) satisfies CallbackRecord;

const refusalOf = ({ attempts, lastStatus }: CallbackRecord) =>
  new CallbackRefused(
    `attempt ${attempts} ${lastStatus ? `was answered ${lastStatus}` : 'had no answer'}`,
  );

const isSuccess = (status = 0): boolean => status >= 200 && status < 300;
