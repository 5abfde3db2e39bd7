import { ProviderBusy, ProviderRefused, SubmitUnknown, TaskRefused } from './failures.ts';
import type { Clock } from './ports.ts';
import type { ProviderName } from './provider.ts';
import type { Submission } from './submission.ts';
import {
  cancelled,
  type Failure,
  isEnded,
  type Pending,
  type Processing,
  type Task,
  type Wording,
} from './task.ts';

const unknown: Failure = {
  code: 'service_error',
  message: 'The provider did not say whether it took the job. Nothing was charged; send it again.',
};

const late: Failure = {
  code: 'generation_timeout',
  message: 'It took too long to get to the provider. Nothing was charged; send the task again.',
};

/**
 * Asks one provider, after the mark. A sure no that says nothing about the job comes back as that error,
 * and the mark is gone.
 * @throws {TaskRefused} any other no; the failure is written on the task
 */
export async function handOverOnce(
  needs: Submission,
  { id, model, inputs }: Pending,
  provider: ProviderName,
): Promise<Processing | ProviderBusy | ProviderRefused> {
  const { tasks, now, providers } = needs;
  const { callsBack, idempotent } = providers[provider];
  // All that can fail without the provider comes before the mark.
  const expected = await needs.usualSeconds(model, provider);
  const wording = {
    images: await Promise.all(inputs.map((_, index) => needs.inputs.link(id, index))),
    ...(callsBack && { callbackUrl: await needs.callbackUrl(provider, id) }),
  };
  const kept = idempotent ? wording : undefined;
  const { marked, task } = await tasks.submitting(id, provider, now(), kept);
  if (!marked || task.status !== 'pending') return withoutMark(needs, task);
  try {
    return await ask(needs, task, { provider, wording, expected });
  } catch (error) {
    return declined(needs, task, error);
  }
}

/**
 * Asks a provider again that may have the job already. One that knows a job by its key answers as the
 * first time; of any other nobody will ever know.
 */
export async function askAgain(needs: Submission, task: Pending): Promise<Processing> {
  const { id, model, provider, wording, submittingAt: seen = 0 } = task;
  if (!isWanted(task, needs.now()) || !provider || !wording) return refuseUnknown(needs, id);
  const expected = await needs.usualSeconds(model, provider);
  // The try before may still live: hearing a no now, it must not pass over a provider that hears us.
  const isOurs = await needs.tasks.submittingAgain(id, provider, seen, laterThan(seen, needs.now));
  if (!isOurs) throw new ProviderBusy('another try is asking');
  return ask(needs, task, { provider, wording, expected }).catch((error: unknown) => {
    const isAboutTheJob = error instanceof ProviderRefused && !error.operatorMustAct;
    if (isAboutTheJob) return refuse(needs, id, error.failure);
    if (isAnswer(error)) return refuseUnknown(needs, id); // no answer to the question before this one
    throw error;
  });
}

const isWanted = (
  { cancelledAt, deadlineAt = Number.POSITIVE_INFINITY }: Pending,
  now: number,
): boolean => cancelledAt === undefined && now < deadlineAt;

// Two marks are told apart by their moments.
const laterThan = (seen: number, now: Clock): number => Math.max(now(), seen + 1);

type Question = {
  readonly provider: ProviderName;
  readonly wording: Wording;
  readonly expected: number;
};

async function ask(
  { tasks, providers, now }: Submission,
  { id, prompt, n, options }: Pending,
  { provider, wording, expected }: Question,
): Promise<Processing> {
  const ticket = await providers[provider].submit({ taskId: id, prompt, n, options, ...wording });
  const task = await tasks.submitted(id, ticket, now(), expected);
  if (task?.status !== 'processing') throw new TaskRefused('the task has ended meanwhile');
  return task;
}

async function declined(needs: Submission, task: Pending, error: unknown) {
  if (error instanceof SubmitUnknown) return askAgain(needs, task);
  if (error instanceof ProviderRefused && !error.operatorMustAct)
    return refuse(needs, task.id, error.failure);
  if (!(error instanceof ProviderBusy || error instanceof ProviderRefused)) throw error;
  if (error instanceof ProviderRefused) needs.operatorMustAct(task.id, error);
  await needs.tasks.notSubmitted(task.id, task.submittingAt ?? 0);
  return error;
}

const isAnswer = (error: unknown): boolean =>
  error instanceof ProviderBusy ||
  error instanceof ProviderRefused ||
  error instanceof SubmitUnknown;

// The mark is not set on a task that is cancelled or too late; one that is there is another try's.
function withoutMark(needs: Submission, task: Task): Promise<Processing> {
  if (isEnded(task) || task.outcome) throw new TaskRefused('the task has its outcome already');
  if (task.status === 'processing') return Promise.resolve(task);
  if (task.submittingAt !== undefined) return askAgain(needs, task);
  return refuse(needs, task.id, task.cancelledAt === undefined ? late : cancelled);
}

function refuseUnknown(needs: Submission, taskId: string): Promise<never> {
  needs.outcomeUnknown(taskId);
  return refuse(needs, taskId, unknown);
}

/** Writes why the task fails. @throws {TaskRefused} always */
export async function refuse(
  { tasks }: Pick<Submission, 'tasks'>,
  taskId: string,
  failure: Failure,
): Promise<never> {
  await tasks.outcome(taskId, { state: 'failed', failure });
  throw new TaskRefused(failure.code);
}
