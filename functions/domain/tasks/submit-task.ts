import { type Model, nameAtProvider, type ProviderName } from '../model/catalogue.ts';
import type { Clock } from '../model/clock.ts';
import { failures } from '../model/failures.ts';
import type { Job, Provider } from '../model/provider.ts';
import {
  type Failure,
  isEnded,
  type Pending,
  type Processing,
  requestOf,
  type SubmittedRequest,
  type Task,
  type WithRequest,
} from '../model/task.ts';
import {
  ProviderBusy,
  ProviderRejected,
  SubmitUnknown,
  TaskFailed,
} from '../model/workflow-errors.ts';
import { type PollSchedule, pollSchedule } from '../providers/poll-schedule.ts';
import type { InputStore, TaskStore } from './ports.ts';
import type { InputFormats } from './prepare-inputs.ts';

export type SubmitDeps = {
  readonly tasks: TaskStore;
  readonly inputs: Pick<InputStore, 'link'>;
  readonly providers: Readonly<
    Record<ProviderName, Pick<Provider, 'submit' | 'idempotent' | 'supportsWebhook' | 'cancel'>>
  >;
  /** The providers that offer a model and have a key, in the order in which they are tried. */
  readonly availableProviders: (model: string) => Promise<readonly ProviderName[]>;
  /** Where a provider may report that a job is done. */
  readonly webhookUrl: (provider: ProviderName, taskId: string) => Promise<string>;
  readonly typicalSeconds: (model: string, provider: ProviderName) => Promise<number>;
  /** The models, when it is not the catalogue itself. */
  readonly catalogue?: readonly Model[];
  readonly now: Clock;
  readonly pause: (milliseconds: number) => Promise<void>;
  /** The provider has the job. A repeated run reports it again. */
  readonly onAccepted: (taskId: string, provider: ProviderName) => void;
  /** For the operator: it is unknown whether the provider accepted the job, which it may bill. */
  readonly outcomeUnknown: (taskId: string) => void;
  /** For the operator: a provider rejects every job, because of its key, its bill or the model. */
  readonly operatorMustAct: (taskId: string, cause: ProviderRejected) => void;
  /** This provider accepted nothing, and the next one is tried. */
  readonly onFallback: (
    taskId: string,
    provider: ProviderName,
    cause: ProviderBusy | ProviderRejected,
  ) => void;
};

/** A clear no that says nothing about the job: the provider is busy, or rejects the operator. */
type Declined =
  | { readonly state: 'busy'; readonly error: ProviderBusy }
  | { readonly state: 'operator_must_act'; readonly error: ProviderRejected };

/** The result of one `submit` call to a provider. */
type CallResult =
  | { readonly state: 'accepted'; readonly task: Processing }
  | Declined
  /** A clear no to the job itself. */
  | { readonly state: 'failed'; readonly failure: Failure }
  /** The job may have been accepted. */
  | { readonly state: 'unknown' }
  /** The task has its outcome, or has ended. */
  | { readonly state: 'over'; readonly reason: string };

/** The result of submitting a task. `locked`: another attempt holds the submit lock. */
type Submission = CallResult | { readonly state: 'locked' };

const isDeclined = (result: Submission): result is Declined =>
  result.state === 'busy' || result.state === 'operator_must_act';

/** How often a provider may be busy before the next one is tried: waiting a little is cheaper. */
const maxBusyRetries = 2;

/**
 * Submits the job of a task to the first provider that accepts it, once. The submit lock is acquired before
 * the job is submitted: after a crash in between, the lock shows that the job may have been accepted, so that
 * no two providers are paid for one task. `inputFormats` are those of the private copies.
 * @throws {TaskFailed} when the task has failed or ended; its failure is written on the task
 * @throws {ProviderBusy} when the submit may be retried
 */
export const submitTask =
  (deps: SubmitDeps) =>
  async (taskId: string, inputFormats?: InputFormats): Promise<PollSchedule> => {
    const result = await submit(deps, taskId, inputFormats);
    switch (result.state) {
      case 'accepted':
        deps.onAccepted(taskId, result.task.provider);
        return scheduleOf(deps, result.task);
      case 'busy':
        throw result.error;
      case 'locked':
        throw new ProviderBusy('another attempt holds the submit lock');
      case 'over':
        throw new TaskFailed(result.reason);
      case 'operator_must_act':
        return fail(deps, taskId, result.error.failure);
      case 'failed':
        return fail(deps, taskId, result.failure);
      case 'unknown':
        deps.outcomeUnknown(taskId);
        return fail(deps, taskId, failures.submitUnknown);
      default:
        return result satisfies never;
    }
  };

