import { readImage } from '../images/read-image.ts';
import { sandboxOutput } from '../images/with-text.ts';
import { canaryDeadlineMs } from '../model/canary.ts';
import type { Clock } from '../model/clock.ts';
import { isTestKey } from '../model/ids.ts';
import { type MetricUpdate, metricNames } from '../model/metric-names.ts';

/** The steps of a run, in their order. A run that fails says at which one. */
export type CanaryStep = 'key' | 'create' | 'upload' | 'workflow' | 'result';

/** A form to upload one picture with, as a create has it. */
export type PictureForm = {
  readonly url: string;
  readonly fields: Readonly<Record<string, string>>;
};

/** A task as its caller sees it: the fields that the canary reads. */
export type CanaryTask = {
  readonly id: string;
  readonly status: string;
  readonly livemode: boolean;
  readonly sandbox?: boolean | undefined;
  /** Links to the images. */
  readonly results?: readonly string[] | undefined;
  readonly error?: { readonly code: string } | undefined;
};

type CreateBody = {
  readonly prompt: string;
  readonly image_uploads: readonly { readonly content_type: string }[];
};

/** The API from outside, by its public address. Each call fails when the response is not what a caller expects. */
export type PublicApi = {
  create(
    key: string,
    body: CreateBody,
    idempotencyKey: string,
  ): Promise<{ readonly id: string; readonly uploads: readonly PictureForm[] }>;
  upload(form: PictureForm, contentType: string, picture: Uint8Array): Promise<void>;
  task(key: string, id: string): Promise<CanaryTask>;
  /** The bytes behind a link to a result, at most `maxBytes`. It takes no key. */
  download(link: string, maxBytes: number): Promise<Uint8Array>;
};

type Deps = {
  readonly api: PublicApi;
  /** The test key that the operator has stored, if he has. */
  readonly readKey: () => Promise<string | undefined>;
  readonly now: Clock;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
};

const pollMs = 2000;

/** The step that failed, and why. The message has no address and no key. */
export class CanaryFailed extends Error {
  override readonly name = 'CanaryFailed';
  readonly step: CanaryStep;
  readonly taskId: string | undefined;
  readonly logReason = this.message;

  constructor(
    step: CanaryStep,
    reason: string,
    options: { taskId?: string; cause?: unknown } = {},
  ) {
    super(reason, { cause: options.cause });
    this.step = step;
    this.taskId = options.taskId;
  }
}

/**
 * Does once what a caller does: creates a sandbox task with a test key, uploads a picture with the form, waits for the
 * end, and compares the result with what the sandbox has to return. The task stays until its retention is over: the
 * operator finds it in the list of test tasks.
 * @param runId a run that is delivered twice has the same id, and so the same task
 * @returns how long it took, in seconds
 * @throws {CanaryFailed} when anything is not as a caller expects it
 */
export const runCanary =
  ({ api, readKey, now, sleep }: Deps) =>
  async (runId: string): Promise<number> => {
    const startedAt = now();
    const key = await at('key', readKey);
    if (key === undefined) throw new CanaryFailed('key', 'no key is stored');
    // A live key would be charged for every run.
    if (!isTestKey(key)) throw new CanaryFailed('key', 'the key that is stored is no test key');
    const created = await at('create', () => api.create(key, request, `canary-${runId}`));
    const taskId = created.id;
    for (const form of created.uploads)
      await at('upload', () => api.upload(form, canaryContentType, canaryPicture), taskId);
    const task = await untilEnded({ api, now, sleep }, key, taskId, startedAt + canaryDeadlineMs);
    const link = resultOf(task);
    const expected = expectedResult();
    const result = await at('result', () => api.download(link, expected.length + 1), taskId);
    if (!Buffer.from(result).equals(expected))
      throw new CanaryFailed('result', 'the result is not what the sandbox returns', { taskId });
    return (now() - startedAt) / 1000;
  };

