import {
  type LiveProviderName,
  type Model,
  nameAtProvider,
  type ProviderName,
  sandbox,
} from '../model/catalogue.ts';
import type { Clock } from '../model/clock.ts';
import { failures } from '../model/failures.ts';
import type { TaskErrorCode } from '../model/problem.ts';
import type { Job, Provider } from '../model/provider.ts';
import {
  type ExpectedWait,
  type Failure,
  isEnded,
  maxQueueMs,
  type Pending,
  type PreparedInputs,
  type Processing,
  type QueuePlace,
  requestOf,
  type SubmittedRequest,
  type Task,
  type TaskRef,
  type TaskState,
  type WithRequest,
} from '../model/task.ts';
import {
  NoFreeSlot,
  ProviderBusy,
  ProviderRejected,
  SubmitUnknown,
  TaskFailed,
} from '../model/workflow-errors.ts';
import { availableProvidersOf } from '../providers/available-providers.ts';
import { type PollSchedule, pollSchedule } from '../providers/poll-schedule.ts';
import { rejectionCode } from '../providers/rejections.ts';
import type { Slots, TakenSlot } from '../providers/slots.ts';
import type { InputStore, TaskStore } from './ports.ts';
import type { InputFormats } from './prepare-inputs.ts';

export type SubmitDeps = {
  readonly tasks: TaskStore;
  readonly inputs: Pick<InputStore, 'link'>;
  readonly providers: Readonly<
    Record<ProviderName, Pick<Provider, 'submit' | 'idempotent' | 'supportsWebhook' | 'cancel'>>
  >;
  /** For a live task: the providers that offer its model and have a key, in the order in which they are tried. */
  readonly availableProviders: (model: string) => Promise<readonly LiveProviderName[]>;
  /** Where a provider may report that a job is done. */
  readonly webhookUrl: (provider: ProviderName, taskId: string) => Promise<string>;
  readonly typicalSeconds: (model: string, provider: ProviderName) => Promise<number>;
  readonly slots: Pick<
    Slots,
    'take' | 'poolsFor' | 'submitted' | 'leave' | 'giveBack' | 'release' | 'keep' | 'pause'
  >;
  /** How long a task is going to wait for a slot of these providers, if that is known. */
  readonly expectedWait: (
    task: Pending,
    providers: readonly ProviderName[],
  ) => Promise<ExpectedWait | undefined>;
  /** The models, if they are not those of the catalogue. */
  readonly catalogue?: readonly Model[];
  readonly now: Clock;
  readonly pause: (milliseconds: number) => Promise<void>;
  /** The provider has the job. A repeated run reports it again. */
  readonly onAccepted: (taskId: string, provider: ProviderName) => void;
  /** For the operator: it is unknown whether the provider accepted the job, which it may bill. */
  readonly outcomeUnknown: (task: TaskRef) => void;
  /** For the operator: the last provider, too, was busy or could not be reached, and the task waits in the queue. */
  readonly onDeferred: (task: TaskRef, provider: ProviderName) => void;
  /** For the operator: a provider rejects every job, because of its key, its bill or the model. */
  readonly operatorMustAct: (task: TaskRef, cause: ProviderRejected) => void;
  /** Counts a job that a provider did not accept. It does not fail. */
  readonly recordRejection: (provider: ProviderName, code: TaskErrorCode) => Promise<void>;
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
  | {
      readonly state: 'failed';
      readonly failure: Failure;
      readonly rejectedBy?: ProviderName | undefined;
    }
  /** The job may have been accepted. */
  | { readonly state: 'unknown'; readonly task: Pending }
  /** The task has its outcome, or has ended. */
  | { readonly state: 'over'; readonly reason: string };

/** The result of submitting a task. */
type SubmitResult =
  | CallResult
  /** Another attempt holds the submit lock. */
  | { readonly state: 'locked' }
  /** The task waits for a slot: none is free, or these providers, which had one, were busy. */
  | { readonly state: 'waits'; readonly task: Pending; readonly busy: readonly ProviderName[] };

const isDeclined = (result: SubmitResult): result is Declined =>
  result.state === 'busy' || result.state === 'operator_must_act';

/**
 * Submits the job of a task to the first provider that has a free slot and accepts it, once. The submit lock is acquired
 * before the job is submitted: after a crash in between, the lock shows that the job may have been accepted, so that
 * no two providers are paid for one task. `inputFormats` are those of the private copies.
 * @throws {TaskFailed} when the task has failed or ended; its failure is written on the task
 * @throws {NoFreeSlot} when the task has to wait for a slot
 * @throws {ProviderBusy} when the submit is to be retried in some seconds
 */
export const submitTask =
  (deps: SubmitDeps) =>
  async (taskId: string, inputFormats?: InputFormats): Promise<PollSchedule> => {
    const result = await submit(deps, taskId, inputFormats);
    switch (result.state) {
      case 'accepted':
        deps.onAccepted(taskId, result.task.provider);
        await deps.slots.submitted(result.task);
        return scheduleOf(deps, result.task);
      case 'waits':
        for (const provider of result.busy.slice(-1)) deps.onDeferred(result.task, provider);
        throw new NoFreeSlot(taskId);
      case 'busy':
        throw result.error;
      case 'locked':
        throw new ProviderBusy('another attempt holds the submit lock');
      case 'over':
        throw new TaskFailed(result.reason);
      case 'operator_must_act':
        return fail(deps, taskId, result.error.failure);
      case 'failed':
        return fail(deps, taskId, result.failure, result.rejectedBy);
      case 'unknown':
        deps.outcomeUnknown(result.task);
        await keepSlot(deps, result.task);
        return fail(deps, taskId, failures.submitUnknown);
      default:
        return result satisfies never;
    }
  };

/** Writes why the task fails, and frees its slot. @throws {TaskFailed} always */
async function fail(
  { tasks, slots, recordRejection }: SubmitDeps,
  taskId: string,
  failure: Failure,
  rejectedBy?: ProviderName,
): Promise<never> {
  const task = await tasks.recordOutcome(taskId, { state: 'failed', failure });
  if (task?.status === 'pending') await slots.leave(task);
  if (task) await slots.release(task);
  if (rejectedBy) await recordRejection(rejectedBy, failure.code);
  throw new TaskFailed(failure.code);
}

/**
 * The provider may run the job: its slot stays taken for as long as that may last. The sandbox never runs a job without a
 * ticket, and all test tasks share its one slot.
 */
async function keepSlot({ slots, typicalSeconds }: SubmitDeps, task: Pending): Promise<void> {
  const { model, provider } = task;
  if (provider && provider !== sandbox)
    await slots.keep(task, await typicalSeconds(model, provider));
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
): Promise<SubmitResult> {
  const task = await deps.tasks.find(taskId);
  if (!task) throw new Error(`${taskId} does not exist`);
  // Otherwise this is a repeated run, after a crash: the task says how far the earlier attempt got.
  return isUntouched(task) ? submitToAvailable(deps, task, inputFormats) : continueFrom(deps, task);
}

const isUntouched = <T extends TaskState>(task: T): task is Extract<T, Pending> =>
  task.status === 'pending' && task.submitLockedAt === undefined && task.outcome === undefined;

/** The providers that accepted nothing, and why. */
type DeclinedBy = ReadonlyMap<ProviderName, Declined>;

async function submitToAvailable(
  deps: SubmitDeps,
  task: WithRequest<Pending>,
  inputFormats: InputFormats | undefined,
): Promise<SubmitResult> {
  if (task.cancelledAt !== undefined) return { state: 'failed', failure: failures.cancelled };
  if (hasWaitedTooLong(task, deps.now()))
    return { state: 'failed', failure: failures.providerBusy };
  const names = await availableProvidersOf(task, deps.availableProviders);
  return submitToFree(deps, task, { names, inputFormats, declinedBy: new Map() });
}

/**
 * Tries the providers that have a free slot, one after the other. The next one is tried only after a clear no that says
 * nothing about the job: busy, the operator's key or bill rejected, the model gone. When none is left, the task
 * waits for a slot of the providers that were busy or full.
 */
async function submitToFree(
  deps: SubmitDeps,
  task: WithRequest<Pending>,
  { names, inputFormats, declinedBy }: Round,
): Promise<SubmitResult> {
  const untried = names.filter((name) => !declinedBy.has(name));
  const slot = await deps.slots.take(task, untried);
  if (!slot) return waitForSlot(deps, task, { names, inputFormats, declinedBy });
  const result = await submitTo(deps, task, slot, inputFormats);
  if (!isDeclined(result)) return result;
  if (result.state === 'busy') {
    // The sandbox is busy for this task only, so the others need not wait.
    if (slot.provider !== sandbox)
      await deps.slots.pause(slot.provider, task.model, result.error.retryAfterSeconds);
    if (isWorthARetry(task, result.error)) return result; // the task keeps its slot
  }
  await giveBack(deps, task, slot, result);
  const declined = new Map(declinedBy).set(slot.provider, result);
  // A task that has waited was given one slot. That was its turn, so no other provider is tried.
  if (task.queue) return waitForSlot(deps, task, { names, inputFormats, declinedBy: declined });
  if (untried.length > 1) deps.onFallback(task.id, slot.provider, result.error);
  return submitToFree(deps, task, { names, inputFormats, declinedBy: declined });
}

/**
 * The provider accepted nothing: frees its slot for others. A task that has no use for a slot of this provider leaves the
 * queue first; otherwise it would be given the same slot again.
 */
async function giveBack(
  { slots }: SubmitDeps,
  task: Pending,
  { slot }: TakenSlot,
  { state }: Declined,
): Promise<void> {
  if (slot === undefined) return;
  if (state === 'operator_must_act') await slots.leave(task);
  await slots.giveBack(task, slot);
}

/** How often a submit to a busy provider is retried within seconds: waiting a little is cheaper than another provider. */
const maxBusyRetries = 2;
/** If a provider asks for a longer pause than this, in seconds, the submit is not retried so soon. */
const maxRetryAfterSeconds = 4;

const isWorthARetry = ({ busyCount = 0 }: Pending, { retryAfterSeconds = 0 }: ProviderBusy) =>
  busyCount < maxBusyRetries && retryAfterSeconds <= maxRetryAfterSeconds;

type Round = {
  readonly names: readonly ProviderName[];
  readonly inputFormats: InputFormats | undefined;
  readonly declinedBy: DeclinedBy;
};

/** The task waits for a slot of one of the providers that may still accept it. */
async function waitForSlot(
  deps: SubmitDeps,
  task: WithRequest<Pending>,
  { names, inputFormats, declinedBy: declined }: Round,
): Promise<SubmitResult> {
  const possible = names.filter((name) => declined.get(name)?.state !== 'operator_must_act');
  if (possible.length === 0) {
    return [...declined.values()].at(-1) ?? withoutProvider(deps, task);
  }
  const pools = deps.slots.poolsFor(task.model, possible);
  // Providers have got or lost their keys, so the pools differ: the task leaves its old queue.
  if (task.queue && task.queue.pools.join() !== pools.join()) await deps.slots.leave(task);
  const now = deps.now();
  const queue = await placeOf(deps, task, possible);
  const queued = await deps.tasks.recordQueued(
    task.id,
    queue,
    now + queueCheckMs,
    preparedInputs(task, inputFormats, now),
  );
  if (!queued) return { state: 'over', reason: 'the task has ended meanwhile' };
  if (isUntouched(queued) && queued.cancelledAt === undefined)
    return { state: 'waits', task, busy: possible.filter((name) => declined.has(name)) };
  if (queued.status === 'pending' && queued.submitLockedAt !== undefined)
    return { state: 'locked' };
  return continueFrom(deps, { ...requestOf(task), ...queued });
}

/** The place of a task in the queue of these providers; when it enters again, the place that it had. */
async function placeOf(
  { slots, now, expectedWait }: SubmitDeps,
  task: Pending,
  providers: readonly ProviderName[],
): Promise<QueuePlace> {
  const { since = now(), expected = await expectedWait(task, providers) } = task.queue ?? {};
  return { pools: slots.poolsFor(task.model, providers), since, expected };
}

/** How often the reconciler checks a task that waits for a slot: every hour. */
export const queueCheckMs = 60 * 60 * 1000;

/** Whether a task has waited for a slot for so long that it fails. */
export const hasWaitedTooLong = ({ queue }: Pending, now: number): boolean =>
  queue !== undefined && now >= queue.since + maxQueueMs;

function withoutProvider(deps: SubmitDeps, task: Pending): Declined {
  const error = new ProviderRejected(failures.noProvider, { operatorMustAct: true });
  deps.operatorMustAct(task, error);
  return { state: 'operator_must_act', error };
}

/** Submits to the provider whose slot the task has. When it declines, the submit lock is released. */
async function submitTo(
  deps: SubmitDeps,
  pending: WithRequest<Pending>,
  { provider, slot, startAt }: TakenSlot,
  inputFormats: InputFormats = [],
): Promise<SubmitResult> {
  const { id, model, inputs } = pending;
  const { tasks, now, providers } = deps;
  const checkedAt = now();
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
  await waitUntil(deps, startAt);
  const lock = await tasks.acquireSubmitLock(
    id,
    provider,
    now(),
    idempotent ? request : undefined,
    { slot, prepared: preparedInputs(pending, inputFormats, checkedAt) },
  );
  const { acquired } = lock;
  const task = { ...requestOf(pending), ...lock.task };
  if (!acquired || task.status !== 'pending') return continueFrom(deps, task);

  const result = await callProvider(deps, task, { provider, modelName, request, typicalSeconds });
  if (result.state === 'unknown') return resubmit(deps, task);
  if (isDeclined(result)) {
    if (result.state === 'operator_must_act') deps.operatorMustAct(pending, result.error);
    await tasks.releaseSubmitLock(id, task.submitLockedAt ?? 0, result.state);
    // Recorded after the lock is released: a lock would mean that the provider may have the job.
    await deps.recordRejection(provider, rejectionCode(result));
  }
  return result;
}

/** Undefined when an earlier version of `PrepareInputs` has not returned every format. */
function preparedInputs(
  { inputs, prepared }: WithRequest<Pending>,
  inputFormats: InputFormats | undefined,
  at: number,
): PreparedInputs | undefined {
  const formats = (inputFormats ?? []).flatMap((format) => format ?? []);
  return prepared === undefined && formats.length === inputs.length ? { at, formats } : undefined;
}

/** A provider limits the submits a second, so each submit has its own time, within a few seconds. */
async function waitUntil({ now, pause }: SubmitDeps, startAt: number): Promise<void> {
  const msLeft = startAt - now();
  if (msLeft > 0) await pause(msLeft);
}

/** Continues where another attempt has stopped, or says why there is nothing to submit. */
async function continueFrom(deps: SubmitDeps, task: Task): Promise<SubmitResult> {
  if (isEnded(task) || task.outcome) {
    return { state: 'over', reason: 'the task has its outcome already' };
  }
  if (task.status === 'processing') return { state: 'accepted', task };
  if (task.submitLockedAt !== undefined) return resubmit(deps, task);
  // Only a cancellation can have kept the task from its lock.
  return { state: 'failed', failure: failures.cancelled };
}

/**
 * Submits again to a provider that may have accepted the job. An idempotent provider recognises the job
 * by its exact request and responds as it did the first time. With any other provider it stays unknown.
 */
async function resubmit(deps: SubmitDeps, task: WithRequest<Pending>): Promise<SubmitResult> {
  const { id, model, provider, submittedRequest: request, submitLockedAt = 0 } = task;
  if (!isStillWanted(task, deps.now()) || !provider || !request) return { state: 'unknown', task };
  const modelName = nameAtProvider(model, provider, deps.catalogue);
  if (!modelName) return { state: 'unknown', task };
  const typicalSeconds = await deps.typicalSeconds(model, provider);
  // The earlier attempt may still be running. After the lock is renewed, that attempt holds an old lock: if its
  // submit is rejected late, it can neither release the lock nor submit the job to another provider.
  const renewedAt = Math.max(deps.now(), submitLockedAt + 1); // two locks differ by their time
  const isRenewed = await deps.tasks.renewSubmitLock(id, provider, submitLockedAt, renewedAt);
  if (!isRenewed) return { state: 'locked' };

  const result = await callProvider(deps, task, { provider, modelName, request, typicalSeconds });
  // A no that is not about the job does not say whether the first attempt was accepted.
  return isDeclined(result) ? { state: 'unknown', task } : result;
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

/** Calls the provider once, under the submit lock, and stores the ticket if it accepts. */
async function callProvider(
  { tasks, providers, now, pause }: SubmitDeps,
  pending: WithRequest<Pending>,
  { provider, modelName, request, typicalSeconds }: Attempt,
): Promise<CallResult> {
  const { id, prompt, n, options, busyCount } = pending;
  const job: Job = { taskId: id, model: modelName, prompt, n, options, busyCount, ...request };
  let ticket: string;
  try {
    ticket = await providers[provider].submit(job);
  } catch (error) {
    return resultOf(error, pending, provider);
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

/** What a provider's error means. Any other error is our own, and is thrown again. */
function resultOf(
  error: unknown,
  task: Pending,
  provider: ProviderName,
): Exclude<CallResult, { state: 'accepted' | 'over' }> {
  if (error instanceof SubmitUnknown) return { state: 'unknown', task };
  if (error instanceof ProviderBusy) return { state: 'busy', error };
  if (!(error instanceof ProviderRejected)) throw error;
  return error.operatorMustAct
    ? { state: 'operator_must_act', error }
    : { state: 'failed', failure: error.failure, rejectedBy: provider };
}
