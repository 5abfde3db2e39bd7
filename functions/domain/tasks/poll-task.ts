import type { ProviderName } from '../model/catalogue.ts';
import type { Clock } from '../model/clock.ts';
import { failures } from '../model/failures.ts';
import type { Progress, Provider } from '../model/provider.ts';
import {
  type ActiveTask,
  awaitsCancellation,
  isDeleted,
  isEnded,
  type Outcome,
  type Processing,
  type TaskRecord,
  type TaskRef,
  type TaskState,
} from '../model/task.ts';
import { CallbackFailed, ProviderBusy, ResultUnavailable } from '../model/workflow-errors.ts';
import {
  normalSchedule,
  type PollSchedule,
  pollDeadlineMs,
  slowerSchedule,
} from '../providers/poll-schedule.ts';
import type { TaskStore, Workflow } from './ports.ts';
import { limitImages } from './settle-task.ts';

type Deps = {
  readonly tasks: TaskStore;
  readonly workflow: Pick<Workflow, 'fail' | 'finish' | 'keepAlive' | 'reschedule' | 'wake'>;
  /** Frees the slot of a task. It does not fail: the reconciler frees the slot again. */
  readonly releaseSlot: (task: TaskState) => Promise<void>;
  readonly providers: Readonly<
    Record<ProviderName, Pick<Provider, 'poll' | 'cancel' | 'retentionMs' | 'supportsWebhook'>>
  >;
  readonly now: Clock;
  /** Settles a task whose outcome is known, and makes the first attempt to notify its caller. */
  readonly endTask: (task: ActiveTask, attempts: { readonly isFirst: boolean }) => Promise<unknown>;
  /** Makes the next attempt to notify the caller of a task that has ended. */
  readonly notifyCaller: (taskId: string) => Promise<unknown>;
  /** The task could not be ended yet: the state is tried again. */
  readonly endingFailed: (taskId: string, cause: ResultUnavailable | CallbackFailed) => void;
  /** The outcome of the job was written, and the task is settled next. */
  readonly outcomeRecorded?: (taskId: string, outcome: Outcome) => void;
  readonly providerBusy: (taskId: string, cause: ProviderBusy) => void;
  /** For the operator: a task is past its deadline, and the provider does not say what state its job is in. */
  readonly overdue: (task: TaskRef) => void;
  /** For the operator: the provider gave no result for the whole time in which it stores one. */
  readonly unanswered: (task: TaskRef) => void;
};

/**
 * Polls the provider once. When the job is finished, or the provider says after the deadline that it is not, the
 * outcome is written, the task is settled, its caller is notified, and the polling ends; otherwise nothing happens
 * until this wait times out and the next poll comes, `pollSeconds` after this one. After a poll without a response the
 * intervals get longer, until there is one. An execution of an older definition has no `pollSeconds`, and its intervals
 * stay the same. A repeated run does only what is missing. Returns the outcome that this poll has written.
 *
 * An image that cannot be fetched, or a callback that is not accepted, fails the state, which is retried. This function does
 * not throw then, because its errors tell the operator that it is broken.
 *
 * The task token is saved when the poll is over. So no wake-up begins another poll beside this one: a fact that is written
 * in the meantime comes with an old token, and this poll finds the fact when it saves its own token.
 */
