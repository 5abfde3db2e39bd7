import { describe, expect, test } from 'vitest';
import {
  type ActiveTask,
  isEnded,
  type Outcome,
  type WithRequest,
} from '../../../../functions/domain/model/task.ts';
import {
  OutcomeMissing,
  ResultUnavailable,
} from '../../../../functions/domain/model/workflow-errors.ts';
import { dueCheck } from '../../../../functions/domain/tasks/reconcile.ts';
import { settleActive, settleTask } from '../../../../functions/domain/tasks/settle-task.ts';
import { memoryResults, memoryStore } from '../../../support/fakes.ts';
import { pending, processing, sampleCaller, sampleId, sampleTime } from '../../../support/tasks.ts';
import { thrownBy } from '../../../support/thrown-by.ts';

const now = sampleTime + 40_000;
const granted = 10_000;
const callbackUrl = 'https://example.com/hook';
const url = (n: number) => `https://provider.example.com/${n}.png`;
const generated: Outcome = { state: 'succeeded', images: [{ url: url(1) }, { url: url(2) }] };

/** A task of two images whose price is reserved, in the middle of its workflow. */
async function context(task: WithRequest<ActiveTask>) {
  const store = memoryStore();
  store.grant('default', granted);
  await store.ledger.reserve(pending({ n: 2, reserved: 2400 }), sampleCaller);
  store.put({ ...task, n: 2, reserved: 2400 });
  const unavailable = new Set<string>();
  const results = memoryResults((address) =>
    unavailable.has(address) ? new ResultUnavailable('result answered 403') : undefined,
  );
  const { tasks, ledger } = store;
  const deps = {
    tasks,
    ledger,
    results,
    now: () => now,
    retentionDays: 30,
    releaseSlot: async () => undefined,
  };
  return {
    deps,
    unavailable,
    results,
    settle: settleTask(deps),
    find: () => tasks.find(sampleId),
    funds: () => store.funds('default'),
  };
}

const charged = (used: number) => ({ balance: granted - used, reserved: 0, used });

describe('a task that is cancelled', () => {
  const cancelledAt = sampleTime;

  test.each<[string, WithRequest<ActiveTask>, { Error: string } | undefined]>([
    ['and whose execution died', pending({ cancelledAt }), undefined],
    ['and whose workflow failed', pending({ cancelledAt }), { Error: 'Lambda.Unknown' }],
    ['when the provider stayed busy', pending({ cancelledAt }), { Error: 'ProviderBusy' }],
    ['when a picture was not available', pending({ cancelledAt }), { Error: 'InputUnavailable' }],
  ])('%s costs nothing and says why', async (_what, task, error) => {
    const { settle, find, funds } = await context(task);

    await settle(sampleId, error);

    expect(await find()).toMatchObject({
      status: 'failed',
      charged: 0,
      failure: { code: 'request_cancelled' },
    });
    expect(funds()).toMatchObject(charged(0));
  });

  test('that was generated already is completed and charged', async () => {
    const { settle, find, funds } = await context(processing({ cancelledAt, outcome: generated }));

    await settle(sampleId);

    expect(await find()).toMatchObject({ status: 'completed', charged: 2400, cancelledAt });
    expect(funds()).toMatchObject(charged(2400));
  });
});

describe('a task whose job is at a provider, without an outcome', () => {
  test.each<[string, { Error: string } | undefined]>([
    ['no error', undefined],
    ['a timeout', { Error: 'States.Timeout' }],
    ['a function that died', { Error: 'Lambda.Unknown' }],
    ['a function that is missing', { Error: 'Lambda.ResourceNotFoundException' }],
    ['a provider that is busy', { Error: 'ProviderBusy' }],
  ])('is not settled, whatever was caught: %s', async (_what, error) => {
    const { settle, find, funds } = await context(processing({ cancelledAt: sampleTime }));
    const before = await find();

    expect(await thrownBy(settle(sampleId, error))).toMatchObject({ name: OutcomeMissing.code });

    expect(await find()).toEqual(before);
    expect(funds()).toMatchObject({ reserved: 2400, used: 0 });
  });
});

