import { describe, expect, test } from 'vitest';
import { InputRefused, InputUnavailable } from '../../../functions/task/failures.ts';
import type { Inspect } from '../../../functions/task/ports.ts';
import { deadlineMs, prepareInputs, watchMs } from '../../../functions/task/prepare-inputs.ts';
import type { Failure, Task } from '../../../functions/task/task.ts';
import { memoryInputs, memoryStore, settableClock } from '../../support/fakes.ts';
import { failed, pending, processing, sampleId, sampleTime } from '../../support/tasks.ts';
import { thrownBy } from '../provider/upstream.ts';

const url = { kind: 'url', url: 'https://example.com/cat.png' } as const;
const file = { kind: 'file', fileId: `file-${'a'.repeat(26)}` } as const;
const upload = { kind: 'upload', contentType: 'image/png' } as const;
const picture = Buffer.from('picture');
const bad: Failure = { code: 'image_dimension_mismatch', message: 'is 10x10; send it larger' };

function world(task: Task, ...sources: readonly (Uint8Array | Error)[]) {
  const store = memoryStore();
  store.put(task);
  const clock = settableClock(sampleTime);
  const inputs = memoryInputs(...sources);
  const looks: unknown[] = [];
  // Finds a picture bad that says so.
  const inspect: Inspect = async (read, limits, declaredType) => {
    const { bytes, size } = await read(0, 64);
    looks.push({ text: `${Buffer.from(bytes)}`, size, limits, declaredType });
    return `${Buffer.from(bytes)}` === 'bad' ? bad : undefined;
  };
  const { tasks } = store;
  const needs = { tasks, inputs, inspect, now: clock.now };
  return {
    ...{ clock, inputs, looks, needs, prepare: prepareInputs(needs) },
    find: () => tasks.find(sampleId),
  };
}

const refusedAs = (code: string) => ({ name: 'TaskRefused', message: code });

describe('good pictures', () => {
  test('are copied and looked at, each against the limits of the model', async () => {
    const { prepare, inputs, looks, find } = world(
      pending({ inputs: [url, file] }),
      picture,
      picture,
    );

    await prepare(sampleId);

    expect(inputs.kept()).toEqual([`${sampleId}/0`, `${sampleId}/1`]);
    const limits = { maxBytes: 10_485_760, minSide: 384, maxSide: 5000 };
    const look = { text: 'picture', size: 7, limits, declaredType: undefined };
    expect(looks).toEqual([look, look]);
    expect(await find()).not.toHaveProperty('outcome');
  });

  test('an upload must be what its form declared', async () => {
    const task = pending({ inputs: [upload], arrived: new Set([0]) });
    const { prepare, looks } = world(task, picture);

    await prepare(sampleId);

    expect(looks).toMatchObject([{ declaredType: 'image/png' }]);
  });

  test('nobody is asked what is there when nothing can be', async () => {
    const { needs, inputs } = world(pending(), picture);
    const has = () => Promise.reject(new Error('must not be asked'));

    await prepareInputs({ ...needs, inputs: { ...inputs, has } })(sampleId);

    expect(inputs.kept()).toEqual([`${sampleId}/0`]);
  });

  test('from here on the deadline runs, and somebody looks now and then whether it lives', async () => {
    const { prepare, find } = world(pending(), picture);

    await prepare(sampleId);

    expect(await find()).toMatchObject({
      ...{ startedAt: sampleTime, deadlineAt: sampleTime + deadlineMs },
      dueAt: sampleTime + watchMs,
    });
  });
});

describe('entered again', () => {
  test('what is there is kept and looked at once more, and no time is gained', async () => {
    const { prepare, find, clock, inputs, looks } = world(pending(), picture);
    await prepare(sampleId);
    clock.advance(60_000);

    await prepare(sampleId);

    expect(inputs.fetched).toEqual([`${sampleId}/0`]);
    expect(looks).toHaveLength(2);
    expect(await find()).toMatchObject({
      ...{ startedAt: sampleTime, deadlineAt: sampleTime + deadlineMs },
      dueAt: sampleTime + 60_000 + watchMs,
    });
  });

  test('only what is missing is fetched', async () => {
    const away = new InputUnavailable('image_urls[1] answered 503 when it was fetched.');
    const { prepare, clock, inputs } = world(pending({ inputs: [url, url] }), picture, away);
    await thrownBy(prepare(sampleId));
    clock.advance(2000);

    await thrownBy(prepare(sampleId));

    expect(inputs.fetched).toEqual([0, 1, 1].map((index) => `${sampleId}/${index}`));
  });

  test('a bad picture that is there fails the task as it did before', async () => {
    const { prepare, find, clock, inputs } = world(
      pending({ startedAt: sampleTime - 1000, deadlineAt: sampleTime }),
      Buffer.from('bad'),
    );
    await inputs.keep(pending(), 0, url);
    clock.advance(1000);

    expect(await thrownBy(prepare(sampleId))).toMatchObject(refusedAs(bad.code));

    expect(inputs.fetched).toHaveLength(1);
    expect(await find()).toMatchObject({ outcome: { failure: { code: bad.code } } });
  });

  test.each<[string, Task]>([
    ['was being asked', pending({ startedAt: 1, submittingAt: 2 })],
    ['has the job', processing()],
    ['has the job and it is cancelled', processing({ cancelledAt: 5 })],
  ])('after the provider %s, nothing is left to do', async (_what, task) => {
    const { prepare, find, inputs, looks } = world(task);

    await prepare(sampleId);

    expect([inputs.fetched, looks]).toEqual([[], []]);
    const { deadlineAt = sampleTime + deadlineMs } = task;
    expect(await find()).toEqual({ ...task, deadlineAt, dueAt: sampleTime + watchMs });
  });
});

