import type { DarkroomApi, Task, UploadForm } from '../api/api.ts';
import { CliError, hasErrorCode } from '../program/cli-error.ts';
import type { ReceivedCallback } from '../webhooks/receive-callbacks.ts';
import { type Finding, fail, ok, type Step, seeErrors, skipped, warn } from './finding.ts';
import { toCliError } from './service-steps.ts';

/** What the steps of one task need. Times in milliseconds. */
export type TaskPorts = {
  readonly api: Pick<DarkroomApi, 'create' | 'task' | 'cancel'>;
  /** Sends the sample picture with a form. @throws {CliError} with what the storage said */
  readonly upload: (form: UploadForm) => Promise<void>;
  /** Fetches the link to a result, without a key. */
  readonly fetchResult: (
    link: string,
  ) => Promise<{ readonly status: number; readonly type: string }>;
  /** Where the callback of the task goes; absent: nowhere. */
  readonly callback?: CallbackPorts | undefined;
  /** Whether tasks of the key cost nothing and are made by the sandbox provider. */
  readonly isTestKey: boolean;
  readonly newKey: () => string;
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
  /** How long to wait for the end of the task, and for its upload event at most. */
  readonly timeoutMs: number;
};

type CallbackPorts = {
  readonly url: string;
  /** The callback of the task, when it is received here; absent: somebody else receives it. */
  readonly received?: ((taskId: string) => ReceivedCallback | undefined) | undefined;
};

const pollMs = 500;
/** S3 delivers nearly all events within a second; a later one makes callers wait. */
const lateMs = 10_000;
const maxEventMs = 60_000;
/** How long a callback may take after its task has ended: its first attempts, and the pauses between them. */
const maxCallbackMs = 30_000;

/** Takes one task from its create to its callback, and says after each step what was seen. */
export async function* examineTask(ports: TaskPorts): AsyncGenerator<Finding> {
  const { api, callback } = ports;
  const key = ports.newKey();
  const body = {
    prompt: 'Darkroom doctor: make it snow',
    image_uploads: [{ content_type: 'image/jpeg' as const }],
    ...(callback && { callback_url: callback.url }),
  };
  const created = await api.create(body, key).catch(toCliError);
  if (created instanceof CliError) {
    yield createFailure(created, ports);
    return;
  }
  const form = created.uploads?.[0];
  const problem = form ? await ports.upload(form).catch(toCliError) : undefined;
  if (!form || problem) {
    yield uploadFailure(problem?.message ?? 'there is no form for it');
    return giveUp(ports, created.id);
  }
  const uploadedAt = ports.now();
  yield ok('upload', `The task ${created.id} is created and its picture is uploaded.`);

  const eventMs = Math.min(maxEventMs, ports.timeoutMs);
  const started = await readUntil(ports, created.id, hasStarted, eventMs);
  yield judgeEvent(started, ports.now() - uploadedAt);
  if (!hasStarted(started)) return giveUp(ports, created.id);
  const ended = await readUntil(ports, created.id, hasEnded, ports.timeoutMs);
  yield judgeWorkflow(ended);
  if (ended.status === 'completed') yield await checkResult(ports, ended.results[0] ?? '');
  if (hasEnded(ended)) yield* examineCallback(ports, ended);
  yield await checkReplay(created.id, () => api.create(body, key));
}

/** Cancels a task that would wait for its picture, so that its reserved credits are returned. */
async function giveUp({ api }: TaskPorts, id: string): Promise<void> {
  await api.cancel(id).catch(toCliError);
}

const hasStarted = ({ started_at }: Task): boolean => started_at !== null;
/** Whether a task is over. */
export const hasEnded = ({ status }: Task): boolean =>
  status === 'completed' || status === 'failed';

/** Reads the task until `isSo` is true or the time is over. @returns the task as it was read last */
export async function readUntil(
  { api, now, sleep }: TaskPorts,
  id: string,
  isSo: (task: Task) => boolean,
  timeoutMs: number,
): Promise<Task> {
  const until = now() + timeoutMs;
  for (;;) {
    const task = await api.task(id);
    if (isSo(task) || now() >= until) return task;
    await sleep(pollMs);
  }
}

/** Without play credits nothing is broken, but no task can be made. */
export const noPlayCredits = (step: Step): Finding =>
  warn(
    step,
    'The play credits of this day are used up (402), so no task can be made.',
    'They are filled up at midnight UTC. Until then: the test key of another account, or a live key and --spend',
  );

/** Where a task stands in the queue for a slot; undefined when it does not wait there. */
export const placeInQueue = (task: Task): number | undefined =>
  task.status === 'pending' ? task.task_info.queue_position : undefined;

function createFailure(error: CliError, { isTestKey }: TaskPorts): Finding {
  if (isTestKey && hasErrorCode(error, 'insufficient_quota')) return noPlayCredits('upload');
  const { message, apiError } = error;
  const isOurs = apiError === undefined || apiError.status >= 500;
  const remedy = isOurs
    ? seeErrors
    : 'Look the code up in docs/errors.md, or give another key: --key';
  return fail('upload', `No task can be created: ${message}`, remedy);
}

