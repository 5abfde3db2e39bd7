import { describe, expect, test } from 'vitest';
import type { Inspect } from '../../../../functions/domain/images/inspect.ts';
import type { Failure, Task } from '../../../../functions/domain/model/task.ts';
import {
  InputRejected,
  InputUnavailable,
} from '../../../../functions/domain/model/workflow-errors.ts';
import {
  checkIntervalMs,
  prepareInputs,
} from '../../../../functions/domain/tasks/prepare-inputs.ts';
import { memoryInputs, memoryStore, settableClock } from '../../../support/fakes.ts';
import { failed, pending, processing, sampleId, sampleTime } from '../../../support/tasks.ts';
import { thrownBy } from '../../../support/thrown-by.ts';

const url = { kind: 'url', url: 'https://example.com/cat.png' } as const;
const file = { kind: 'file', fileId: `file-${'a'.repeat(26)}` } as const;
const upload = { kind: 'upload', contentType: 'image/png' } as const;
const picture = Buffer.from('picture');
const bad: Failure = { code: 'image_dimension_mismatch', message: 'is 10x10; send it larger' };

function context(task: Task, ...sources: readonly (Uint8Array | Error)[]) {
  const store = memoryStore();
  store.put(task);
  const clock = settableClock(sampleTime);
  const inputs = memoryInputs(...sources);
  const inspections: unknown[] = [];
  // Rejects a picture that contains its own reason.
  const inspect: Inspect = ({ size, read }, limits) => {
    const text = `${Buffer.from(read(0, 64))}`;
    inspections.push({ text, size, limits });
    return text === 'bad' ? { failure: bad } : { format: 'webp' };
  };
  const { tasks } = store;
  const rejected: unknown[] = [];
  const inputRejected = (...report: unknown[]) => void rejected.push(report);
  const deps = { tasks, inputs, inspect, now: clock.now, inputRejected };
  return {
    clock,
    rejected,
    inputs,
    inspections,
    deps,
    prepare: prepareInputs(deps),
    find: () => tasks.find(sampleId),
  };
}

const taskFailed = (code: string) => ({ name: 'TaskFailed', message: code });

describe('good pictures', () => {
  test('are copied and inspected, each against the limits of the model', async () => {
    const { prepare, inputs, inspections, find } = context(
      pending({ inputs: [url, file] }),
      picture,
      picture,
    );

    expect(await prepare(sampleId)).toEqual(['webp', 'webp']);

    expect(inputs.copies()).toEqual([`${sampleId}/0`, `${sampleId}/1`]);
    const limits = { maxBytes: 10_485_760, minSide: 384, maxSide: 5000 };
    const inspection = { text: 'picture', size: 7, limits };
    expect(inspections).toEqual([inspection, inspection]);
    expect(await find()).not.toHaveProperty('outcome');
  });

  test('an upload has the format of its content, whatever its form has declared', async () => {
    const task = pending({ inputs: [upload], arrived: new Set([0]) });

    expect(await context(task, picture).prepare(sampleId)).toEqual(['webp']);
  });

  test('on the first run no copy is looked up', async () => {
    const { deps, inputs } = context(pending(), picture);
    const stored = () => Promise.reject(new Error('must not be asked'));

    await prepareInputs({ ...deps, inputs: { ...inputs, stored } })(sampleId);

    expect(inputs.copies()).toEqual([`${sampleId}/0`]);
  });

  test('start the checks of the reconciler', async () => {
    const { prepare, find } = context(pending(), picture);

    await prepare(sampleId);

    expect(await find()).toMatchObject({
      startedAt: sampleTime,
      nextCheckAt: sampleTime + checkIntervalMs,
    });
  });
});