/** Writes why the task fails. @throws {TaskFailed} always */
async function fail({ tasks }: SubmitDeps, taskId: string, failure: Failure): Promise<never> {
  await tasks.recordOutcome(taskId, { state: 'failed', failure });
  throw new TaskFailed(failure.code);
}

async function scheduleOf(deps: SubmitDeps, task: Processing): Promise<PollSchedule> {
  const { model, provider, submittedAt } = task;
  return pollSchedule({
    typicalSeconds: task.typicalSeconds ?? (await deps.typicalSeconds(model, provider)),
    elapsedSeconds: (deps.now() - submittedAt) / 1000,
    supportsWebhook: deps.providers[provider].supportsWebhook,
  });
}

async function submit(
  deps: SubmitDeps,
  taskId: string,
  inputFormats: InputFormats | undefined,
): Promise<Submission> {
  const task = await deps.tasks.find(taskId);
  if (!task) throw new Error(`${taskId} does not exist`);
  const isUntouched =
    task.status === 'pending' && task.submitLockedAt === undefined && task.outcome === undefined;
  // Otherwise this is a repeated run, after a crash: the task says how far the earlier attempt got.
  return isUntouched ? submitToAvailable(deps, task, inputFormats) : continueFrom(deps, task);
}

/**
 * Tries one provider after the other. The next one is tried only after a clear no that says nothing about
 * the job: busy for long, the operator's key or bill rejected, the model gone.
 */
async function submitToAvailable(
  deps: SubmitDeps,
  task: WithRequest<Pending>,
  inputFormats: InputFormats | undefined,
): Promise<Submission> {
  const names = await deps.availableProviders(task.model);
  const declined: Declined[] = [];
  for (const name of names) {
    const result = await submitTo(deps, task, name, inputFormats);
    if (!isDeclined(result)) return result;
    declined.push(result);
    if (result.state === 'busy' && (task.busyCount ?? 0) < maxBusyRetries) break;
    if (name !== names.at(-1)) deps.onFallback(task.id, name, result.error);
  }
  // If only one of them was busy, a retry may help.
  return (
    declined.find(({ state }) => state === 'busy') ??
    declined.at(-1) ??
    withoutProvider(deps, task.id)
  );
}

function withoutProvider(deps: SubmitDeps, taskId: string): Declined {
  const error = new ProviderRejected(failures.noProvider, { operatorMustAct: true });
  deps.operatorMustAct(taskId, error);
  return { state: 'operator_must_act', error };
}

/** Submits to one provider. When it declines, the submit lock is released. */
async function submitTo(
  deps: SubmitDeps,
  pending: WithRequest<Pending>,
  provider: ProviderName,
  inputFormats: InputFormats = [],
): Promise<Submission> {
  const { id, model, inputs } = pending;
  const { tasks, now, providers } = deps;
  const { supportsWebhook, idempotent } = providers[provider];
  // Everything that can fail without the provider comes before the lock: a lock that a crash leaves behind
  // means that it is unknown whether the job was accepted.
  const modelName = nameAtProvider(model, provider, deps.catalogue);
  if (!modelName) throw new Error(`the catalogue has no model ${model} at ${provider} any more`);
  const typicalSeconds = await deps.typicalSeconds(model, provider);
  const request: SubmittedRequest = {
    images: await Promise.all(
      inputs.map((_input, index) => deps.inputs.link(id, index, inputFormats[index])),
    ),
    ...(supportsWebhook && { webhookUrl: await deps.webhookUrl(provider, id) }),
  };
  const lock = await tasks.acquireSubmitLock(id, provider, now(), idempotent ? request : undefined);
  const { acquired } = lock;
  const task = { ...requestOf(pending), ...lock.task };
  if (!acquired || task.status !== 'pending') return continueFrom(deps, task);

  const result = await callProvider(deps, task, { provider, modelName, request, typicalSeconds });
  if (result.state === 'unknown') return resubmit(deps, task);
  if (isDeclined(result)) {
    if (result.state === 'operator_must_act') deps.operatorMustAct(id, result.error);
    await tasks.releaseSubmitLock(id, task.submitLockedAt ?? 0, result.state);
  }
  return result;
}