/** Deploying an unchanged template does not revert what was changed by hand. */
const resetGrants =
  '`npx cdk drift` lists what was changed by hand; npx cdk deploy --revert-drift sets it again';

const uploadFailure = (message: string): Finding =>
  fail(
    'upload',
    `The picture cannot be uploaded: ${message}`,
    `May CreateTask put objects into the bucket of inputs? ${resetGrants}`,
  );

function judgeEvent(task: Task, waitedMs: number): Finding {
  const seconds = (waitedMs / 1000).toFixed(1);
  if (!hasStarted(task)) {
    const remedy =
      'Does the bucket of inputs notify InputUploaded, and does that fail? docs/runbook.md#uploadeventlost has the commands. To set its notifications again: npx cdk deploy -c thumbnails=off (on, where the settings say off), then npx cdk deploy';
    return fail('event', `The event of the upload has not come in ${seconds} s.`, remedy);
  }
  const what = `The event of the upload started the task within ${seconds} s.`;
  if (waitedMs <= lateMs) return ok('event', what);
  return warn('event', what, 'Is InputUploaded throttled? docs/runbook.md#functionthrottled');
}

function judgeWorkflow(task: Task): Finding {
  if (task.status === 'completed') {
    const seconds = task.completed_at - (task.started_at ?? task.created);
    return ok('workflow', `The task was completed within ${Math.max(1, seconds)} s.`);
  }
  if (task.status === 'failed') {
    const { code, message } = task.error;
    const remedy = `docs/errors.md says what ${code} is. ${seeErrors}`;
    return fail('workflow', `The task failed with ${code}: ${message}`, remedy);
  }
  const place = placeInQueue(task);
  if (place !== undefined) {
    const what = `The task still waits for a slot of its provider, at place ${place} of the queue.`;
    const remedy =
      'Others have the slots, or nobody frees them: docs/runbook.md#queuestuck. To wait longer: --timeout 15m';
    return fail('workflow', what, remedy);
  }
  const last = task.events.at(-1)?.type ?? 'created';
  const remedy = `See where it is: darkroom admin tasks ${task.id}. ${seeErrors}`;
  return fail('workflow', `The task has not ended; its last event is: ${last}.`, remedy);
}

async function checkResult({ fetchResult }: TaskPorts, link: string): Promise<Finding> {
  const { status, type } = await fetchResult(link);
  if (status === 200 && type.startsWith('image/')) {
    return ok('result', `The link to the result has a picture (${type}).`);
  }
  const what = `The link to the result answers ${status}${status === 200 ? ` with ${type}` : ''}.`;
  const remedy = `May GetResult read the bucket of results? ${resetGrants}. ${seeErrors}`;
  return fail('result', what, remedy);
}

async function* examineCallback(ports: TaskPorts, { id }: Task): AsyncGenerator<Finding> {
  const { callback } = ports;
  if (!callback) return;
  const { received } = callback;
  const settled = await readUntil(
    ports,
    id,
    (task) => received?.(id) !== undefined || task.callback?.status === 'delivered',
    Math.min(maxCallbackMs, ports.timeoutMs),
  );
  const arrived = received?.(id);
  yield judgeArrival(settled, arrived !== undefined);
  if (arrived) yield judgeSignature(arrived.problem);
  else if (!received) yield skipped('signature', 'Only the receiver can verify it.');
}

function judgeArrival({ id, callback }: Task, isHere: boolean): Finding {
  if (isHere || callback?.status === 'delivered') {
    return ok('callback', `The callback arrived at ${callback?.url}.`);
  }
  const last = callback?.attempts?.at(-1);
  const reason = last?.reason ?? 'no attempt was made';
  const remedy = `Can ${callback?.url} be reached from the internet? darkroom callback ${id} --redeliver sends it again. ${seeErrors}`;
  return fail('callback', `The callback did not arrive: ${reason}`, remedy);
}

const judgeSignature = (problem: string | undefined): Finding =>
  problem === undefined
    ? ok('signature', 'The callback is signed with the secret of the account.')
    : fail(
        'signature',
        `The signature of the callback is not accepted: ${problem}`,
        'Give the secret of the account of this key in DARKROOM_WEBHOOK_SECRET; darkroom accounts rotate-secret <account> makes a new one',
      );

async function checkReplay(
  id: string,
  repeat: () => Promise<{ readonly id: string }>,
): Promise<Finding> {
  const repeated = await repeat().catch(toCliError);
  if (!(repeated instanceof CliError) && repeated.id === id) {
    return ok('replay', 'A repeated create with the same Idempotency-Key returned the same task.');
  }
  const what =
    repeated instanceof CliError ? repeated.message : `it made a second task, ${repeated.id}`;
  return fail('replay', `A repeated create did not return the same task: ${what}`, seeErrors);
}