describe('when the state runs again', () => {
  test('existing copies are not fetched again: they were inspected before they were stored', async () => {
    const { prepare, find, clock, inputs, inspections } = context(pending(), picture);
    await prepare(sampleId);
    clock.advance(60_000);

    expect(await prepare(sampleId)).toEqual(['webp']);

    expect(inputs.fetched).toEqual([`${sampleId}/0`]);
    expect(inspections).toHaveLength(1);
    expect(await find()).toMatchObject({
      startedAt: sampleTime,
      nextCheckAt: sampleTime + 60_000 + checkIntervalMs,
    });
  });

  test('after the submit the formats of the copies are returned: another attempt may need them', async () => {
    const { prepare, deps, clock } = context(pending({ inputs: [url, url] }), picture, picture);
    await prepare(sampleId);
    await deps.tasks.acquireSubmitLock(sampleId, 'fal', sampleTime);
    clock.advance(1000);

    expect(await prepare(sampleId)).toEqual(['webp', 'webp']);
  });

  test('only the missing pictures are fetched', async () => {
    const away = new InputUnavailable('image_urls[1] answered 503 when it was fetched.');
    const { prepare, clock, inputs } = context(pending({ inputs: [url, url] }), picture, away);
    await thrownBy(prepare(sampleId));
    clock.advance(2000);

    await thrownBy(prepare(sampleId));

    expect(inputs.fetched).toEqual([0, 1, 1].map((index) => `${sampleId}/${index}`));
  });

  test('a bad picture is never stored, so it is fetched again and fails the task', async () => {
    const task = pending({ startedAt: sampleTime - 1000, deadlineAt: sampleTime });
    const { prepare, find, inputs } = context(task, Buffer.from('bad'));

    expect(await thrownBy(prepare(sampleId))).toMatchObject(taskFailed(bad.code));

    expect(inputs.fetched).toHaveLength(1);
    expect(inputs.copies()).toEqual([]);
    expect(await find()).toMatchObject({ outcome: { failure: { code: bad.code } } });
  });

  test.each<[string, Task]>([
    ['was being asked', pending({ startedAt: 1, submitLockedAt: 2 })],
    ['has the job', processing()],
    ['has the job and it is cancelled', processing({ cancelledAt: 5 })],
  ])('after the provider %s, there is nothing left to do', async (_what, task) => {
    const { prepare, find, inputs, inspections } = context(task);

    await prepare(sampleId);

    expect([inputs.fetched, inspections]).toEqual([[], []]);
    expect(await find()).toEqual({
      ...task,
      nextCheckAt: sampleTime + checkIntervalMs,
    });
  });
});

describe('a task that is cancelled', () => {
  const cancelledFailure = {
    code: 'request_cancelled',
    message: 'The task was cancelled. Nothing was charged.',
  };

  test.each<[string, Task]>([
    ['before it was started', pending({ cancelledAt: 1 })],
    ['before its uploads came', pending({ cancelledAt: 1, inputs: [upload, upload] })],
    ['when the state ran before', pending({ cancelledAt: 1, startedAt: 1, deadlineAt: 2 })],
  ])('%s fails, and no picture is fetched', async (_what, task) => {
    const { prepare, find, inputs } = context(task, picture);

    expect(await thrownBy(prepare(sampleId))).toMatchObject(taskFailed('request_cancelled'));

    expect(await find()).toMatchObject({ outcome: { state: 'failed', failure: cancelledFailure } });
    expect(inputs.fetched).toEqual([]);
  });

  test('while its pictures are fetched goes on: the next state reads it', async () => {
    const { deps, find } = context(pending(), picture);
    const { tasks, inputs } = deps;
    const fetch = async (task: Task, index: number) => {
      await tasks.requestCancel(sampleId, 9, 69);
      return inputs.fetch(task, index, url);
    };

    await prepareInputs({ ...deps, inputs: { ...inputs, fetch } })(sampleId);

    expect(await find()).toMatchObject({ cancelledAt: 9 });
    expect(await find()).not.toHaveProperty('outcome');
  });
});

