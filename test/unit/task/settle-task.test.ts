import { describe, expect, test } from 'vitest';
import { ResultUnavailable } from '../../../functions/task/failures.ts';
import { type CaughtError, settleTask } from '../../../functions/task/settle-task.ts';
import type { Failure, Outcome, Painted, Running } from '../../../functions/task/task.ts';
import { memoryResults, memoryStore } from '../../support/fakes.ts';
import { pending, processing, sampleId, sampleTime } from '../../support/tasks.ts';
import { thrownBy } from '../provider/upstream.ts';

const now = sampleTime + 40_000;
const granted = 10_000;
// Granted, reserved, settled: three entries, and no task left that has not ended.
const settled = (used: number) => ({
  ...{ granted, balance: granted - used, reserved: 0, used, inFlight: 0, entries: 3 },
});
const timeout: Failure = { code: 'generation_timeout', message: 'It took too long.' };
const refused: Failure = { code: 'content_policy_violation', message: 'It was refused.' };
const url = (n: number) => `https://provider.example.com/${n}.png`;
const painted = (...images: readonly Painted[]): Outcome => ({ state: 'succeeded', images });
const image = (n: number) => ({
  ...{ key: `results/${sampleId}/${n}`, contentType: 'image/png', bytes: 1000 },
});

/** A task of `n` images whose price is reserved, as far as its workflow has brought it. */
async function world(
  n: number,
  as: (task: Running) => Running,
  unavailable: readonly string[] = [],
) {
  const store = memoryStore();
  store.grant('default', granted);
  const task = pending({ n, reserved: n * 1200 });
  await store.ledger.open(task);
  store.put(as(task));
  const broken = [...unavailable];
  const results = memoryResults((address) =>
    broken.includes(address) ? new ResultUnavailable('result answered 503') : undefined,
  );
  const settle = settleTask({
    ...{ tasks: store.tasks, ledger: store.ledger, results, now: () => now },
  });
  return {
    ...{ store, results, broken },
    settle: (error?: CaughtError) => settle(sampleId, error),
    find: () => store.tasks.find(sampleId),
    funds: () => store.funds('default'),
  };
}

const polled = (n: number, outcome: Outcome) => () =>
  processing({ n, reserved: n * 1200, outcome, wakeToken: 'token-1', dueAt: now });

describe('what was made', () => {
  test('is copied and charged', async () => {
    const { settle, find, funds, results } = await world(
      2,
      polled(2, painted({ url: url(1) }, { url: url(2) })),
    );

    await settle();

    expect(await find()).toMatchObject({
      ...{ status: 'completed', finishedAt: now, charged: 2400, failures: [] },
      images: [image(1), image(2)],
    });
    expect(results.kept).toEqual([url(1), url(2)]);
    expect(funds()).toEqual(settled(2400));
  });

  test('is charged alone when it is less than was asked for, and what is missing is named', async () => {
    const { settle, find, funds } = await world(
      4,
      polled(4, painted({ url: url(1) }, timeout, { url: url(3) }, refused)),
    );

    await settle();

    expect(await find()).toMatchObject({
      ...{ status: 'completed', charged: 2400, failures: [timeout, refused] },
      images: [image(1), image(3)],
    });
    expect(funds()).toEqual(settled(2400));
  });

  test('is never charged beyond what was reserved', async () => {
    const { settle, funds } = await world(1, polled(1, painted({ url: url(1) }, { url: url(2) })));

    await settle();

    expect(funds()).toEqual(settled(1200));
  });

  test('leaves nothing on the record that only a running task has', async () => {
    const { settle, find } = await world(1, polled(1, painted({ url: url(1) })));

    await settle();

    for (const property of ['outcome', 'wakeToken', 'submittingAt', 'dueAt']) {
      expect(await find()).not.toHaveProperty(property);
    }
    expect(await find()).toMatchObject({ createdAt: sampleTime, provider: 'dashscope' });
  });
});

