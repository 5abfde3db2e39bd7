import { describe, expect, test } from 'vitest';
import { ResultUnavailable } from '../../../functions/task/failures.ts';
import { settleTask } from '../../../functions/task/settle-task.ts';
import { whatIsDue } from '../../../functions/task/sweep.ts';
import { isEnded, type Outcome, type Running } from '../../../functions/task/task.ts';
import { memoryResults, memoryStore } from '../../support/fakes.ts';
import { pending, processing, sampleId, sampleTime } from '../../support/tasks.ts';
import { thrownBy } from '../provider/upstream.ts';

const now = sampleTime + 40_000;
const granted = 10_000;
const callbackUrl = 'https://example.com/hook';
const url = (n: number) => `https://provider.example.com/${n}.png`;
const painted: Outcome = { state: 'succeeded', images: [{ url: url(1) }, { url: url(2) }] };

/** A task of two images whose price is reserved, as far as its workflow has brought it. */
async function world(task: Running) {
  const store = memoryStore();
  store.grant('default', granted);
  await store.ledger.open(pending({ n: 2, reserved: 2400 }));
  store.put({ ...task, n: 2, reserved: 2400 });
  const gone = new Set<string>();
  const results = memoryResults((address) =>
    gone.has(address) ? new ResultUnavailable('result answered 403') : undefined,
  );
  const { tasks, ledger } = store;
  const needs = { tasks, ledger, results, now: () => now };
  return {
    ...{ needs, gone, results, settle: settleTask(needs) },
    find: () => tasks.find(sampleId),
    funds: () => store.funds('default'),
  };
}

const charged = (used: number) => ({ balance: granted - used, reserved: 0, used });

describe('a task that is cancelled', () => {
  const cancelledAt = sampleTime;

  test.each<[string, Running, { Error: string } | undefined]>([
    ['and died in between', processing({ cancelledAt }), undefined],
    ['and is led here by an error', processing({ cancelledAt }), { Error: 'Lambda.Unknown' }],
    ['when the provider stayed busy', pending({ cancelledAt }), { Error: 'ProviderBusy' }],
    ['when a picture was not to be had', pending({ cancelledAt }), { Error: 'InputUnavailable' }],
  ])('%s costs nothing and says why', async (_what, task, error) => {
    const { settle, find, funds } = await world(task);

    await settle(sampleId, error);

    expect(await find()).toMatchObject({
      ...{ status: 'failed', charged: 0 },
      failure: { code: 'request_cancelled' },
    });
    expect(funds()).toMatchObject(charged(0));
  });

  test('when it was made already is completed and charged', async () => {
    const { settle, find, funds } = await world(processing({ cancelledAt, outcome: painted }));

    await settle(sampleId);

    expect(await find()).toMatchObject({ status: 'completed', charged: 2400, cancelledAt });
    expect(funds()).toMatchObject(charged(2400));
  });
});

describe('who wants to be told', () => {
  test.each<[string, Running]>([
    ['completed', processing({ callbackUrl, outcome: painted })],
    ['failed', processing({ callbackUrl, dueAt: now })],
  ])('is owed it from the end on, and somebody looks two minutes later: %s', async (_, task) => {
    const { settle, find } = await world(task);

    await settle(sampleId);

    const ended = (await find()) ?? pending();
    expect(ended).toMatchObject({ callback: { state: 'owed', attempts: 0 }, dueAt: now + 120_000 });
    expect(whatIsDue(ended, now + 119_999)).toBeUndefined();
    expect(whatIsDue(ended, now + 120_000)).toBe('untold');
  });

  test('is not everybody: about the others nobody has to look any more', async () => {
    const { settle, find } = await world(processing({ outcome: painted, dueAt: now }));

    await settle(sampleId);

    expect(await find()).not.toHaveProperty('callback');
    expect(await find()).not.toHaveProperty('dueAt');
  });
});

describe('entered again', () => {
  test('images that were copied before are not fetched again, be they gone where they were', async () => {
    const { settle, find, funds, gone, results } = await world(processing({ outcome: painted }));
    gone.add(url(2));
    await thrownBy(settle(sampleId));
    gone.clear();
    gone.add(url(1));

    await settle(sampleId);

    expect(results.kept).toEqual([url(1), url(2)]);
    expect(await find()).toMatchObject({ status: 'completed', charged: 2400, failures: [] });
    expect(funds()).toMatchObject(charged(2400));
  });

  test('after it died just before the money moved, the money moves once', async () => {
    const { needs, settle, find, funds, results } = await world(processing({ outcome: painted }));
    const ledger = { settle: () => Promise.reject(new Error('killed')) };
    await thrownBy(settleTask({ ...needs, ledger })(sampleId));
    expect(funds()).toMatchObject({ reserved: 2400, used: 0 });

    await settle(sampleId);

    expect(results.kept).toHaveLength(2);
    expect(await find()).toMatchObject({ status: 'completed' });
    expect(funds()).toMatchObject(charged(2400));
  });

  test('after it died just after the money moved, nothing changes and nothing is answered', async () => {
    const { settle, find, funds } = await world(processing({ callbackUrl, outcome: painted }));
    const first = await settle(sampleId);
    const before = await find();

    expect(await settle(sampleId, { Error: 'Lambda.Unknown' })).toBeUndefined();

    expect(first).toMatchObject({ task: { status: 'processing' }, ended: before });
    expect(await find()).toEqual(before);
    expect(funds()).toMatchObject(charged(2400));
  });

  test('by two executions at once, one of them ends it', async () => {
    const { settle, find, funds } = await world(processing({ outcome: painted }));

    const both = await Promise.all([settle(sampleId), settle(sampleId, { Error: 'any' })]);

    expect(both.filter(Boolean)).toHaveLength(1);
    const task = await find();
    expect(task && isEnded(task)).toBe(true);
    expect(funds()).toMatchObject(charged(2400));
  });
});