describe('the callback', () => {
  test.each<[string, WithRequest<ActiveTask>]>([
    ['completed', processing({ callbackUrl, outcome: generated })],
    ['failed', pending({ callbackUrl, nextCheckAt: now })],
  ])(
    'is pending from the end on, and the reconciler checks two minutes later: %s',
    async (_, task) => {
      const { settle, find } = await context(task);

      await settle(sampleId);

      const ended = (await find()) ?? pending();
      expect(ended).toMatchObject({
        callback: { state: 'pending', attempts: 0 },
        nextCheckAt: now + 120_000,
      });
      expect(dueCheck(ended, now + 119_999)).toBeUndefined();
      expect(dueCheck(ended, now + 120_000)).toBe('undelivered');
    },
  );

  test('of a task without a callback_url does not exist, and nothing is checked any more', async () => {
    const { settle, find } = await context(processing({ outcome: generated, nextCheckAt: now }));

    await settle(sampleId);

    expect(await find()).not.toHaveProperty('callback');
    expect(await find()).not.toHaveProperty('nextCheckAt');
  });
});

describe('when the state runs again', () => {
  test('images that were copied before are not fetched again, even if the provider has deleted them', async () => {
    const { settle, find, funds, unavailable, results } = await context(
      processing({ outcome: generated }),
    );
    unavailable.add(url(2));
    await thrownBy(settle(sampleId));
    unavailable.clear();
    unavailable.add(url(1));

    await settle(sampleId);

    expect(results.fetched).toEqual([url(1), url(2)]);
    expect(await find()).toMatchObject({ status: 'completed', charged: 2400, failures: [] });
    expect(funds()).toMatchObject(charged(2400));
  });

  test('the first attempt does not look for images that were copied before', async () => {
    const task = processing({ outcome: generated, n: 2, reserved: 2400 });
    const { deps, find, results } = await context(task);
    const looks: string[] = [];
    const stored = async (id: string) => {
      looks.push(id);
      return results.stored(id);
    };
    const settle = settleActive({ ...deps, results: { ...deps.results, stored } });

    await settle(task, { isFirst: true });
    expect(looks).toEqual([]);
    expect(await find()).toMatchObject({ status: 'completed', charged: 2400 });

    expect(await settle(task)).toBeUndefined();
    expect(looks).toEqual([sampleId]);
  });

  test('after a crash just before the money moved, the money moves once', async () => {
    const { deps, settle, find, funds, results } = await context(
      processing({ outcome: generated }),
    );
    const ledger = { settle: () => Promise.reject(new Error('killed')) };
    await thrownBy(settleTask({ ...deps, ledger })(sampleId));
    expect(funds()).toMatchObject({ reserved: 2400, used: 0 });

    await settle(sampleId);

    expect(results.fetched).toHaveLength(2);
    expect(await find()).toMatchObject({ status: 'completed' });
    expect(funds()).toMatchObject(charged(2400));
  });

  test('after a crash just after the money moved, nothing changes and nothing is returned', async () => {
    const { settle, find, funds } = await context(processing({ callbackUrl, outcome: generated }));
    const first = await settle(sampleId);
    const before = await find();

    expect(await settle(sampleId, { Error: 'Lambda.Unknown' })).toBeUndefined();

    expect(first).toMatchObject({ task: { status: 'processing' } });
    expect(before).toMatchObject(first?.ended ?? {});
    expect(await find()).toEqual(before);
    expect(funds()).toMatchObject(charged(2400));
  });

  test('in two executions at once, one of them ends the task', async () => {
    const { settle, find, funds } = await context(processing({ outcome: generated }));

    const both = await Promise.all([settle(sampleId), settle(sampleId, { Error: 'any' })]);

    expect(both.filter(Boolean)).toHaveLength(1);
    const task = await find();
    expect(task && isEnded(task)).toBe(true);
    expect(funds()).toMatchObject(charged(2400));
  });
});
