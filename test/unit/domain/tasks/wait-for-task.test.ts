import { describe, expect, test } from 'vitest';
import { testAccountOf } from '../../../../functions/domain/model/mode.ts';
import type { Task } from '../../../../functions/domain/model/task.ts';
import { waitTimeoutSeconds } from '../../../../functions/domain/model/task.ts';
import { getTask } from '../../../../functions/domain/tasks/get-task.ts';
import {
  offerWait,
  placesOf,
  takeUpMs,
  waitForTask,
} from '../../../../functions/domain/tasks/wait-for-task.ts';
import { memoryStore } from '../../../support/fakes.ts';
import {
  completed,
  failed,
  pending,
  processing,
  sampleCaller,
  sampleId,
  sampleTime,
} from '../../../support/tasks.ts';
import { memoryPlaces } from '../../../support/waiting-places.ts';

const keys = Array.from({ length: 200 }, (_, index) => ({
  keyId: `key-${index}`,
  account: 'default',
}));
const noRandom = () => 0;

/** One clock, which only a sleep moves on. The task is `ended` from a time on, given in seconds after the start. */
function context({
  endsAfter = Infinity,
  takeUpFails = false,
  freeFails = false,
  maxWaiters = 4,
} = {}) {
  const store = memoryStore();
  store.put(pending());
  const places = memoryPlaces();
  const sleeps: number[] = [];
  const troubles: unknown[] = [];
  let clock = sampleTime;
  let reads = 0;
  const now = () => clock;
  const find = getTask({ tasks: store.tasks, now });
  return {
    places,
    sleeps,
    troubles,
    now,
    reads: () => reads,
    advance: (milliseconds: number) => {
      clock += milliseconds;
    },
    offer: offerWait({
      places,
      maxWaiters,
      now,
      random: noRandom,
      leaseFailed: (taskId, cause) => troubles.push([taskId, cause]),
    }),
    wait: waitForTask({
      find: (id, account) => {
        reads += 1;
        if (clock >= sampleTime + endsAfter * 1000) store.put(completed());
        return find(id, account);
      },
      places: {
        ...places,
        ...(takeUpFails && { takeUp: () => Promise.reject(new Error('no')) }),
        ...(freeFails && { free: () => Promise.reject(new Error('no')) }),
      },
      now,
      sleep: async (milliseconds) => {
        sleeps.push(milliseconds);
        clock += milliseconds;
      },
      takeUpFailed: (taskId, cause) => troubles.push(['take up', taskId, cause]),
      freeFailed: (taskId, cause) => troubles.push(['free', taskId, cause]),
    }),
  };
}

const request = { id: sampleId, account: 'default', seconds: 20 };
const placeIn = async ({ offer }: ReturnType<typeof context>) =>
  (await offer(pending(), sampleCaller, 20))?.place;

describe('a wait', () => {
  test('ends when its task has ended', async () => {
    const test = context({ endsAfter: 3 });

    const { task, hasWaited } = await test.wait({ ...request, place: await placeIn(test) });

    expect([task.status, hasWaited]).toEqual(['completed', true]);
    expect(test.now() - sampleTime).toBeLessThan(6000);
  });

  test('ends after its seconds with the task as it is then, and to the millisecond', async () => {
    const test = context();

    const { task, hasWaited } = await test.wait({ ...request, place: await placeIn(test) });

    expect([task.status, hasWaited]).toEqual(['pending', true]);
    expect(test.now() - sampleTime).toBe(20_000);
  });

  test('sees a task that ends in its last moment', async () => {
    const test = context({ endsAfter: 20 });

    const { task } = await test.wait({ ...request, place: await placeIn(test) });

    expect(task.status).toBe('completed');
  });

  test('reads soon at first, then less and less often, and at least every three seconds', async () => {
    const test = context();
    await test.wait({ ...request, place: await placeIn(test) });
    const pauses = test.sleeps.slice(0, -1);

    expect(pauses[0]).toBe(500);
    expect(pauses).toEqual(pauses.toSorted((a, b) => a - b));
    expect(Math.max(...pauses)).toBe(3000);
    expect(test.reads()).toBeLessThanOrEqual(12);
  });

  test('holds its place until it is over, and no longer', async () => {
    const test = context({ endsAfter: 3, maxWaiters: 1 });
    const place = await placeIn(test);
    const waiting = test.wait({ ...request, place });

    expect(await placeIn(test)).toBeUndefined();
    await waiting;
    expect(await placeIn(test)).toBeDefined();
  });

  test('whose function dies holds its place no longer than the function could have run', async () => {
    const test = context({ maxWaiters: 1 });
    const place = (await placeIn(test)) ?? '';
    const dying = waitForTask({
      find: async () => pending(),
      places: test.places,
      now: test.now,
      sleep: () => new Promise(() => undefined),
      takeUpFailed: () => undefined,
      freeFailed: () => undefined,
    });
    void dying({ ...request, seconds: 25, place });
    await Promise.resolve();

    test.advance(waitTimeoutSeconds * 1000 - 1);
    expect(await placeIn(test)).toBeUndefined();
    test.advance(1);
    expect(await placeIn(test)).toBeDefined();
  });

  test('is answered also when its place could not be freed', async () => {
    const test = context({ endsAfter: 0, freeFails: true });

    const { task } = await test.wait({ ...request, place: await placeIn(test) });

    expect(task.status).toBe('completed');
    expect(test.troubles).toEqual([['free', sampleId, new Error('no')]]);
  });

  test('is answered at once when its place cannot be taken up because the store fails', async () => {
    const test = context({ takeUpFails: true });
    const place = await placeIn(test);

    expect(await test.wait({ ...request, place })).toEqual({ task: pending(), hasWaited: false });
    expect([test.sleeps, test.reads()]).toEqual([[], 1]);
    expect(test.troubles).toEqual([['take up', sampleId, new Error('no')]]);
  });

  test.each([
    ['without a place', undefined],
    ['with a place that was made up', '0-made-up'],
  ])('%s is answered at once', async (_what, place) => {
    const test = context();

    expect(await test.wait({ ...request, place })).toEqual({ task: pending(), hasWaited: false });
    expect(test.sleeps).toEqual([]);
  });

  test('with a place that was used before is answered at once', async () => {
    const test = context({ maxWaiters: 1 });
    const place = await placeIn(test);
    await test.wait({ ...request, place });
    const before = test.sleeps.length;

    expect(await test.wait({ ...request, place })).toMatchObject({ hasWaited: false });
    expect(test.sleeps).toHaveLength(before);
  });

  test.each([
    ['of another account', { account: 'other' }],
    ['that does not exist', { id: 'task-unified-1757156493-aaaaaaaa' }],
  ])('for a task %s is refused like a read of it, and frees its place', async (_what, changed) => {
    const test = context({ maxWaiters: 1 });
    const place = await placeIn(test);

    await expect(test.wait({ ...request, ...changed, place })).rejects.toMatchObject({
      code: 'task_not_found',
    });
    expect(test.sleeps).toEqual([]);
    expect(await placeIn(test)).toBeDefined();
  });
});

