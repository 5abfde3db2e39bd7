import { readFileSync } from 'node:fs';
import { type Body, upload } from '../open-world.ts';
import type { FaultWorld } from './fault-world.ts';
import { isClosing } from './news.ts';

/** How a task ends. `code` is that of a failure. */
export type End = {
  readonly status: 'completed' | 'failed';
  readonly images: number;
  readonly code?: string;
};

/** One way a task can take, and how it ends when nothing goes wrong. */
export type Path = {
  readonly name: string;
  /** How the painter behaves meanwhile. */
  readonly painting: Parameters<FaultWorld['painter']['control']>[0];
  readonly request: (world: FaultWorld) => object;
  /** What the caller does after he has created it. */
  readonly afterwards?: (world: FaultWorld, created: Body) => Promise<unknown>;
  readonly end: End;
};

// A picture takes so long that it is asked for at least twice.
const twoPolls = { seconds: 9, submit: 'ok', poll: 'ok', outcome: 'succeeded' } as const;
const byAddress = ({ picture }: FaultWorld) => ({ image_urls: [picture] });
const sample = readFileSync('cli/sample.jpg');
export const uploadForm = { content_type: 'image/jpeg' };

export const completed: End = { status: 'completed', images: 1 };
export const cancelled: End = { status: 'failed', images: 0, code: 'request_cancelled' };
/** Nobody can tell whether the provider took the job: nothing is charged, and it is not asked again. */
export const unclear: End = { status: 'failed', images: 0, code: 'service_error' };

/**
 * Cancels a task as callers do: who gets no answer looks whether it was done, and if not, asks again.
 * Answers whether there was anything to cancel.
 */
export async function cancel({ call }: FaultWorld, { id }: Body): Promise<boolean> {
  for (;;) {
    const { status } = await call('POST', `/v1/tasks/${id}/cancel`);
    if (status < 500) return status === 200;
    const { body } = await call('GET', `/v1/tasks/${id}`);
    if (body.task_info?.can_cancel === false) return true;
  }
}

export async function uploadAll(_: FaultWorld, { uploads }: Body): Promise<void> {
  for (const one of uploads) {
    const status = await upload(one, sample);
    if (status !== 204) throw new Error(`an upload was answered ${status}`);
  }
}

// When it waits for the first time the provider has its job, and begins with it or has begun.
async function cancelWhilePainting(world: FaultWorld, created: Body): Promise<void> {
  const isPainted = (state = '') => state === 'AwaitProvider';
  await world.news.when(
    created.id,
    (event) => (event.type === 'TaskSubmitted' && isPainted(event.state)) || isClosing(event),
  );
  await cancel(world, created);
}

export const paths: readonly Path[] = [
  {
    name: 'a success by address',
    painting: twoPolls,
    request: byAddress,
    end: completed,
  },
  {
    name: 'a success by uploads',
    painting: twoPolls,
    request: () => ({ image_uploads: [uploadForm, uploadForm] }),
    afterwards: uploadAll,
    end: completed,
  },
  {
    name: 'two images of three',
    painting: { ...twoPolls, outcome: 'partial' },
    request: (world) => ({ ...byAddress(world), n: 3 }),
    end: { status: 'completed', images: 2 },
  },
  {
    name: 'a failure of the provider',
    painting: { ...twoPolls, outcome: 'failed' },
    request: byAddress,
    end: { status: 'failed', images: 0, code: 'service_error' },
  },
  {
    name: 'a cancellation while it is painted',
    painting: { ...twoPolls, seconds: 600 },
    request: byAddress,
    afterwards: cancelWhilePainting,
    end: cancelled,
  },
  {
    name: 'a cancellation before the uploads',
    painting: twoPolls,
    request: () => ({ image_uploads: [uploadForm] }),
    afterwards: cancel,
    end: cancelled,
  },
];

export function pathNamed(name: string): Path {
  const found = paths.find((path) => path.name === name);
  if (!found) throw new Error(`there is no path "${name}"`);
  return found;
}

/** What is to be painted: quick to make, and recognised at the painter by its own words. */
export const wishes = (words: string) => ({ prompt: `In grey, ${words}`, size: '768x768' });