describe('a task of which nothing was made is failed and refunded in full', () => {
  test.each<[string, Outcome, Failure]>([
    ['the job failed', { state: 'failed', failure: refused }, refused],
    ['every image failed, by the first of them', painted(timeout, refused), timeout],
    [
      'the provider made nothing and said nothing',
      painted(),
      {
        code: 'generation_failed_no_content',
        message: 'The model made no image. Nothing was charged; try another prompt.',
      },
    ],
  ])('%s', async (_what, outcome, failure) => {
    const { settle, find, funds, results } = await world(2, polled(2, outcome));

    await settle();

    expect(await find()).toMatchObject({ status: 'failed', finishedAt: now, charged: 0, failure });
    expect(results.kept).toEqual([]);
    expect(funds()).toEqual(settled(0));
  });

  const unavailable = 'image_urls[0] answered 503 when it was fetched.';
  const noPicture = {
    code: 'image_processing_error',
    message: 'An input image could not be fetched.',
  };
  const ours = {
    code: 'service_error',
    message: 'Something went wrong on our side. Nothing was charged; send the task again.',
  };

  test.each<[string, CaughtError | undefined, object]>([
    [
      'a picture that could not be fetched, in its own words',
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
        message: 'The provider has no capacity now. Nothing was charged; send it again later.',
      },
    ],
    ['a state that took too long', { Error: 'States.Timeout' }, ours],
    [
      'any other error, whatever it says',
      { Error: 'Error', Cause: '{"errorMessage":"secret"}' },
      ours,
    ],
    ['no error at all', undefined, ours],
  ])('caught on the way: %s', async (_what, error, failure) => {
    const { settle, find, funds } = await world(1, (task) => ({ ...task, submittingAt: 1 }));

    await settle(error);

    expect(await find()).toMatchObject({ status: 'failed', failure, charged: 0 });
    expect(funds()).toEqual(settled(0));
  });

  test('an outcome that is written says more than the error that came after it', async () => {
    const { settle, find } = await world(1, polled(1, { state: 'failed', failure: refused }));

    await settle({ Error: 'TaskRefused', Cause: '{"errorMessage":"content_policy_violation"}' });

    expect(await find()).toMatchObject({ failure: refused });
  });
});

describe('an image that cannot be fetched', () => {
  const outcome = painted({ url: url(1) }, { url: url(2) });
  const again = { Error: 'ResultUnavailable', Cause: '{}' };
  const lost = {
    code: 'service_error',
    message: 'The image was made and could not be fetched from the provider.',
  };

  test('is tried again first: nothing is settled', async () => {
    const { settle, find, funds, broken } = await world(2, polled(2, outcome), [url(2)]);

    expect(await thrownBy(settle())).toMatchObject({ name: 'ResultUnavailable' });
    expect(await find()).toMatchObject({ status: 'processing' });
    expect(funds().reserved).toBe(2400);

    broken.length = 0;
    await settle();
    expect(await find()).toMatchObject({ status: 'completed', charged: 2400 });
  });

  test('led here by that very error, counts as not made', async () => {
    const { settle, find, funds } = await world(2, polled(2, outcome), [url(2)]);

    await settle(again);

    expect(await find()).toMatchObject({
      ...{ status: 'completed', charged: 1200, images: [image(1)], failures: [lost] },
    });
    expect(funds()).toEqual(settled(1200));
  });

  test('fails the task when there is no other', async () => {
    const { settle, find, funds } = await world(2, polled(2, outcome), [url(1), url(2)]);

    await settle(again);

    expect(await find()).toMatchObject({ status: 'failed', charged: 0, failure: lost });
    expect(funds().balance).toBe(granted);
  });

  test('an error of ours is not taken for one', async () => {
    const { store } = await world(2, polled(2, outcome));
    const keep = () => Promise.reject(new Error('the bucket is busy'));
    const { tasks, ledger } = store;

    const settle = settleTask({ tasks, ledger, results: { keep }, now: () => now });

    await expect(settle(sampleId, again)).rejects.toThrow('the bucket is busy');
  });
});

describe('twice', () => {
  test('the second settlement changes nothing', async () => {
    const { settle, find, funds, results } = await world(1, polled(1, painted({ url: url(1) })));
    await settle();
    const [task, money] = [await find(), funds()];

    await settle({ Error: 'States.Timeout' });

    expect(await find()).toEqual(task);
    expect(funds()).toEqual(money);
    expect(results.kept).toHaveLength(1);
  });

  test('of two at the same moment one moves the money', async () => {
    const { settle, funds } = await world(1, polled(1, painted({ url: url(1) })));

    await Promise.all([settle(), settle()]);

    expect(funds()).toEqual(settled(1200));
  });
});

test('a task that is not there cannot be settled', async () => {
  const { store, results } = await world(1, (task) => task);
  const { tasks, ledger } = store;

  const settle = settleTask({ tasks, ledger, results, now: () => now });

  await expect(settle('task-unified-1-00000000')).rejects.toThrow('is not there');
});
