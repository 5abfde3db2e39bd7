import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { CompletedTask } from '../api/api.ts';
import { createSender, type Send } from '../api/send.ts';
import { limitsOf, readPictures } from '../pictures/read-pictures.ts';
import { prepareOutputDirectory, type ResultNames, saveResults } from './save-results.ts';
import {
  adviseToWait,
  type CreateRequest,
  createAndUpload,
  type Update,
  waitUntilCompleted,
} from './task-run.ts';

type Options = {
  readonly url: string;
  readonly key: string;
  /** Files, or http(s) addresses. */
  readonly pictures: readonly string[];
  readonly request: CreateRequest;
  /** `false`: a picture that the API would refuse is refused, not changed. */
  readonly fit?: boolean | undefined;
  /** Repeats the create that had this key; by default the key is new. */
  readonly idempotencyKey?: string | undefined;
  /** The directory for the results. */
  readonly out: string;
  /** The pattern of their names. */
  readonly name?: string | undefined;
  readonly fetch?: typeof globalThis.fetch;
  readonly sleep?: (milliseconds: number) => Promise<unknown>;
  readonly now?: () => number;
  readonly pollMs?: number;
  /** How long to wait for the task. */
  readonly timeoutMs?: number | undefined;
  readonly onCreated?: (id: string) => void;
  readonly onProgress: (update: Update) => void;
  /** Says what was changed in a picture, or ignored in the request. */
  readonly onNote?: (text: string) => void;
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
  const { sleep = setTimeout, now = Date.now, pictures, out, name, onProgress } = options;
  const startedAt = now();
  await prepareOutputDirectory(out);
  const { id, api, send } = await startTask(options);
  const task = await waitUntilCompleted(id, {
    readTask: (one) => api.task(one).catch(adviseToWait(id)),
    sleep,
    now,
    pollMs: options.pollMs,
    timeoutMs: options.timeoutMs,
    onProgress,
  });
  onProgress({ stage: 'saving' });
  const files = await saveTask(send, task, { out, name, input: pictures[0] });
  return generatedOf(task, files, (now() - startedAt) / 1000);
}

type StartOptions = Omit<Options, 'out' | 'name' | 'pollMs' | 'timeoutMs'>;

/** Creates a task and uploads its pictures, and does not wait for it. */
export async function startTask(options: StartOptions) {
  const { fetch = globalThis.fetch, sleep = setTimeout, now = Date.now } = options;
  const { url, key, request, idempotencyKey = `cli-${randomUUID()}`, onProgress } = options;
  const { onCreated = () => undefined, onNote = () => undefined } = options;
  const send = createSender({ fetch, sleep, now });
  const { darkroomApi } = await import('../api/api.ts');
  const api = darkroomApi({ url, key, send });
  const pictures = await readPictures(options.pictures, {
    fit: options.fit,
    limits: limitsOf(request.model ?? undefined),
    onNote,
  });
  const {
    id,
    status,
    warnings = [],
  } = await createAndUpload({
    api,
    send,
    request,
    pictures,
    idempotencyKey,
    onCreated,
    onProgress,
  });
  for (const { message } of warnings) onNote(message);
  return { id, status, api, send };
}

type SaveOptions = { readonly out: string } & ResultNames;

/** Saves the results of a completed task. @returns their paths */
export const saveTask = (send: Send, task: CompletedTask, { out, name, input }: SaveOptions) =>
  saveResults(send, { id: task.id, links: task.results, out, name, input }).catch(
    adviseToWait(task.id),
  );

export const generatedOf = (
  task: CompletedTask,
  files: readonly string[],
  seconds: number,
): Generated => ({
  id: task.id,
  files,
  seconds,
  credits: task.usage.credits_used,
  missing: (task.result_errors ?? []).map(({ message }) => message),
});

/**
 * Reads the pictures and tries the directory for the results. What can fail on this machine fails here, before
 * anything is started or paid.
 */
export async function checkFiles({ pictures, out }: Pick<Options, 'pictures' | 'out'>) {
  await readPictures(pictures);
  await prepareOutputDirectory(out);
}

/** The last lines of a run: one path a line, and after the last path the time and the price. */
export function formatSummary({ files, seconds, credits }: Generated): string {
  const price = `${credits} ${credits === 1 ? 'credit' : 'credits'}`;
  return `${files.join('\n')}  (${seconds.toFixed(1)} s, ${price})`;
}