describe('a picture that cannot be used', () => {
  const notFound = new InputRejected({ code: 'image_processing_error', message: 'answered 404' });
  const away = new InputUnavailable('image_urls[0] answered 503 when it was fetched.');

  test.each([
    [
      'by its URL',
      pending({ inputs: [url, url] }),
      [picture, notFound],
      { code: 'image_processing_error', message: 'image_urls[1] answered 404.' },
    ],
    [
      'after an inspection',
      pending({ inputs: [url, file] }),
      [picture, Buffer.from('bad')],
      { code: bad.code, message: 'image_urls[1] is 10x10; send it larger.' },
    ],
    [
      'as an upload',
      pending({ inputs: [upload], arrived: new Set([0]) }),
      [Buffer.from('bad')],
      { code: bad.code, message: 'image_uploads[0] is 10x10; send it larger.' },
    ],
    [
      'when both are, by the first',
      pending({ inputs: [url, url] }),
      [Buffer.from('bad'), notFound],
      { code: bad.code, message: 'image_urls[0] is 10x10; send it larger.' },
    ],
    [
      'at once, while another one cannot be fetched now',
      pending({ inputs: [url, url] }),
      [away, Buffer.from('bad')],
      { code: bad.code, message: 'image_urls[1] is 10x10; send it larger.' },
    ],
  ])(
    'fails the task, and the failure says which one: %s',
    async (_what, task, sources, failure) => {
      const { prepare, find } = context(task, ...sources);

      expect(await thrownBy(prepare(sampleId))).toMatchObject(taskFailed(failure.code));

      expect(await find()).toMatchObject({ outcome: { state: 'failed', failure } });
    },
  );

  test('is reported with its code, for the log', async () => {
    const { prepare, rejected } = context(pending(), Buffer.from('bad'));

    await thrownBy(prepare(sampleId));

    expect(rejected).toEqual([[sampleId, expect.objectContaining({ failure: bad })]]);
  });

  test('ends the state only after the other one is done, so that nothing of it is left', async () => {
    const { deps } = context(pending({ inputs: [url, url] }), notFound, picture);
    const disposed: number[] = [];
    const fetch = async (task: Task, index: number) => {
      const fetched = await deps.inputs.fetch(task, index, url);
      await new Promise(setImmediate);
      return { ...fetched, [Symbol.asyncDispose]: async () => void disposed.push(index) };
    };

    await thrownBy(prepareInputs({ ...deps, inputs: { ...deps.inputs, fetch } })(sampleId));

    expect(disposed).toEqual([1]);
  });

  test('an upload is used although its event was lost', async () => {
    const task = pending({ inputs: [upload, upload], arrived: new Set([0]) });
    const { prepare, find, inputs } = context(task, picture, picture);

    await prepare(sampleId);

    expect(await find()).not.toHaveProperty('outcome');
    expect(inputs.copies()).toHaveLength(2);
  });
});

test.each([
  new InputUnavailable('image_urls[0] answered 503 when it was fetched.'),
  new Error('the bucket is busy'),
])('a temporary error is thrown unchanged, and no outcome is written: %s', async (error) => {
  const { prepare, find } = context(pending(), error);

  expect(await thrownBy(prepare(sampleId))).toBe(error);

  expect(await find()).not.toHaveProperty('outcome');
});

test.each<[string, Task]>([
  ['has ended', failed()],
  ['has its outcome', pending({ outcome: { state: 'failed', failure: bad } })],
])('a task that %s is not changed', async (_what, task) => {
  const { prepare, inputs } = context(task, picture);

  expect(await thrownBy(prepare(sampleId))).toMatchObject({ name: 'TaskFailed' });

  expect(inputs.copies()).toEqual([]);
});

test('a task that does not exist is rejected', async () => {
  const { prepare } = context(pending(), picture);

  expect(await thrownBy(prepare('task-unified-1-00000000'))).toMatchObject({ name: 'TaskFailed' });
});

test('a model that was removed from the catalogue is an internal error, not one of the caller', async () => {
  const { prepare, find } = context(pending({ model: 'wan1' }), picture);

  await expect(prepare(sampleId)).rejects.toThrow(
    'the model wan1 is not in the catalogue any more',
  );

  expect(await find()).not.toHaveProperty('outcome');
});