export const pollTask =
  (deps: Deps) =>
  async (taskId: string, token: string, pollSeconds?: number): Promise<Outcome | undefined> => {
    const { tasks, now } = deps;
    const polledAt = now();
    /** Ends the task, as far as it has not ended, and then the polling. */
    const end = async (known: TaskState | undefined, isFirst = false) => {
      // The slot is freed as soon as the outcome is known, so that the next job begins while this task is settled. The
      // slot of an ended task is freed too: an earlier run may have crashed before that.
      const released = known && deps.releaseSlot(known);
      try {
        await finishWith(deps, { taskId, token, pollSeconds }, () =>
          known && !isEnded(known) ? deps.endTask(known, { isFirst }) : deps.notifyCaller(taskId),
        );
      } finally {
        await released;
      }
    };
    const task = stateIn(await tasks.findRecord(taskId));
    if (!task || isEnded(task) || task.outcome) {
      await end(task);
      return undefined;
    }
    if (task.status !== 'processing') throw new Error(`${taskId} is polled without a ticket`);
    const msLeft = timeLimit(deps, polledAt, pollSeconds);
    const result = await pollAndCancel(deps, task, msLeft);
    const polled = { result, polledAt };
    const outcome = outcomeOf(deps, task, polled);
    if (outcome) {
      const outcomeAt = now();
      const known = await tasks.recordOutcome(taskId, outcome, outcomeAt);
      deps.outcomeRecorded?.(taskId, outcome);
      // The job is cancelled now, whether the task can be ended or not: the next attempt to end it does not cancel the job.
      await allDone([
        end(known, known?.outcomeAt === outcomeAt), // otherwise another run has written the outcome
        cancelIfQueued(deps, task, result),
      ]);
      return outcome;
    }
    reportOverdue(deps, task, polled);
    const saved = await tasks.saveTaskToken(taskId, token, polledAt);
    if (!saved || saved.outcome) {
      await end(saved);
      return undefined;
    }
    const schedule = nextSchedule(deps, task, { result, pollSeconds });
    await wait(deps, { token, schedule }, { before: task, after: saved });
    return undefined;
  };

/** Starts to read the keys of the providers at the same time as the task. An error is thrown later, where a key is used. */
export const readingKeysMeanwhile =
  <Args extends readonly unknown[], Result>(
    readKeys: () => Promise<unknown>,
    poll: (...args: Args) => Promise<Result>,
  ) =>
  (...args: Args): Promise<Result> => {
    readKeys().catch(() => undefined);
    return poll(...args);
  };

const stateIn = (record: TaskRecord | undefined): TaskState | undefined =>
  record && !isDeleted(record) ? record : undefined;

/** Waits for the next poll, unless something happened while the task was polled. */
async function wait(
  { workflow }: Deps,
  { token, schedule }: { readonly token: string; readonly schedule: PollSchedule | undefined },
  { before, after }: { readonly before: ActiveTask; readonly after: ActiveTask },
): Promise<void> {
  if (hasNewsSince(before, after)) return workflow.wake(token);
  if (schedule) await workflow.reschedule(token, before.id, schedule);
}

/** Whether the provider has reported news, or the caller has cancelled the task, while it was polled. */
const hasNewsSince = (before: ActiveTask, after: ActiveTask): boolean =>
  after.providerWebhookAt !== before.providerWebhookAt ||
  (before.cancelledAt === undefined && awaitsCancellation(after));

/** Ends the task, and then the polling. That may take longer than the interval of the polls. */
async function finishWith(
  { workflow, endingFailed }: Deps,
  { taskId, token, pollSeconds }: Wait,
  end: () => Promise<unknown>,
): Promise<void> {
  const alive = pollSeconds === undefined ? undefined : workflow.keepAlive(token, pollSeconds);
  try {
    await end();
    await workflow.finish(token);
  } catch (error) {
    if (!(error instanceof ResultUnavailable || error instanceof CallbackFailed)) throw error;
    endingFailed(taskId, error);
    await workflow.fail(token, error);
  } finally {
    await alive?.[Symbol.asyncDispose]();
  }
}

/** Waits until all are done. @throws the error of the first one that failed */
async function allDone(work: readonly Promise<unknown>[]): Promise<void> {
  await Promise.allSettled(work);
  await Promise.all(work);
}

/** The wait of the state that polls, and its interval. */
type Wait = {
  readonly taskId: string;
  readonly token: string;
  readonly pollSeconds: number | undefined;
};

/** The deadline ends a task at the next poll. Later than this it is overdue. */
const overdueGraceMs = 60 * 1000;
/** With less time than this, in milliseconds, a request is left to the next poll. */
const minRequestMs = 250;

/** What is left of the time that a poll may take, with all its requests; `undefined` when there is no limit. */
type MsLeft = () => number | undefined;

const timeLimit =
  ({ now }: Deps, polledAt: number, pollSeconds: number | undefined): MsLeft =>
  () =>
    pollSeconds === undefined ? undefined : polledAt + pollDeadlineMs(pollSeconds) - now();

