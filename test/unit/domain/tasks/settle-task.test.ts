import { describe, expect, test } from 'vitest';
import type {
  ActiveTask,
  Failure,
  GeneratedImage,
  Outcome,
  WithRequest,
} from '../../../../functions/domain/model/task.ts';
import { ResultUnavailable } from '../../../../functions/domain/model/workflow-errors.ts';
import { type CaughtError, settleTask } from '../../../../functions/domain/tasks/settle-task.ts';
import { memoryResults, memoryStore } from '../../../support/fakes.ts';
import {
  deleted,
  pending,
  processing,
  sampleCaller,
  sampleId,
  sampleTime,
} from '../../../support/tasks.ts';
import { thrownBy } from '../../../support/thrown-by.ts';

const now = sampleTime + 40_000;
const granted = 10_000;
// Granted, reserved, settled: three entries, and no task left that has not ended.
const settled = (used: number) => ({
  granted,
  balance: granted - used,
  reserved: 0,
  used,
  inFlight: 0,
});
const timeout: Failure = { code: 'generation_timeout', message: 'It took too long.' };
const rejected: Failure = { code: 'content_policy_violation', message: 'It was refused.' };
const url = (n: number) => `https://provider.example.com/${n}.png`;
const generated = (...images: readonly GeneratedImage[]): Outcome => ({
  state: 'succeeded',
  images,
});
const image = (n: number) => ({
  key: `results/${sampleId}/${n}.png`,
  contentType: 'image/png',
  bytes: 1000,
});

/** A task of `n` images whose price is reserved, in the middle of its workflow. */
async function context(
  n: number,
  as: (task: WithRequest<ActiveTask>) => WithRequest<ActiveTask>,
  unavailable: readonly string[] = [],
) {
  const store = memoryStore();
  store.grant('default', granted);
  const task = pending({ n, reserved: n * 1200 });
  await store.ledger.reserve(task, sampleCaller);
  store.put(as(task));
  const broken = [...unavailable];
  const results = memoryResults((address) =>
    broken.includes(address) ? new ResultUnavailable('result answered 503') : undefined,
  );
  const settle = settleTask({
    tasks: store.tasks,
    ledger: store.ledger,
    results,
    now: () => now,
    releaseSlot: async () => undefined,
    retentionDays: 30,
  });
  return {
    store,
    results,
    broken,
    settle: (error?: CaughtError) => settle(sampleId, error),
    find: () => store.tasks.find(sampleId),
    funds: () => store.funds('default'),
  };
}

const polled = (n: number, outcome: Outcome) => () =>
  processing({ n, reserved: n * 1200, outcome, wakeToken: 'token-1', nextCheckAt: now });

describe('the images that were generated', () => {
  test('are copied and charged', async () => {
    const { settle, find, funds, results } = await context(
      2,
      polled(2, generated({ url: url(1) }, { url: url(2) })),
    );

    await settle();

    expect(await find()).toMatchObject({
      status: 'completed',
      finishedAt: now,
      expiresAt: now + 30 * 24 * 60 * 60 * 1000,
      charged: 2400,
      failures: [],
      images: [image(1), image(2)],
    });
    expect(results.fetched).toEqual([url(1), url(2)]);
    expect(funds()).toEqual(settled(2400));
  });

  test('are charged alone when they are fewer than requested, and the missing ones are named', async () => {
    const { settle, find, funds } = await context(
      4,
      polled(4, generated({ url: url(1) }, timeout, { url: url(3) }, rejected)),
    );

    await settle();

    expect(await find()).toMatchObject({
      status: 'completed',
      charged: 2400,
      failures: [timeout, rejected],
      images: [image(1), image(3)],
    });
    expect(funds()).toEqual(settled(2400));
  });

  test('are never more than requested: the others are neither fetched nor charged', async () => {
    const many = Array.from({ length: 4000 }, (_, index) => ({ url: url(index + 1) }));
    const { settle, funds, find, results } = await context(
      2,
      polled(2, generated(timeout, ...many, rejected)),
    );

    await settle();

    expect(results.fetched).toEqual([url(1), url(2)]);
    expect(await find()).toMatchObject({ images: [image(1), image(2)], failures: [] });
    expect(funds()).toEqual(settled(2400));
  });

  test('leave no field on the record that only an active task has', async () => {
    const { settle, find } = await context(1, polled(1, generated({ url: url(1) })));

    await settle();

    for (const property of ['outcome', 'wakeToken', 'submitLockedAt', 'nextCheckAt']) {
      expect(await find()).not.toHaveProperty(property);
    }
    expect(await find()).toMatchObject({ createdAt: sampleTime, provider: 'dashscope' });
  });
});

