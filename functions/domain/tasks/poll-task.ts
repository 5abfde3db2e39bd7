import type { ProviderName } from '../model/catalogue.ts';
import type { Clock } from '../model/clock.ts';
import { failures } from '../model/failures.ts';
import type { Progress, Provider } from '../model/provider.ts';
import { awaitsCancellation, type Outcome, type Processing } from '../model/task.ts';
import { ProviderBusy } from '../model/workflow-errors.ts';
import {
  type PollSchedule,
  pollDeadlineMs,
  slowerSchedule,
  usualSchedule,
} from '../providers/poll-schedule.ts';
import { atMost } from './generated-images.ts';
import type { TaskStore, Workflow } from './ports.ts';

type Deps = {
  readonly tasks: TaskStore;
  readonly workflow: Pick<Workflow, 'finish' | 'reschedule'>;
  readonly providers: Readonly<
    Record<ProviderName, Pick<Provider, 'poll' | 'cancel' | 'retentionMs' | 'supportsWebhook'>>
  >;
  readonly now: Clock;
  readonly providerBusy: (taskId: string, cause: ProviderBusy) => void;
  /** For the operator: the provider did not say how a job ended for as long as it would have known. */
  readonly unanswered: (taskId: string) => void;
};

/**
 * Polls the provider once. When the job is finished, or the provider says after the deadline that it is not, the
 * outcome is written and the polling ends; otherwise nothing happens until this wait times out and the next poll
 * comes, `pollSeconds` after this one. After a poll without an answer the intervals get longer, until there is one. An
 * execution of an older definition has no `pollSeconds`, and its intervals stay the same. Returns the outcome that this
 * poll has written.
 */
export const pollTask =
  (deps: Deps) =>
  async (taskId: string, token: string, pollSeconds?: number): Promise<Outcome | undefined> => {
    const { tasks, workflow, now } = deps;
    const askedAt = now();
    const task = await tasks.saveTaskToken(taskId, token, askedAt);
    if (!task || task.outcome) {
      await workflow.finish(token);
      return undefined;
    }
    if (task.status !== 'processing') throw new Error(`${taskId} is polled without a ticket`);
    const answer = await pollAndCancel(deps, task, pollSeconds);
    const outcome = outcomeOf(deps, task, { answer, askedAt });
    if (outcome) {
      await tasks.recordOutcome(taskId, outcome, now());
      await cancelIfQueued(deps, task, answer);
      await workflow.finish(token);
      return outcome;
    }
    const schedule = nextSchedule(deps, task, { answer, pollSeconds });
    if (schedule) await workflow.reschedule(token, taskId, schedule);
    return undefined;
  };

/** What the provider said about a job, or why it said nothing. */
type Answer = { readonly progress: Progress } | { readonly busy: ProviderBusy };

type Asked = { readonly answer: Answer; readonly askedAt: number };

/** The task is past its deadline, and its job has not begun: without this the provider would make and bill it. */
async function cancelIfQueued(
  { providers }: Deps,
  { provider, ticket, cancellable }: Processing,
  answer: Answer,
): Promise<void> {
  if (!cancellable || !('progress' in answer) || answer.progress.state !== 'queued') return;
  await providers[provider].cancel?.(ticket);
}

/** How the polls go on when their interval changes. */
function nextSchedule(
  { providers }: Deps,
  { provider, typicalSeconds }: Processing,
  { answer, pollSeconds }: { readonly answer: Answer; readonly pollSeconds: number | undefined },
): PollSchedule | undefined {
  if (pollSeconds === undefined) return undefined;
  if ('busy' in answer) return slowerSchedule(pollSeconds, answer.busy.retryAfterSeconds);
  if (typicalSeconds === undefined) return undefined;
  const { supportsWebhook } = providers[provider];
  return usualSchedule(pollSeconds, { typicalSeconds, supportsWebhook });
}

function outcomeOf(deps: Deps, task: Processing, { answer, askedAt }: Asked): Outcome | undefined {
  if ('busy' in answer) return outcomeWithoutAnswer(deps, task, askedAt);
  const { progress } = answer;
  if (progress.state === 'failed') return progress;
  if (progress.state === 'succeeded') {
    return { state: 'succeeded', images: atMost(task.n, progress.images) };
  }
  // A task gets its deadline before it is submitted. Should one lack it, its polling ends all the same.
  const { deadlineAt = 0 } = task;
  if (askedAt < deadlineAt) return undefined;
  return { state: 'failed', failure: failures.pastDeadline };
}

/**
 * Polls the provider. A job that waits there and that the caller has cancelled is cancelled: the provider is asked
 * once, unless its answer is unclear, and what it says about the job afterwards decides.
 */
async function pollAndCancel(
  deps: Deps,
  task: Processing,
  pollSeconds: number | undefined,
): Promise<Answer> {
  const { tasks, providers } = deps;
  const answer = await poll(deps, task, pollSeconds);
  const state = 'progress' in answer ? answer.progress.state : undefined;
  if (state === 'running' && task.cancellable) await tasks.recordNotCancellable(task.id);
  if (state !== 'queued' || !awaitsCancellation(task)) return answer;
  const reply = await providers[task.provider].cancel?.(task.ticket);
  if (reply === 'unknown') return answer;
  await tasks.recordNotCancellable(task.id);
  return poll(deps, task, pollSeconds);
}

async function poll(
  deps: Deps,
  { id, provider, ticket }: Processing,
  pollSeconds: number | undefined,
): Promise<Answer> {
  const deadlineMs = pollSeconds === undefined ? undefined : pollDeadlineMs(pollSeconds);
  try {
    return { progress: await deps.providers[provider].poll(ticket, deadlineMs) };
  } catch (error) {
    if (!(error instanceof ProviderBusy)) throw error;
    deps.providerBusy(id, error); // the next poll is the retry
    return { busy: error };
  }
}

// Nobody knows how the job is, and it may be finished: the deadline alone ends nothing. The provider is asked for as
// long as it can know.
function outcomeWithoutAnswer(
  { providers, unanswered }: Deps,
  { id, provider, submittedAt }: Processing,
  askedAt: number,
): Outcome | undefined {
  if (askedAt < submittedAt + providers[provider].retentionMs) return undefined;
  unanswered(id);
  return { state: 'failed', failure: failures.pastDeadline };
}
