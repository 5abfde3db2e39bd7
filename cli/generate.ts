import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { CompletedTask, DarkroomApi, UploadForm } from './api.ts';
import { CliError } from './cli-error.ts';
import { type LocalPicture, type Pictures, readPictures } from './pictures.ts';
import { prepareOutputDirectory, saveResults } from './save-results.ts';
import { createSender, type Send } from './send.ts';

/** What is being done now. `percent` is the API's own estimate. */
export type Update =
  | { readonly stage: 'uploading' | 'queued' | 'saving' }
  | { readonly stage: 'generating'; readonly percent: number };

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
  /** How long to wait before the task is read again, for the first 15 seconds. */
  readonly pollMs?: number;
  readonly onProgress: (update: Update) => void;
};

export type Generated = {
  readonly id: string;
  readonly files: readonly string[];
  readonly seconds: number;
  /** What the task cost. */
  readonly credits: number;
  /** Why requested pictures are not among the files. */
  readonly missing: readonly string[];
};

/**
 * Generates pictures from pictures and saves them.
 * @throws {CliError} with the reason that the API, the storage or this machine gave
 */
export async function generate(options: Options): Promise<Generated> {
  const { fetch = globalThis.fetch, sleep = setTimeout, now = Date.now } = options;
  const { url, key, prompt, n, model, out, pollMs = 1000, onProgress } = options;
  const startedAt = now();
  const send = createSender({ fetch, sleep, now });
  const { darkroomApi } = await import('./api.ts');
  const api = darkroomApi({ url, key, send });

  const pictures = await checkFiles(options);
  if (pictures.kind === 'files') onProgress({ stage: 'uploading' });
  const request = { model, prompt, n, ...inputsOf(pictures) };
  const { id, uploads = [] } = await api.create(request, `cli-${randomUUID()}`);
  await uploadPictures(send, pictures, uploads);
  const task = await waitUntilCompleted(id, {
    readTask: api.task,
    sleep,
    now,
    pollMs,
    onProgress,
  });
  onProgress({ stage: 'saving' });
  const files = await saveResults(send, { id, links: task.results, out });
  return {
    id,
    files,
    seconds: (now() - startedAt) / 1000,
    credits: task.usage.credits_used,
    missing: (task.result_errors ?? []).map(({ message }) => message),
  };
}

/**
 * Reads the pictures and tries the directory for the results. What can fail on this machine fails here, before
 * anything is started or paid.
 */
export async function checkFiles({ pictures, out }: Pick<Options, 'pictures' | 'out'>) {
  const read = await readPictures(pictures);
  await prepareOutputDirectory(out);
  return read;
}

const inputsOf = (pictures: Pictures) =>
  pictures.kind === 'addresses'
    ? { image_urls: pictures.addresses }
    : { image_uploads: pictures.files.map(({ contentType }) => ({ content_type: contentType })) };

async function uploadPictures(
  send: Send,
  pictures: Pictures,
  forms: readonly UploadForm[],
): Promise<void> {
  if (pictures.kind === 'addresses') return;
  for (const [index, picture] of pictures.files.entries()) {
    const form = forms[index];
    if (!form) throw new CliError('The API did not say where to upload: does it take uploads?');
    await uploadPicture(send, form, picture);
  }
}

// Repeating an upload is harmless: the form names one object, which is written again.
async function uploadPicture(send: Send, form: UploadForm, picture: LocalPicture): Promise<void> {
  const { path, bytes, contentType } = picture;
  const body = new FormData();
  for (const [name, value] of Object.entries(form.fields)) body.append(name, value);
  // S3 reads the form in order and stops at the file, so the file comes last.
  body.append('file', new Blob([bytes], { type: contentType }), 'picture');
  await send(form.url, { method: 'POST', body, deadlineMs: 300_000 }, async (response) => {
    const text = await response.text();
    if (response.ok) return;
    const reason = parseStorageError(text) ?? `it answered ${response.status}`;
    throw new CliError(`The storage refused ${path}: ${reason}`);
  });
}

function parseStorageError(xml: string): string | undefined {
  const [, code] = /<Code>([^<]*)<\/Code>/.exec(xml) ?? [];
  const [, message] = /<Message>([^<]*)<\/Message>/.exec(xml) ?? [];
  return message ? `${message} (${code})` : code;
}

type WaitOptions = Required<Pick<Options, 'sleep' | 'now' | 'pollMs' | 'onProgress'>> & {
  readonly readTask: DarkroomApi['task'];
};

const maxWaitMs = 20 * 60 * 1000;
// The task is read every three seconds after this.
const fastPollingMs = 15_000;

async function waitUntilCompleted(id: string, options: WaitOptions): Promise<CompletedTask> {
  const { readTask, sleep, now, pollMs, onProgress } = options;
  const startedAt = now();
  while (now() - startedAt < maxWaitMs) {
    const task = await readTask(id);
    if (task.status === 'completed') return task;
    if (task.status === 'failed') throw new CliError(task.error.message);
    onProgress(
      task.status === 'pending'
        ? { stage: 'queued' }
        : { stage: 'generating', percent: task.progress },
    );
    await sleep(now() - startedAt < fastPollingMs ? pollMs : 3000);
  }
  throw new CliError(
    `${id} is not finished after 20 minutes; it may still finish, see \`darkroom task ${id}\``,
  );
}

/** The last lines of a run: one path a line, and after the last path the time and the price. */
export function formatSummary({ files, seconds, credits }: Generated): string {
  const price = `${credits} ${credits === 1 ? 'credit' : 'credits'}`;
  return `${files.join('\n')}  (${seconds.toFixed(1)} s, ${price})`;
}