/** Continues from where another attempt has brought the task, or says why there is nothing to submit. */
async function continueFrom(deps: SubmitDeps, task: Task): Promise<Submission> {
  if (isEnded(task) || task.outcome) {
    return { state: 'over', reason: 'the task has its outcome already' };
  }
  if (task.status === 'processing') return { state: 'accepted', task };
  if (task.submitLockedAt !== undefined) return resubmit(deps, task);
  const failure = task.cancelledAt === undefined ? failures.pastDeadline : failures.cancelled;
  return { state: 'failed', failure };
}

/**
 * Submits again to a provider that may have accepted the job. An idempotent provider recognises the job
 * by its exact request and responds as it did the first time. With any other provider it stays unknown.
 */
async function resubmit(deps: SubmitDeps, task: WithRequest<Pending>): Promise<Submission> {
  const { id, model, provider, submittedRequest: request, submitLockedAt = 0 } = task;
  if (!isStillWanted(task, deps.now()) || !provider || !request) return { state: 'unknown' };
  const modelName = nameAtProvider(model, provider, deps.catalogue);
  if (!modelName) return { state: 'unknown' };
  const typicalSeconds = await deps.typicalSeconds(model, provider);
  // The earlier attempt may still be running. After the lock is renewed, that attempt holds an old lock: if its
  // submit is rejected late, it can neither release the lock nor submit the job to another provider.
  const renewedAt = Math.max(deps.now(), submitLockedAt + 1); // two locks differ by their time
  const isRenewed = await deps.tasks.renewSubmitLock(id, provider, submitLockedAt, renewedAt);
  if (!isRenewed) return { state: 'locked' };

  const result = await callProvider(deps, task, { provider, modelName, request, typicalSeconds });
  // A no that is not about the job does not say what became of the first attempt.
  return isDeclined(result) ? { state: 'unknown' } : result;
}

const isStillWanted = (
  { cancelledAt, deadlineAt = Number.POSITIVE_INFINITY }: Pending,
  now: number,
): boolean => cancelledAt === undefined && now < deadlineAt;

type Attempt = {
  readonly provider: ProviderName;
  /** The name of the model at that provider. */
  readonly modelName: string;
  readonly request: SubmittedRequest;
  readonly typicalSeconds: number;
};

/** One call of the provider, under the submit lock, and the ticket written if it accepts. */
async function callProvider(
  { tasks, providers, now, pause }: SubmitDeps,
  { id, prompt, n, options }: WithRequest<Pending>,
  { provider, modelName, request, typicalSeconds }: Attempt,
): Promise<CallResult> {
  const job: Job = { taskId: id, model: modelName, prompt, n, options, ...request };
  let ticket: string;
  try {
    ticket = await providers[provider].submit(job);
  } catch (error) {
    return resultOf(error);
  }
  const cancellable = providers[provider].cancel !== undefined; // it has just been queued
  const task = await persistently(pause, () =>
    tasks.recordSubmitted(id, ticket, now(), { typicalSeconds, cancellable }),
  );
  return task?.status === 'processing'
    ? { state: 'accepted', task }
    : { state: 'over', reason: 'the task has ended meanwhile' };
}

/** The pauses between the attempts to store a ticket, in milliseconds, beyond those of the SDK. */
const ticketPausesMs = [200, 500, 1000, 2000, 4000];

/** Repeats the write of a ticket for some seconds. Without the ticket, a job that will be billed is lost. */
async function persistently<T>(pause: SubmitDeps['pause'], write: () => Promise<T>): Promise<T> {
  for (const milliseconds of ticketPausesMs) {
    try {
      return await write();
    } catch {
      await pause(milliseconds);
    }
  }
  return write();
}

/** What a provider's error says. Any other error is our own, and is thrown on. */
function resultOf(error: unknown): CallResult {
  if (error instanceof SubmitUnknown) return { state: 'unknown' };
  if (error instanceof ProviderBusy) return { state: 'busy', error };
  if (!(error instanceof ProviderRejected)) throw error;
  return error.operatorMustAct
    ? { state: 'operator_must_act', error }
    : { state: 'failed', failure: error.failure };
}
