import { expect, test } from 'vitest';
import { InputProblem } from '../../../../functions/domain/tasks/input-problems.ts';
import { prepareInputs } from '../../../../functions/domain/tasks/prepare-inputs.ts';
import { memoryStore } from '../../../support/fakes.ts';
import { pending, sampleId, sampleTime } from '../../../support/tasks.ts';

const url = { kind: 'url', url: 'https://example.com/cat.png' } as const;
const upload = { kind: 'upload', contentType: 'image/png' } as const;

/** Prepares a task with one input whose private copy cannot be made. */
function preparing(problem: InputProblem, input: typeof url | typeof upload = url) {
  const { tasks, put } = memoryStore();
  put(pending({ inputs: [input] }));
  const rejected: unknown[] = [];
  const prepare = prepareInputs({
    tasks,
    inputRejected: (...report) => void rejected.push(report),
    inputs: {
      fetch: () => Promise.reject(problem),
      stored: async () => new Map(),
    },
    inspect: () => ({ format: 'png' }),
    now: () => sampleTime,
  });
  return { prepare: () => prepare(sampleId), find: () => tasks.find(sampleId), rejected };
}

test.each([
  [{ reason: 'too-large' }, url, 'image_urls[0] is larger than 10 MB; send a smaller file.'],
  [{ reason: 'empty' }, url, 'image_urls[0] is empty.'],
  [
    { reason: 'missing-upload' },
    upload,
    'image_uploads[0] did not arrive in time; create a new task and upload every picture with the form in the response.',
  ],
  [
    { reason: 'http-status', status: 404 },
    url,
    'image_urls[0] answered 404: there is nothing at this address.',
  ],
] as const)(
  'a task whose input is %j fails, and its caller reads why',
  async (problem, input, message) => {
    const cause = new InputProblem(problem);
    const { prepare, find, rejected } = preparing(cause, input);

    await expect(prepare()).rejects.toThrow();

    expect(await find()).toMatchObject({ outcome: { state: 'failed', failure: { message } } });
    expect(rejected).toEqual([[sampleId, expect.objectContaining({ cause })]]);
  },
);

test.each([
  [{ reason: 'http-status', status: 503 }, 'image_urls[0] answered 503 when it was fetched.'],
  [
    { reason: 'unreachable', detail: 'refused the connection' },
    'image_urls[0] refused the connection.',
  ],
] as const)(
  'an input that is %j leaves the task open, so that the state is retried',
  async (problem, message) => {
    const cause = new InputProblem(problem);
    const { prepare, find, rejected } = preparing(cause);

    await expect(prepare()).rejects.toMatchObject({ name: 'InputUnavailable', message, cause });
    expect(rejected).toEqual([]);

    expect(await find()).not.toHaveProperty('outcome');
  },
);
