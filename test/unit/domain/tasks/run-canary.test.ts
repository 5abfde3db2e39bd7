import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { canaryDeadlineMs } from '../../../../functions/domain/model/canary.ts';
import {
  CanaryFailed,
  type CanaryTask,
  canaryMetrics,
  canaryOutcome,
  canaryPicture,
  expectedResult,
  type PublicApi,
  runCanary,
} from '../../../../functions/domain/tasks/run-canary.ts';
import { settableClock } from '../../../support/fakes.ts';
import { sampleId, sampleTime } from '../../../support/tasks.ts';

const key = `sk-dr-test-${'a'.repeat(43)}`;
const link = 'https://api.example.com/r/1.png';
const form = { url: 'https://inputs.example.com', fields: { key: 'uploads/1' } };
const done: CanaryTask = {
  id: sampleId,
  status: 'completed',
  livemode: false,
  sandbox: true,
  results: [link],
};

type Setup = {
  readonly api?: Partial<PublicApi>;
  /** The task at each read; the last one repeats. */
  readonly reads?: readonly CanaryTask[];
  /** What the secret of the canary holds; null: nothing. */
  readonly stored?: string | null;
};

/** A run against an API that does everything right, but for what a test changes. */
function setUp({ api = {}, reads = [done], stored = key }: Setup = {}) {
  const clock = settableClock(sampleTime);
  const calls: string[] = [];
  const left = [...reads];
  const run = runCanary({
    api: {
      create: async (_, __, idempotencyKey) => {
        calls.push(`create ${idempotencyKey}`);
        return { id: sampleId, uploads: [form] };
      },
      upload: async (to, type, picture) => {
        calls.push(`upload ${to.url} ${type} ${picture.length}`);
      },
      task: async () => {
        calls.push('read');
        return (left.length > 1 ? left.shift() : left[0]) ?? done;
      },
      download: async () => {
        calls.push('download');
        return expectedResult();
      },
      ...api,
    },
    readKey: async () => stored ?? undefined,
    now: clock.now,
    sleep: async (milliseconds) => clock.advance(milliseconds),
  });
  return { run, calls };
}

/** The step at which the run fails, and why. */
async function failureOf(setup: Setup) {
  const { run, calls } = setUp(setup);
  const thrown = await run('run-1').then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof CanaryFailed)) throw new Error('the run did not fail', { cause: thrown });
  const { step, message, taskId } = thrown;
  return { step, message, taskId, calls };
}

const rejecting = async () => {
  throw new Error('503');
};

test('the picture is one that the model takes, and the expected result has its pixels', async () => {
  const [input, output] = await Promise.all(
    [canaryPicture, expectedResult()].map((bytes) => sharp(bytes).raw().toBuffer()),
  );

  expect(await sharp(canaryPicture).metadata()).toMatchObject({
    format: 'png',
    width: 512,
    height: 512,
  });
  expect(output).toEqual(input);
  expect(expectedResult()).not.toEqual(canaryPicture);
});

test('a run creates one task, uploads, waits and compares; it takes as long as the clock says', async () => {
  const pending = { ...done, status: 'pending', results: undefined };
  const { run, calls } = setUp({ reads: [pending, { ...pending, status: 'processing' }, done] });

  const seconds = await run('run-1');

  expect(seconds).toBe(4);
  expect(calls).toEqual([
    'create canary-run-1',
    `upload ${form.url} image/png ${canaryPicture.length}`,
    'read',
    'read',
    'read',
    'download',
  ]);
});

describe('a run fails', () => {
  test.each<[what: string, setup: Setup, step: string, message: RegExp]>([
    ['without a key, and calls nobody', { stored: null }, 'key', /no key is stored/],
    [
      'with a live key, which would pay, and calls nobody',
      { stored: `sk-dr-${'a'.repeat(43)}` },
      'key',
      /no test key/,
    ],
    [
      'when no task can be created',
      { api: { create: rejecting } },
      'create',
      /not what a caller expects/,
    ],
    [
      'when the upload is refused',
      { api: { upload: rejecting } },
      'upload',
      /not what a caller expects/,
    ],
    [
      'when the task cannot be read',
      { api: { task: rejecting } },
      'workflow',
      /not what a caller expects/,
    ],
    [
      'when the task fails',
      { reads: [{ ...done, status: 'failed', error: { code: 'service_error' } }] },
      'workflow',
      /failed with service_error/,
    ],
    [
      'when the task has not ended at the deadline',
      { reads: [{ ...done, status: 'pending' }] },
      'workflow',
      /still pending/,
    ],
    ['when a task was made live', { reads: [{ ...done, livemode: true }] }, 'workflow', /sandbox/],
    [
      'when the task was not made by the sandbox',
      { reads: [{ ...done, sandbox: undefined }] },
      'workflow',
      /sandbox/,
    ],
    ['when there is no result', { reads: [{ ...done, results: [] }] }, 'workflow', /0 results/],
    [
      'when the link does not work',
      { api: { download: rejecting } },
      'result',
      /not what a caller expects/,
    ],
    [
      'when the result is another picture',
      { api: { download: async () => canaryPicture } },
      'result',
      /not what the sandbox returns/,
    ],
  ])('%s', async (_, setup, step, message) => {
    const failure = await failureOf(setup);

    expect(failure).toMatchObject({ step, message: expect.stringMatching(message) });
    if (step === 'key') expect(failure.calls).toEqual([]);
    else if (step !== 'create') expect(failure.taskId).toBe(sampleId);
  });

  test('not before its deadline', async () => {
    const pending = { ...done, status: 'pending' };
    const { calls } = await failureOf({ reads: [pending] });

    const reads = calls.filter((call) => call === 'read').length;
    expect((reads - 1) * 2000).toBe(canaryDeadlineMs);
  });
});

describe('the outcome of a run', () => {
  test('that works has a success and its seconds in the metrics', async () => {
    const outcome = await canaryOutcome(Promise.resolve(4.5));

    expect(canaryMetrics(outcome).numbers).toEqual([
      ['CanarySucceeded', 'Count', 1],
      ['CanarySeconds', 'Seconds', 4.5],
    ]);
  });

  test('that finds the path broken is a result, with no success in the metrics', async () => {
    const error = new CanaryFailed('upload', 'there was no such response');

    const outcome = await canaryOutcome(Promise.reject(error));

    expect(outcome).toEqual({ state: 'failed', error });
    expect(canaryMetrics(outcome).numbers).toEqual([['CanarySucceeded', 'Count', 0]]);
  });

  test('that fails for another reason is none', async () => {
    await expect(canaryOutcome(Promise.reject(new TypeError('a bug')))).rejects.toThrow(TypeError);
  });
});