describe('a task without any image fails and is refunded in full', () => {
  test.each<[string, Outcome, Failure]>([
    ['the job failed', { state: 'failed', failure: rejected }, rejected],
    ['every image failed, by the first of them', generated(timeout, rejected), timeout],
    [
      'the provider returned no image and no failure',
      generated(),
      {
        code: 'generation_failed_no_content',
        message: 'The model made no image. Nothing was charged; try another prompt.',
      },
    ],
  ])('when %s, and nothing is fetched', async (_what, outcome, failure) => {
    const { settle, find, funds, results } = await context(2, polled(2, outcome));

    await settle();

    expect(await find()).toMatchObject({ status: 'failed', finishedAt: now, charged: 0, failure });
    expect(results.fetched).toEqual([]);
    expect(funds()).toEqual(settled(0));
  });

  const unavailable = 'image_urls[0] answered 503 when it was fetched.';
  const noPicture = {
    code: 'image_processing_error',
    message: 'An input image could not be fetched.',
  };
  const internal = {
    code: 'service_error',
    message: 'Something went wrong on our side. Nothing was charged; send the task again.',
  };

  test.each<[string, CaughtError | undefined, object]>([
    [
      'a picture that could not be fetched, with the message of the error',
      {
        Error: 'InputUnavailable',
        Cause: JSON.stringify({ errorMessage: unavailable, trace: [] }),
      },
      { code: 'image_processing_error', message: unavailable },
    ],
    [
      'a picture, and the cause is cut',
      { Error: 'InputUnavailable', Cause: '{"errorMess' },
      noPicture,
    ],
    ['a picture, and the cause is another', { Error: 'InputUnavailable', Cause: '{}' }, noPicture],
    ['a picture, and there is no cause', { Error: 'InputUnavailable' }, noPicture],
    [
      'a provider that stayed busy',
      { Error: 'ProviderBusy', Cause: '{"errorMessage":"POST https://internal answered 429"}' },
      {
        code: 'resource_exhausted',
        message:
          'The provider has no capacity now. Nothing was charged; send the task again later.',
      },
    ],
    ['a state that took too long', { Error: 'States.Timeout' }, internal],
    [
      'any other error, whatever it says',
      { Error: 'Error', Cause: '{"errorMessage":"secret"}' },
      internal,
    ],
    ['no error at all', undefined, internal],
  ])('after a caught error: %s', async (_what, error, failure) => {
    const { settle, find, funds } = await context(1, (task) => ({ ...task, submitLockedAt: 1 }));

    await settle(error);

    expect(await find()).toMatchObject({ status: 'failed', failure, charged: 0 });
    expect(funds()).toEqual(settled(0));
  });

  test('an outcome that is written wins over an error that came after it', async () => {
    const { settle, find } = await context(1, polled(1, { state: 'failed', failure: rejected }));

    await settle({ Error: 'TaskFailed', Cause: '{"errorMessage":"content_policy_violation"}' });

    expect(await find()).toMatchObject({ failure: rejected });
  });
});

