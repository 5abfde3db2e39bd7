import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { CompletedTask, UploadForm } from './answers.ts';
import { darkroomApi } from './api.ts';
import { CliError } from './cli-error.ts';
import { makeDirectory } from './make-directory.ts';
import { type Pictures, readPictures } from './pictures.ts';
import { saveResults } from './save-results.ts';
import { type Send, sender } from './send.ts';
import { upload } from './upload.ts';

/** What is being done; `percent` is the API's own estimate of the painting. */
export type Update =
  | { readonly stage: 'uploading' | 'queued' | 'saving' }
  | { readonly stage: 'painting'; readonly percent: number };

type Options = {
  readonly url: string;
  readonly key: string;
  /** Files, or http(s) addresses. */
  readonly pictures: readonly string[];
  readonly prompt: string;
  readonly n?: number | undefined;
  readonly model?: string | undefined;
  /** The directory for the results. */
  readonly out: string;
  readonly fetch?: typeof globalThis.fetch;
  readonly sleep?: (milliseconds: number) => Promise<unknown>;
  readonly now?: () => number;
  readonly onProgress: (update: Update) => void;
};

export type Generated = {
  readonly id: string;
  readonly files: readonly string[];
  readonly seconds: number;
  /** What the task cost, if the API said so. */
  readonly credits: number | undefined;
  /** Why pictures that were asked for are not among the files. */
  readonly missing: readonly string[];
};

/**
 * Has pictures made from pictures and saves them.
 * @throws {CliError} with what the API, the storage or this machine had against it
 */
export async function generate(options: Options): Promise<Generated> {
  const { fetch = globalThis.fetch, sleep = setTimeout, now = Date.now } = options;
  const { url, key, prompt, n, model, out, onProgress } = options;
  const startedAt = now();
  const send = sender({ fetch, sleep, now });
  const api = darkroomApi({ url, key, send });

  // Whatever can be refused on this machine is refused before a task holds credits.
  const pictures = await readPictures(options.pictures);
  await makeDirectory(out);

  if (pictures.kind === 'files') onProgress({ stage: 'uploading' });
  const order = { model, prompt, n, ...inputsOf(pictures) };
  const { id, uploads } = await api.create(order, `cli-${randomUUID()}`);
  await uploadAll(send, pictures, uploads);
  const task = await finished(id, { ask: api.task, sleep, now, onProgress });
  onProgress({ stage: 'saving' });
  const files = await saveResults(send, { id, links: task.results, out });
  return {
    ...{ id, files, seconds: (now() - startedAt) / 1000, credits: task.usage.credits_used },
    missing: task.result_errors.map(({ message }) => message),
  };
}

const inputsOf = (pictures: Pictures) =>
  pictures.kind === 'addresses'
    ? { image_urls: pictures.addresses }
    : { image_uploads: pictures.files.map(({ contentType }) => ({ content_type: contentType })) };

async function uploadAll(
  send: Send,
  pictures: Pictures,
  forms: readonly UploadForm[],
): Promise<void> {
  if (pictures.kind === 'addresses') return;
  for (const [index, picture] of pictures.files.entries()) {
    const form = forms[index];
    if (!form) throw new CliError('The API did not say where to upload: does it take uploads?');
    await upload(send, form, picture);
  }
}

type Watching = Required<Pick<Options, 'sleep' | 'now' | 'onProgress'>> & {
  readonly ask: ReturnType<typeof darkroomApi>['task'];
};

const patienceMs = 20 * 60 * 1000;
const eagerMs = 15_000;

async function finished(id: string, watching: Watching): Promise<CompletedTask> {
  const { ask, sleep, now, onProgress } = watching;
  const since = now();
  while (now() - since < patienceMs) {
    const task = await ask(id);
    if (task.status === 'completed') return task;
    if (task.status === 'failed') throw new CliError(task.error.message);
    onProgress(
      task.status === 'pending'
        ? { stage: 'queued' }
        : { stage: 'painting', percent: task.progress },
    );
    await sleep(now() - since < eagerMs ? 1000 : 3000);
  }
  throw new CliError(`${id} is not finished after 20 minutes; it may still end without us`);
}