/** What the provider said about a job, or why it did not respond. */
type PollResult = { readonly progress: Progress } | { readonly busy: ProviderBusy };

type Polled = { readonly result: PollResult; readonly polledAt: number };

function reportOverdue(deps: Deps, task: Processing, { result, polledAt }: Polled): void {
  const { deadlineAt = Number.POSITIVE_INFINITY } = task;
  if ('busy' in result && polledAt > deadlineAt + overdueGraceMs) deps.overdue(task);
}

/**
 * Cancels the job of a task that failed by its deadline before the job began. Otherwise the provider would make and bill
 * it.
 */
async function cancelIfQueued(
  { providers }: Deps,
  { provider, ticket, cancellable }: Processing,
  result: PollResult,
): Promise<void> {
  if (!cancellable || !('progress' in result) || result.progress.state !== 'queued') return;
  await providers[provider].cancel?.(ticket);
}

/** The schedule of the next polls, if it changes. */
function nextSchedule(
  { providers }: Deps,
  { provider, typicalSeconds }: Processing,
  {
    result,
    pollSeconds,
  }: { readonly result: PollResult; readonly pollSeconds: number | undefined },
): PollSchedule | undefined {
  if (pollSeconds === undefined) return undefined;
  if ('busy' in result) return slowerSchedule(pollSeconds, result.busy.retryAfterSeconds);
  if (typicalSeconds === undefined) return undefined;
  const { supportsWebhook } = providers[provider];
  return normalSchedule(pollSeconds, { typicalSeconds, supportsWebhook });
}

function outcomeOf(
  deps: Deps,
  task: Processing,
  { result, polledAt }: Polled,
): Outcome | undefined {
  if ('busy' in result) return outcomeWithoutProgress(deps, task, polledAt);
  const { progress } = result;
  if (progress.state === 'failed') return progress;
  if (progress.state === 'succeeded') {
    return { state: 'succeeded', images: limitImages(task.n, progress.images) };
  }
  // A task gets its deadline before the submit. If it should be missing, the polling must still end.
  const { deadlineAt = 0 } = task;
  if (polledAt < deadlineAt) return undefined;
  return { state: 'failed', failure: failures.pastDeadline };
}

/**
 * Polls the provider. A job that waits there and that the caller has cancelled is cancelled: the provider is asked
 * once, and again only after an unclear response. What the provider says about the job afterwards decides.
 */
async function pollAndCancel(deps: Deps, task: Processing, msLeft: MsLeft): Promise<PollResult> {
  const { tasks, providers } = deps;
  const result = await poll(deps, task, msLeft());
  const state = 'progress' in result ? result.progress.state : undefined;
  if (state === 'running' && task.cancellable) await tasks.recordNotCancellable(task.id);
  if (state !== 'queued' || !awaitsCancellation(task) || isTooShort(msLeft())) return result;
  const reply = await providers[task.provider].cancel?.(task.ticket, msLeft());
  if (reply === 'unknown') return result;
  await tasks.recordNotCancellable(task.id);
  return isTooShort(msLeft()) ? result : poll(deps, task, msLeft());
}

const isTooShort = (ms: number = Number.POSITIVE_INFINITY): boolean => ms < minRequestMs;

async function poll(
  deps: Deps,
  { id, provider, ticket }: Processing,
  deadlineMs: number | undefined,
): Promise<PollResult> {
  try {
    return { progress: await deps.providers[provider].poll(ticket, deadlineMs) };
  } catch (error) {
    if (!(error instanceof ProviderBusy)) throw error;
    deps.providerBusy(id, error); // the next poll is the retry
    return { busy: error };
  }
}

// The job may be finished although its state cannot be read, so the deadline alone does not end the task. It is polled
// for as long as the provider stores jobs.
function outcomeWithoutProgress(
  { providers, unanswered }: Deps,
  task: Processing,
  polledAt: number,
): Outcome | undefined {
  if (polledAt < task.submittedAt + providers[task.provider].retentionMs) return undefined;
  unanswered(task);
  return { state: 'failed', failure: failures.pastDeadline };
}
