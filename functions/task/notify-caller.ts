import { CallbackRefused } from './failures.ts';
import type { Clock, Tasks } from './ports.ts';
import { type CallbackRecord, type Ended, isEnded } from './task.ts';

/** The contract's attempts, one after the other: the state machine pauses 1, 2 and 4 seconds. */
export const quickAttempts = 4;
/** After one of them the next is on its way; should it get lost, somebody looks after this time. */
const quickGraceMs = 60 * 1000;

type Needs = {
  readonly tasks: Pick<Tasks, 'find' | 'callback'>;
  /** The body a caller would get who asked for the task now. */
  readonly bodyOf: (task: Ended) => Promise<string>;
  /** One attempt; answers the HTTP status, or undefined when there was none. */
  readonly deliver: (task: Ended, url: string, body: string) => Promise<number | undefined>;
  readonly now: Clock;
  /** The pauses between the further attempts, in seconds; after the last one it is given up. */
  readonly tailSeconds: readonly number[];
  readonly undelivered: (taskId: string) => void;
};

/**
 * Tells the caller how his task ended, in one attempt, and records what came of it and when the next
 * one is due.
 * @throws {CallbackRefused} when the answer was not a 2xx and another attempt follows at once
 */
export const notifyCaller =
  (needs: Needs) =>
  async (taskId: string): Promise<void> => {
    const task = await needs.tasks.find(taskId);
    if (!task || !isEnded(task)) throw new Error(`${taskId} has not ended`);
    const { callbackUrl, callback } = task;
    if (callbackUrl === undefined || callback?.state === 'delivered') return;
    const lastStatus = await needs.deliver(task, callbackUrl, await needs.bodyOf(task));
    await note(needs, taskId, (callback?.attempts ?? 0) + 1, lastStatus);
  };

async function note(needs: Needs, taskId: string, attempts: number, lastStatus?: number) {
  const { state, dueAt } = next(needs, attempts, lastStatus);
  await needs.tasks.callback(taskId, { state, attempts, lastStatus }, dueAt);
  if (state === 'undelivered') needs.undelivered(taskId);
  if (state === 'failing' && attempts < quickAttempts) throw refusalOf(attempts, lastStatus);
}

type Next = { readonly state: CallbackRecord['state']; readonly dueAt?: number };

function next({ now, tailSeconds }: Needs, attempts: number, lastStatus: number | undefined): Next {
  if (isSuccess(lastStatus)) return { state: 'delivered' };
  if (attempts < quickAttempts) return { state: 'failing', dueAt: now() + quickGraceMs };
  const pause = tailSeconds[attempts - quickAttempts];
  if (pause === undefined) return { state: 'undelivered' };
  return { state: 'failing', dueAt: now() + pause * 1000 };
}

const refusalOf = (attempts: number, lastStatus: number | undefined) =>
  new CallbackRefused(
    `attempt ${attempts} ${lastStatus ? `was answered ${lastStatus}` : 'had no answer'}`,
  );

const isSuccess = (status = 0): boolean => status >= 200 && status < 300;
