import type * as createTask from '../../functions/api/create-task/route.ts';
import type { BodyInputOf } from '../../functions/runtime/route.ts';
import type { CompletedTask, DarkroomApi, Task, UploadForm } from '../api/api.ts';
import type { Send } from '../api/send.ts';
import type { LocalPicture, Pictures } from '../pictures/read-pictures.ts';
import { adviseIfUnknown, CliError } from '../program/cli-error.ts';
import { exitCodes } from '../program/exit-codes.ts';

// The steps of a task, from here: create it, upload its pictures, wait until it has ended.

/** What is being done now. `percent` is the API's own estimate. */
export type Update =
  | { readonly stage: 'uploading' | 'queued' | 'saving' }
  | { readonly stage: 'generating'; readonly percent: number };

type Body = BodyInputOf<typeof createTask.route>;
/** What a create asks for, beside its pictures. */
export type CreateRequest = Pick<
  Body,
  | 'prompt'
  | 'model'
  | 'n'
  | 'size'
  | 'seed'
  | 'negative_prompt'
  | 'prompt_extend'
  | 'watermark'
  | 'callback_url'
  | 'lane'
  | 'metadata'
>;

type CreateOptions = {
  readonly api: Pick<DarkroomApi, 'create'>;
  readonly send: Send;
  readonly request: CreateRequest;
  readonly pictures: Pictures;
  readonly idempotencyKey: string;
  /** Called as soon as there is a task, before its pictures are uploaded. */
  readonly onCreated: (id: string) => void;
  readonly onProgress: (update: Update) => void;
};

/** Creates a task and uploads its pictures. @returns the created task, and what the API ignored of the request */
export async function createAndUpload(options: CreateOptions) {
  const { api, send, request, pictures, idempotencyKey, onCreated, onProgress } = options;
  if (pictures.kind === 'files') onProgress({ stage: 'uploading' });
  const body: Body = Object.assign({}, request, inputsOf(pictures));
  const created = await api
    .create(body, idempotencyKey)
    .catch(
      adviseIfUnknown(
        `the task may have been created: repeat it with --idempotency-key ${idempotencyKey}, so that it is paid once`,
      ),
    );
  onCreated(created.id);
  // A repeated create returns the task of the first one. There is no form for a picture that has arrived, and none at all
  // when the forms have expired: then the task fails by itself.
  const { uploads = [], isReplayed } = created;
  const needsNothing = created.status !== 'pending' || (isReplayed && uploads.length === 0);
  if (pictures.kind === 'files' && !needsNothing) {
    await uploadPictures(send, pictures.files, uploads).catch(onTask(created.id));
  }
  return created;
}

const onTask =
  (taskId: string) =>
  (thrown: unknown): never => {
    if (!(thrown instanceof CliError)) throw thrown;
    const { message, exitCode, apiError, cause } = thrown;
    throw new CliError(message, { exitCode, apiError, cause, taskId });
  };

/** Adds the task to an error that comes after its create, and how to get its result. */
export const adviseToWait =
  (taskId: string) =>
  (thrown: unknown): never => {
    const error = thrown instanceof CliError ? thrown : new CliError(String(thrown));
    const { exitCode, apiError, message } = error;
    const isFinal = error.taskId !== undefined || (apiError && apiError.status < 500);
    if (isFinal) throw thrown;
    throw new CliError(`${message}; \`darkroom wait ${taskId}\` gets the result`, {
      exitCode,
      apiError,
      cause: thrown,
      taskId,
    });
  };

const inputsOf = (pictures: Pictures) =>
  pictures.kind === 'addresses'
    ? { image_urls: pictures.addresses }
    : { image_uploads: pictures.files.map(({ contentType }) => ({ content_type: contentType })) };