describe('an offer to wait', () => {
  const upload = { kind: 'upload', contentType: 'image/png' } as const;
  const tasks: readonly (readonly [string, Task, boolean])[] = [
    ['a pending task', pending(), true],
    ['a processing task', processing(), true],
    [
      'a task whose uploads have arrived',
      pending({ inputs: [upload], arrived: new Set([0]) }),
      true,
    ],
    ['a task that waits for an upload', pending({ inputs: [upload] }), false],
    ['a completed task', completed(), false],
    ['a failed task', failed(), false],
  ];

  test.each(tasks)('for %s', async (_what, task, isOffered) => {
    const offered = await context().offer(task, sampleCaller, 7);

    expect(offered?.seconds).toBe(isOffered ? 7 : undefined);
  });

  test('is made to nobody who does not ask for it', async () => {
    expect(await context().offer(pending(), sampleCaller, undefined)).toBeUndefined();
  });

  test('that is not taken up is over soon', async () => {
    const test = context({ maxWaiters: 1 });
    const place = await placeIn(test);
    test.advance(takeUpMs);

    expect(await test.wait({ ...request, place })).toMatchObject({ hasWaited: false });
    expect(await placeIn(test)).toBeDefined();
  });

  test('fails no request when the store fails', async () => {
    const troubles: unknown[] = [];
    const offer = offerWait({
      places: { lease: () => Promise.reject(new Error('no')) },
      maxWaiters: 4,
      now: () => sampleTime,
      random: noRandom,
      leaseFailed: (taskId, cause) => troubles.push([taskId, cause]),
    });

    expect(await offer(pending(), sampleCaller, 20)).toBeUndefined();
    expect(troubles).toEqual([[sampleId, new Error('no')]]);
  });

  test.each([0, 1, 2, 3, 4, 8])(
    'with %i places is made to no more requests than that, whoever sends them',
    async (maxWaiters) => {
      const { offer } = context({ maxWaiters });
      const offers: unknown[] = [];
      for (const caller of [...keys, ...keys]) offers.push(await offer(pending(), caller, 20));

      expect(offers.filter(Boolean)).toHaveLength(maxWaiters);
    },
  );

  test.each([
    [1, 1],
    [2, 1],
    [3, 1],
    [4, 2],
    [8, 4],
  ])('with %i places is made to one key %i times at once', async (maxWaiters, share) => {
    const { offer } = context({ maxWaiters });
    const offers: unknown[] = [];
    while (offers.length < 20) offers.push(await offer(pending(), sampleCaller, 20));

    expect(offers.filter(Boolean)).toHaveLength(share);
  });
});

test('all test keys have one place of their own, and take none of a live key', async () => {
  const testKeys = keys.map(({ keyId }) => ({ keyId, account: testAccountOf('default') }));
  const { offer } = context({ maxWaiters: 4 });
  const offers = async (callers: typeof keys) => {
    const all: unknown[] = [];
    for (const caller of callers) all.push(await offer(pending(), caller, 20));
    return all.filter(Boolean).length;
  };

  expect(await offers(testKeys)).toBe(1);
  expect(await offers(keys)).toBe(4);
  expect(await context({ maxWaiters: 0 }).offer(pending(), testKeys[0] ?? sampleCaller, 20)).toBe(
    undefined,
  );
});

describe('the places of a key', () => {
  test('are the same half of all, wherever its requests begin', () => {
    for (const { keyId } of keys) {
      const all = new Set([0, 0.25, 0.5, 0.99].flatMap((at) => placesOf(keyId, 8, () => at)));
      expect(all.size).toBe(4);
      for (const place of all) expect(place).toBeLessThan(8);
    }
  });

  test('differ from key to key', () => {
    const halves = new Set(keys.map(({ keyId }) => placesOf(keyId, 8, noRandom).join()));

    expect(halves.size).toBe(8);
  });

  test('are tried four at most, since each try is a write', () => {
    expect(placesOf('key-1', 1000, () => 0.999)).toHaveLength(4);
  });
});