/** What a run of the canary shows: that the path of a caller works, or where it is broken. */
export type CanaryOutcome =
  | { readonly state: 'succeeded'; readonly seconds: number }
  | { readonly state: 'failed'; readonly error: CanaryFailed };

/** A failed canary is a result and not an error of its function: the next run comes anyway. Other errors are thrown. */
export const canaryOutcome = async (run: Promise<number>): Promise<CanaryOutcome> => {
  try {
    return { state: 'succeeded', seconds: await run };
  } catch (error) {
    if (!(error instanceof CanaryFailed)) throw error;
    return { state: 'failed', error };
  }
};

/** What a run adds to the metrics. */
export const canaryMetrics = (outcome: CanaryOutcome): MetricUpdate => ({
  numbers:
    outcome.state === 'succeeded'
      ? [
          [metricNames.canarySucceeded, 'Count', 1],
          [metricNames.canarySeconds, 'Seconds', outcome.seconds],
        ]
      : [[metricNames.canarySucceeded, 'Count', 0]],
});

/** What the canary uploads: a white PNG of 512 × 512 pixels with one bit each, 197 bytes. */
export const canaryPicture: Uint8Array = Buffer.from(
  [
    'iVBORw0KGgoAAAANSUhEUgAAAgAAAAIAAQAAAADcA+lXAAAAjElEQVR42u3MMQ0AAAwDoPo33YrYtQQEkB5FIBAIBAKBQCAQCAQC',
    'gUAgEAgEAoFAIBAIBAKBQCAQCAQCgUAgEAgEAoFAIBAIBAKBQCAQCAQCgUAgEAgEAoFAIBAIBAKBQCAQCAQCgUAgEAgEAoFAIBAI',
    'BAKBQCAQCAQCgUAgEAgEAoFAIBAIBAKB4HcwNvqHcg2WKzYAAAAASUVORK5CYII=',
  ].join(''),
  'base64',
);
const canaryContentType = 'image/png';

const request = {
  prompt: 'Darkroom canary: make it snow',
  image_uploads: [{ content_type: canaryContentType }],
};

/** @throws {CanaryFailed} at this step, whatever went wrong in it */
async function at<T>(step: CanaryStep, run: () => Promise<T>, taskId?: string): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    throw new CanaryFailed(step, 'the response was not what a caller expects', {
      cause,
      ...(taskId !== undefined && { taskId }),
    });
  }
}

/** Reads the task until it has ended. @throws {CanaryFailed} when that takes too long */
async function untilEnded(
  { api, now, sleep }: Pick<Deps, 'api' | 'now' | 'sleep'>,
  key: string,
  taskId: string,
  deadline: number,
): Promise<CanaryTask> {
  for (;;) {
    const task = await at('workflow', () => api.task(key, taskId), taskId);
    if (task.status === 'completed' || task.status === 'failed') return task;
    if (now() >= deadline)
      throw new CanaryFailed('workflow', `the task is still ${task.status}`, { taskId });
    await sleep(pollMs);
  }
}

/** The link to the one result. @throws {CanaryFailed} when the task has not ended as a sandbox task does */
function resultOf({
  id: taskId,
  status,
  livemode,
  sandbox,
  results = [],
  error,
}: CanaryTask): string {
  const fail = (reason: string) => new CanaryFailed('workflow', reason, { taskId });
  if (status !== 'completed') throw fail(`the task failed with ${error?.code ?? 'no code'}`);
  if (livemode || sandbox !== true) throw fail('the task was not made by the sandbox');
  const [link, ...others] = results;
  if (link === undefined || others.length > 0) throw fail(`there are ${results.length} results`);
  return link;
}

/** The result that the sandbox has to return for this picture, byte by byte. */
export function expectedResult(picture = canaryPicture): Uint8Array {
  const file = {
    size: picture.length,
    read: (from: number, bytes: number) => picture.subarray(from, from + bytes),
  };
  const header = readImage(file);
  if ('reason' in header) throw new Error(`the picture of the canary is ${header.reason}`);
  return Buffer.concat([...sandboxOutput(file, header)]);
}