async function uploadPictures(
  send: Send,
  files: readonly LocalPicture[],
  forms: readonly UploadForm[],
): Promise<void> {
  if (files.length > 0 && forms.length === 0)
    throw new CliError('The API did not say where to upload: does it take uploads?');
  for (const form of forms) {
    const picture = files[form.index];
    if (!picture)
      throw new CliError(`The API asks for picture ${form.index + 1}, which was not given`);
    await uploadPicture(send, form, picture);
  }
}

/** Uploads one picture with its form. Repeating it is harmless: the form names one object, which is written again. */
export async function uploadPicture(
  send: Send,
  form: UploadForm,
  picture: LocalPicture,
): Promise<void> {
  const { path, bytes, contentType } = picture;
  const body = new FormData();
  for (const [name, value] of Object.entries(form.fields)) body.append(name, value);
  // S3 reads the form in order and stops at the file, so the file comes last.
  body.append('file', new Blob([bytes], { type: contentType }), 'picture');
  await send(form.url, { method: 'POST', body, deadlineMs: 300_000 }, async (response) => {
    const text = await response.text();
    if (response.ok) return;
    const reason = parseStorageError(text) ?? `it answered ${response.status}`;
    throw new CliError(`The storage refused ${path}: ${reason}`, {
      apiError: { status: response.status === 403 ? 400 : response.status },
    });
  });
}

function parseStorageError(xml: string): string | undefined {
  const [, code] = /<Code>([^<]*)<\/Code>/.exec(xml) ?? [];
  const [, message] = /<Message>([^<]*)<\/Message>/.exec(xml) ?? [];
  return message ? `${message} (${code})` : code;
}

// How long to wait for a task by default.
const defaultWaitMs = 20 * 60 * 1000;

type WaitOptions = {
  readonly readTask: DarkroomApi['task'];
  readonly sleep: (milliseconds: number) => Promise<unknown>;
  readonly now: () => number;
  /** How long to wait before the task is read again, for the first 15 seconds. */
  readonly pollMs?: number | undefined;
  readonly timeoutMs?: number | undefined;
  readonly onProgress: (update: Update) => void;
};

// The task is read every three seconds after this.
const fastPollingMs = 15_000;

/**
 * Waits until a task is completed.
 * @throws {CliError} when it fails, is cancelled, or takes longer than `timeoutMs`
 */
export async function waitUntilCompleted(id: string, options: WaitOptions): Promise<CompletedTask> {
  const { readTask, sleep, now, pollMs = 1000, timeoutMs = defaultWaitMs, onProgress } = options;
  const startedAt = now();
  for (;;) {
    const task = await readTask(id);
    if (task.status === 'completed') return task;
    if (task.status === 'failed') throw failureOf(task);
    onProgress(updateOf(task));
    const waited = now() - startedAt;
    if (waited >= timeoutMs) break;
    await sleep(Math.min(waited < fastPollingMs ? pollMs : 3000, timeoutMs - waited));
  }
  throw new CliError(
    `${id} is not finished after ${formatDuration(timeoutMs)}; it goes on, and \`darkroom wait ${id}\` waits for it again`,
    { exitCode: exitCodes.timedOut, taskId: id },
  );
}

const updateOf = ({ status, progress }: Task): Update =>
  status === 'pending' ? { stage: 'queued' } : { stage: 'generating', percent: progress };

function formatDuration(ms: number): string {
  const [size, unit] = ms % 60_000 === 0 ? [60_000, 'minute'] : [1000, 'second'];
  const count = ms / size;
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

const failureOf = (task: Extract<Task, { status: 'failed' }>): CliError =>
  new CliError(task.error.message, {
    exitCode: exitCodeOfTask(task),
    code: task.error.code,
    taskId: task.id,
  });

/** The exit code that says how a task is: 0 also while it has not ended. */
export function exitCodeOfTask(task: Task): number {
  if (task.status === 'failed') {
    return task.error.code === 'request_cancelled' ? exitCodes.cancelled : exitCodes.taskFailed;
  }
  return task.status === 'completed' && task.result_errors ? exitCodes.partial : exitCodes.done;
}
