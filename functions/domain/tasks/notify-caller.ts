import type { Clock } from '../model/clock.ts';
import { isSuccess, quoteText } from '../model/receiver-response.ts';
import {
  type CallbackAttempt,
  type CallbackRecord,
  type EndedTask,
  hasCallbackResult,
  isEnded,
  quickAttempts,
  quickPauseSeconds,
  type TaskRef,
  type WithRequest,
} from '../model/task.ts';
import { CallbackFailed } from '../model/workflow-errors.ts';
import type { TaskStore } from './ports.ts';

/** If the state machine loses the next quick attempt, the reconciler makes it after this time. */
const quickGraceMs = 60 * 1000;

/** The longest `Retry-After` of a receiver that is waited for, in seconds: an hour. */
const maxRetryAfterSeconds = 60 * 60;

/** With this status a receiver says that it wants no more of this callback. */
const gone = 410;

type Deps = {
  readonly tasks: Pick<TaskStore, 'recordCallbackAttempt'>;
  /**
   * The body of the callback: the ended task as a read would return it now, without `request`, `key`, `events` and
   * `callback`.
   */
  readonly bodyOf: (task: WithRequest<EndedTask>) => Promise<string>;
  /** One attempt. */
  readonly deliver: (callback: Callback) => Promise<Delivery>;
  readonly now: Clock;
  /** The pauses between the further attempts, in seconds; after the last one the callback is given up. */
  readonly callbackRetryDelays: readonly number[];
  /** Called after every attempt, with the reason if it failed. */
  readonly attempted: (task: TaskRef, record: CallbackRecord, failure?: CallbackFailed) => void;
};

/** What is sent to the caller of a task. */
export type Callback = {
  readonly taskId: string;
  readonly url: string;
  readonly body: string;
  /** The secrets that it is signed with. */
  readonly secrets: readonly string[];
};

/** The response to one attempt: its HTTP status, or why there was none. */
export type Delivery =
  | {
      readonly status: number;
      /** The beginning of the response, if it is text. It is untrusted. */
      readonly text?: string | undefined;
      /** How long the receiver asks us to wait. */
      readonly retryAfterSeconds?: number | undefined;
    }
  /** Its message is public. */
  | { readonly cause: Error };

/**
 * Sends the callback of an ended task, in one attempt, and records its result and when the next attempt is
 * due. Returns what it recorded, or undefined when there is nothing to send. A receiver that responds with 410 gets no
 * further attempt; with `Retry-After`, the next attempt is made after that time.
 * @throws {CallbackFailed} when the response was not a 2xx and another attempt follows at once
 */
export const notifyCaller =
  ({
    tasks,
    secretsOf,
    ...deps
  }: Omit<Deps, 'tasks'> & {
    readonly tasks: Pick<TaskStore, 'find' | 'recordCallbackAttempt'>;
    /** The secrets that the callbacks of an account are signed with now. */
    readonly secretsOf: (account: string) => Promise<readonly string[]>;
  }) =>
  async (taskId: string): Promise<CallbackRecord | undefined> => {
    const task = await tasks.find(taskId);
    if (!task) return undefined; // it was deleted, or has expired
    if (!isEnded(task)) throw new Error(`${taskId} has not ended`);
    // A repeated state finds the result of the earlier run. To send a callback again, its state is first set to pending.
    if (task.callbackUrl === undefined || hasCallbackResult(task)) return undefined;
    return sendCallback({ tasks, ...deps })(task, await secretsOf(task.account));
  };

/** Sends the callback of a task that was just read, as `notifyCaller` does. @throws what `notifyCaller` throws */
export const sendCallback =
  (deps: Deps) =>
  async (
    task: WithRequest<EndedTask>,
    secrets: readonly string[],
  ): Promise<CallbackRecord | undefined> => {
    const { id: taskId, callbackUrl: url } = task;
    if (url === undefined) return undefined;
    const body = await deps.bodyOf(task);
    const at = deps.now();
    const delivery = await deps.deliver({ taskId, url, body, secrets });
    return recordAttempt(deps, task, delivery, { at, milliseconds: deps.now() - at });
  };

async function recordAttempt(
  deps: Deps,
  task: EndedTask,
  delivery: Delivery,
  times: Pick<CallbackAttempt, 'at' | 'milliseconds'>,
): Promise<CallbackRecord> {
  const attempts = (task.callback?.attempts ?? 0) + 1;
  const { state, nextCheckAt, followsAtOnce } = nextStep(deps, attempts, delivery);
  const result = resultOf(delivery);
  const record: CallbackRecord = { state, attempts, lastStatus: result.status };
  await deps.tasks.recordCallbackAttempt(task, { ...times, ...result }, record, nextCheckAt);
  const failure = state === 'delivered' ? undefined : callbackFailed(attempts, delivery);
  deps.attempted(task, record, failure);
  if (failure && followsAtOnce) throw failure;
  return record;
}

function resultOf(delivery: Delivery): Pick<CallbackAttempt, 'status' | 'reason' | 'text'> {
  if ('cause' in delivery) return { reason: delivery.cause.message };
  const { status, text = '' } = delivery;
  // What a server writes about its own failure says nothing about the callback, and may be a stack trace.
  const quoted = status < 500 ? quoteText(text) : '';
  return { status, text: quoted || undefined };
}

type NextStep = {
  readonly state: CallbackRecord['state'];
  readonly nextCheckAt?: number;
  /** Whether the state machine makes the next attempt, within seconds. */
  readonly followsAtOnce?: boolean;
};

function nextStep(
  { now, callbackRetryDelays }: Deps,
  attempts: number,
  delivery: Delivery,
): NextStep {
  const { status, retryAfterSeconds = 0 } = 'status' in delivery ? delivery : { status: undefined };
  if (status !== undefined && isSuccess(status)) return { state: 'delivered' };
  if (status === gone) return { state: 'undelivered' };
  const pauseSeconds = Math.min(retryAfterSeconds, maxRetryAfterSeconds);
  const retryAfter = (milliseconds: number) =>
    ({
      state: 'retrying',
      nextCheckAt: now() + Math.max(milliseconds, pauseSeconds * 1000),
    }) as const;
  if (attempts < quickAttempts) {
    const followsAtOnce = pauseSeconds <= quickPauseSeconds(attempts);
    return { ...retryAfter(followsAtOnce ? quickGraceMs : 0), followsAtOnce };
  }
  const pause = callbackRetryDelays[attempts - quickAttempts];
  return pause === undefined ? { state: 'undelivered' } : retryAfter(pause * 1000);
}

const callbackFailed = (attempts: number, delivery: Delivery) =>
  'status' in delivery
    ? new CallbackFailed(`attempt ${attempts} got status ${delivery.status}`)
    : new CallbackFailed(`attempt ${attempts} got no response`, { cause: delivery.cause });