describe('a task that is cancelled', () => {
  const refusal = {
    code: 'request_cancelled',
    message: 'The task was cancelled. Nothing was charged.',
  };

  test.each<[string, Task]>([
    ['before it was started', pending({ cancelledAt: 1 })],
    ['before its uploads came', pending({ cancelledAt: 1, inputs: [upload, upload] })],
    ['when it was entered before', pending({ cancelledAt: 1, startedAt: 1, deadlineAt: 2 })],
  ])('%s is failed, and no picture is fetched', async (_what, task) => {
    const { prepare, find, inputs } = world(task, picture);

    expect(await thrownBy(prepare(sampleId))).toMatchObject(refusedAs('request_cancelled'));

    expect(await find()).toMatchObject({ outcome: { state: 'failed', failure: refusal } });
    expect(inputs.fetched).toEqual([]);
  });

  test('while its pictures are fetched goes on: what comes next sees it', async () => {
    const { needs, find } = world(pending(), picture);
    const { tasks, inputs } = needs;
    const keep = async (task: Task, index: number) => {
      await tasks.cancelled(sampleId, 9);
      await inputs.keep(task, index, url);
    };

    await prepareInputs({ ...needs, inputs: { ...inputs, keep } })(sampleId);

    expect(await find()).toMatchObject({ cancelledAt: 9 });
    expect(await find()).not.toHaveProperty('outcome');
  });
});

describe('a picture that cannot be used', () => {
  const gone = new InputRefused({ code: 'image_processing_error', message: 'answered 404' });

  test.each([
    [
      'by its address',
      pending({ inputs: [url, url] }),
      [picture, gone],
      { code: 'image_processing_error', message: 'image_urls[1] answered 404.' },
    ],
    [
      'after a look at it',
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
      [Buffer.from('bad'), gone],
      { code: bad.code, message: 'image_urls[0] is 10x10; send it larger.' },
    ],
  ])('fails the task, which says which one: %s', async (_what, task, sources, failure) => {
    const { prepare, find } = world(task, ...sources);

    expect(await thrownBy(prepare(sampleId))).toMatchObject(refusedAs(failure.code));

    expect(await find()).toMatchObject({ outcome: { state: 'failed', failure } });
  });

  test('an upload whose event was lost is taken all the same, since it is there', async () => {
    const task = pending({ inputs: [upload, upload], arrived: new Set([0]) });
    const { prepare, find, inputs } = world(task, picture, picture);

    await prepare(sampleId);

    expect(await find()).not.toHaveProperty('outcome');
    expect(inputs.kept()).toHaveLength(2);
  });
});

test.each([
  new InputUnavailable('image_urls[0] answered 503 when it was fetched.'),
  new Error('the bucket is busy'),
])('what may pass escapes as it is, with no outcome: %s', async (error) => {
  const { prepare, find } = world(pending(), error);

  expect(await thrownBy(prepare(sampleId))).toBe(error);

  expect(await find()).not.toHaveProperty('outcome');
});

test.each<[string, Task]>([
  ['has ended', failed()],
  ['has its outcome', pending({ outcome: { state: 'failed', failure: bad } })],
])('a task that %s is not touched', async (_what, task) => {
  const { prepare, inputs } = world(task, picture);

  expect(await thrownBy(prepare(sampleId))).toMatchObject({ name: 'TaskRefused' });

  expect(inputs.kept()).toEqual([]);
});

test('a task that is not there is refused', async () => {
  const { prepare } = world(pending(), picture);

  expect(await thrownBy(prepare('task-unified-1-00000000'))).toMatchObject({ name: 'TaskRefused' });
});

test('a model that left the table is our mistake, not the caller’s', async () => {
  const { prepare, find } = world(pending({ model: 'wan1' }), picture);

  await expect(prepare(sampleId)).rejects.toThrow('the model wan1 is not in the table any more');

  expect(await find()).not.toHaveProperty('outcome');
});
