import { readFileSync } from 'node:fs';
import { type Body, upload } from '../flow/open-stack.ts';
import { isEnd, isWaitingForProvider, isWaitingForSlot } from './execution-events.ts';
import type { FaultStack } from './fault-stack.ts';

/** How a task ends. `code` is that of a failure. */
export type TaskEnd = {
  readonly status: 'completed' | 'failed';
  readonly images: number;
  readonly code?: string;
};

/** What a caller and the provider do with a task, and how it ends without faults. */
export type Scenario = {
  readonly name: string;
  /** How many jobs the provider takes; without it there is no limit. */
  readonly capacity?: number;
  /** Others have all slots of the provider, until `freeSlots`. */
  readonly isFull?: boolean;
  /** Others have all slots until more tasks wait than there are slots, so that tasks wait however fast the machine is. */
  readonly beginsFull?: boolean;
  /** How many of its tasks run at the same time, when their crashes are replayed. */
  readonly concurrency?: number;
  /** How the mock provider behaves. */
  readonly provider: Parameters<FaultStack['mockProvider']['control']>[0];
  readonly request: (stack: FaultStack) => object;
  /** What the caller does after creating the task. */
  readonly afterCreate?: (stack: FaultStack, created: Body) => Promise<unknown>;
  readonly end: TaskEnd;
  /** The least number of crash points to be recorded: 10 % below the usual number, as a few calls are not always made. */
  readonly minCrashPoints: number;
};

// A job takes long enough to be polled at least twice.
const twoPolls = { seconds: 9, submit: 'ok', poll: 'ok', outcome: 'succeeded' } as const;
/** A job that is not finished when the deadline of its task passes. */
export const aDay = 24 * 60 * 60;
const byUrl = ({ imageUrl }: FaultStack) => ({ image_urls: [imageUrl] });
const sample = readFileSync('cli/sample.jpg');
export const uploadForm = { content_type: 'image/jpeg' };

export const completed: TaskEnd = { status: 'completed', images: 1 };
export const cancelled: TaskEnd = { status: 'failed', images: 0, code: 'request_cancelled' };
/** Whether the provider took the job is unknown: nothing is charged, and the submit is not repeated. */
export const unknownSubmit: TaskEnd = { status: 'failed', images: 0, code: 'service_error' };

/**
 * Cancels a task as callers do: after a 5xx, reads whether the task was cancelled, and otherwise tries again.
 * Returns whether the task was cancelled; it is not when it has already ended.
 */
export async function cancel({ call }: FaultStack, { id }: Body): Promise<boolean> {
  for (;;) {
    const { status } = await call('POST', `/v1/tasks/${id}/cancel`);
    if (status < 500) return status === 200;
    const { body } = await call('GET', `/v1/tasks/${id}`);
    if (body.task_info?.can_cancel === false) return true;
  }
}

export async function uploadAll(_stack: FaultStack, { uploads }: Body): Promise<void> {
  for (const form of uploads) {
    const status = await upload(form, sample);
    if (status !== 204) throw new Error(`an upload got the status ${status}`);
  }
}

/** Cancels a task while it waits for a slot. */
async function cancelInQueue(stack: FaultStack, created: Body): Promise<void> {
  await stack.taskEvents.waitFor(created.id, (event) => isWaitingForSlot(event) || isEnd(event));
  await cancel(stack, created);
}

async function cancelAtProvider(stack: FaultStack, created: Body): Promise<void> {
  await stack.taskEvents.waitFor(
    created.id,
    (event) => isWaitingForProvider(event) || isEnd(event),
  );
  await cancel(stack, created);
}

export const scenarios: readonly Scenario[] = [
  {
    name: 'a success by URL',
    minCrashPoints: 48,
    provider: twoPolls,
    request: byUrl,
    end: completed,
  },
  {
    name: 'a success by uploads',
    minCrashPoints: 63,
    provider: twoPolls,
    request: () => ({ image_uploads: [uploadForm, uploadForm] }),
    afterCreate: uploadAll,
    end: completed,
  },
  {
    name: 'two images of three',
    minCrashPoints: 57,
    provider: { ...twoPolls, outcome: 'partial' },
    request: (stack) => ({ ...byUrl(stack), n: 3 }),
    end: { status: 'completed', images: 2 },
  },
  {
    name: 'a failure of the provider',
    minCrashPoints: 46,
    provider: { ...twoPolls, outcome: 'failed' },
    request: byUrl,
    end: { status: 'failed', images: 0, code: 'service_error' },
  },
  {
    name: 'a cancellation while it waits at the provider',
    minCrashPoints: 45,
    provider: { ...twoPolls, seconds: aDay },
    request: byUrl,
    afterCreate: cancelAtProvider,
    end: cancelled,
  },
  {
    name: 'a cancellation before the uploads',
    minCrashPoints: 18,
    provider: twoPolls,
    request: () => ({ image_uploads: [uploadForm] }),
    afterCreate: cancel,
    end: cancelled,
  },
];

/** The scenarios of a task at a provider that takes a limited number of jobs. */
export const queueScenarios: readonly Scenario[] = [
  { capacity: 2, minCrashPoints: { finds: 54, waits: 95, cancelled: 55 } },
  { capacity: 5, minCrashPoints: { finds: 50, waits: 102, cancelled: 52 } },
].flatMap(({ capacity, minCrashPoints }) => [
  {
    name: `a task that finds one of ${capacity} slots`,
    minCrashPoints: minCrashPoints.finds,
    capacity,
    concurrency: capacity,
    provider: twoPolls,
    request: byUrl,
    end: completed,
  },
  {
    // More at a time than there are slots, so that most of them wait, and those that end hand their slots on.
    name: `a task that waits for one of ${capacity} slots and is woken`,
    minCrashPoints: minCrashPoints.waits,
    capacity,
    concurrency: capacity + 5,
    beginsFull: true,
    provider: { ...twoPolls, seconds: 3 },
    request: byUrl,
    end: completed,
  },
  {
    name: `a cancellation while it waits for one of ${capacity} slots`,
    minCrashPoints: minCrashPoints.cancelled,
    capacity,
    isFull: true,
    provider: twoPolls,
    request: byUrl,
    afterCreate: cancelInQueue,
    end: cancelled,
  },
]);

export function scenarioNamed(name: string): Scenario {
  const found = scenarios.find((scenario) => scenario.name === name);
  if (!found) throw new Error(`there is no scenario "${name}"`);
  return found;
}

/** Options of a task that is quick to generate. Its prompt identifies its job at the mock provider. */
export const smallImage = (label: string) => ({ prompt: `In grey, ${label}`, size: '768x768' });

/** A task that was created, with the prompt that identifies its job at the mock provider. */
export type SentTask = { readonly id: string; readonly prompt: string };