describe('an image that cannot be fetched', () => {
  const outcome = generated({ url: url(1) }, { url: url(2) });
  const afterRetries = { Error: 'ResultUnavailable', Cause: '{}' };
  const unavailableResult = {
    code: 'service_error',
    message: 'The image was made and could not be fetched from the provider.',
  };

  test('is retried first: nothing is settled', async () => {
    const { settle, find, funds, broken } = await context(2, polled(2, outcome), [url(2)]);

    expect(await thrownBy(settle())).toMatchObject({ name: 'ResultUnavailable' });
    expect(await find()).toMatchObject({ status: 'processing' });
    expect(funds().reserved).toBe(2400);

    broken.length = 0;
    await settle();
    expect(await find()).toMatchObject({ status: 'completed', charged: 2400 });
  });

  test('does not end the settlement while another image is copied', async () => {
    const { store } = await context(2, polled(2, outcome));
    const slow = Promise.withResolvers<void>();
    const copied: string[] = [];
    const results = {
      ...memoryResults(),
      store: async (_task: string, n: number, address: string) => {
        if (address === url(1)) throw new ResultUnavailable('result answered 503');
        await slow.promise;
        copied.push(address);
        return image(n);
      },
    };
    const { tasks, ledger } = store;
    const settle = settleTask({
      tasks,
      ledger,
      results,
      now: () => now,
      retentionDays: 30,
      releaseSlot: async () => undefined,
    });

    const settling = thrownBy(settle(sampleId)).then((error) => ({ error, copied: [...copied] }));
    await new Promise(setImmediate);
    slow.resolve();

    expect(await settling).toMatchObject({
      error: { name: 'ResultUnavailable' },
      copied: [url(2)],
    });
  });

  test('counts as not made when the retries are over', async () => {
    const { settle, find, funds } = await context(2, polled(2, outcome), [url(2)]);

    await settle(afterRetries);

    expect(await find()).toMatchObject({
      status: 'completed',
      charged: 1200,
      images: [image(1)],
      failures: [unavailableResult],
    });
    expect(funds()).toEqual(settled(1200));
  });

  test('fails the task when there is no other image', async () => {
    const { settle, find, funds } = await context(2, polled(2, outcome), [url(1), url(2)]);

    await settle(afterRetries);

    expect(await find()).toMatchObject({
      status: 'failed',
      charged: 0,
      failure: unavailableResult,
    });
    expect(funds().balance).toBe(granted);
  });

  test('is not what an internal error means: nothing is settled', async () => {
    const { tasks, ledger } = (await context(2, polled(2, outcome))).store;
    const store = () => Promise.reject(new Error('the bucket is busy'));

    const settle = settleTask({
      tasks,
      ledger,
      results: { store, storeInput: store, stored: async () => new Map() },
      now: () => now,
      releaseSlot: async () => undefined,
      retentionDays: 30,
    });

    await expect(settle(sampleId, afterRetries)).rejects.toThrow('the bucket is busy');
  });
});

describe('settled twice', () => {
  test('the second settlement changes nothing', async () => {
    const { settle, find, funds, results } = await context(
      1,
      polled(1, generated({ url: url(1) })),
    );
    await settle();
    const [task, money] = [await find(), funds()];

    await settle({ Error: 'States.Timeout' });

    expect(await find()).toEqual(task);
    expect(funds()).toEqual(money);
    expect(results.fetched).toHaveLength(1);
  });

  test('two settlements at the same moment move the money once', async () => {
    const { settle, funds } = await context(1, polled(1, generated({ url: url(1) })));

    await Promise.all([settle(), settle()]);

    expect(funds()).toEqual(settled(1200));
  });
});

test('a task that was deleted is not settled again: another execution has ended it', async () => {
  const { settle, store, funds, results } = await context(1, polled(1, generated({ url: url(1) })));
  await settle();
  const before = funds();
  await store.tasks.recordDeletion(deleted());

  expect(await settle()).toBeUndefined();

  expect(funds()).toEqual(before);
  expect(results.fetched).toHaveLength(1);
  expect(await store.tasks.findRecord(sampleId)).toEqual(deleted());
});

test('a task that does not exist cannot be settled', async () => {
  const { store, results } = await context(1, (task) => task);
  const { tasks, ledger } = store;

  const settle = settleTask({
    tasks,
    ledger,
    results,
    now: () => now,
    retentionDays: 30,
    releaseSlot: async () => undefined,
  });

  await expect(settle('task-unified-1-00000000')).rejects.toThrow('does not exist');
});
