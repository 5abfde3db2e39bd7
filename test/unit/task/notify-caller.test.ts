import { describe, expect, test } from 'vitest';
import { notifyCaller, quickAttempts } from '../../../functions/task/notify-caller.ts';
import type { CallbackRecord, Task } from '../../../functions/task/task.ts';
import { memoryStore, settableClock } from '../../support/fakes.ts';
import { completed, failed, processing, sampleId, sampleTime } from '../../support/tasks.ts';
import { thrownBy } from '../provider/upstream.ts';

const callbackUrl = 'https://example.com/hook';
const tailSeconds = [60, 600, 3600];

function world(task: Task, ...statuses: readonly (number | undefined)[]) {
  const { tasks, put } = memoryStore();
  put(task);
  const clock = settableClock(sampleTime);
  const told: unknown[] = [];
  const givenUp: string[] = [];
  const needs = {
    ...{ tasks, now: clock.now, tailSeconds },
    bodyOf: async ({ id, status }: Task) => `${id} is ${status}`,
    deliver: async ({ id }: Task, url: string, body: string) => {
      told.push({ id, url, body });
      return statuses[told.length - 1];
    },
    undelivered: (id: string) => void givenUp.push(id),
  };
  return {
    ...{ tasks, clock, told, givenUp, needs, notify: notifyCaller(needs) },
    find: () => tasks.find(sampleId),
  };
}

const failing = (attempts: number): CallbackRecord => ({ state: 'failing', attempts });

test.each([completed({ callbackUrl }), failed({ callbackUrl })])(
  'the caller of a $status task is told once, and that is on record',
  async (task) => {
    const { notify, told, find } = world({ ...task, dueAt: sampleTime }, 204);

    await notify(sampleId);
    await notify(sampleId);

    expect(told).toEqual([
      { id: sampleId, url: callbackUrl, body: `${sampleId} is ${task.status}` },
    ]);
    expect(await find()).toMatchObject({
      callback: { state: 'delivered', attempts: 1, lastStatus: 204 },
    });
    expect(await find()).not.toHaveProperty('dueAt');
  },
);

describe('an attempt', () => {
  test.each([200, 201, 204, 299])('that is answered %i has arrived', async (status) => {
    const { notify, find } = world(completed({ callbackUrl }), status);

    await notify(sampleId);

    expect(await find()).toMatchObject({ callback: { state: 'delivered', lastStatus: status } });
  });

  test.each([199, 300, 302, 400, 404, 410, 429, 500, undefined])(
    'that is answered %s has not, and is tried again by its name',
    async (status) => {
      const { notify, find } = world(completed({ callbackUrl }), status);

      expect(await thrownBy(notify(sampleId))).toMatchObject({ name: 'CallbackRefused' });

      expect(await find()).toMatchObject({
        callback: { state: 'failing', attempts: 1, lastStatus: status },
      });
    },
  );

  test('is counted with those before it', async () => {
    const { notify, find } = world(completed({ callbackUrl }), 500, undefined, 200);

    await thrownBy(notify(sampleId));
    expect(await thrownBy(notify(sampleId))).toMatchObject({
      message: 'attempt 2 had no answer',
    });
    await notify(sampleId);

    expect(await find()).toMatchObject({
      callback: { state: 'delivered', attempts: 3, lastStatus: 200 },
    });
  });

  test('that is the first after a redelivery is counted from one again', async () => {
    const { notify, tasks, told, find } = world(completed({ callbackUrl }), 204, 500);
    await notify(sampleId);
    await tasks.callbackOwed(sampleId, sampleTime);

    await thrownBy(notify(sampleId));

    expect(told[1]).toEqual(told[0]); // the same task, and so the same event
    expect(await find()).toMatchObject({ callback: { state: 'failing', attempts: 1 } });
  });

  test('about which nothing could be written is made again', async () => {
    const { needs, notify, told, find } = world(completed({ callbackUrl }), 204, 204);
    const callback = () => Promise.reject(new Error('throttled'));
    const tasks = { ...needs.tasks, callback };

    await expect(notifyCaller({ ...needs, tasks })(sampleId)).rejects.toThrow('throttled');
    await notify(sampleId);

    expect(told).toHaveLength(2);
    expect(await find()).toMatchObject({ callback: { state: 'delivered', attempts: 1 } });
  });

  test('that was not heard does not hide one at the same time that was', async () => {
    const { needs, notify, find } = world(completed({ callbackUrl }), 204);
    const deliver = async () => {
      await notify(sampleId);
      return 500;
    };

    await thrownBy(notifyCaller({ ...needs, deliver })(sampleId));

    expect(await find()).toMatchObject({ callback: { state: 'delivered' } });
    expect(await find()).not.toHaveProperty('dueAt');
  });
});

describe('when the next attempt is due', () => {
  test.each([1, 2, 3])(
    'after attempt %i it is on its way, and somebody looks after a minute',
    async (nth) => {
      const { notify, find } = world(completed({ callbackUrl, callback: failing(nth - 1) }), 500);

      expect(await thrownBy(notify(sampleId))).toMatchObject({ name: 'CallbackRefused' });

      expect(await find()).toMatchObject({
        ...{ callback: { state: 'failing', attempts: nth }, dueAt: sampleTime + 60_000 },
      });
    },
  );

  test.each([
    [4, 60],
    [5, 600],
    [6, 3600],
  ])('after attempt %i it is made by the sweep, %i s later', async (nth, seconds) => {
    const { notify, find, givenUp } = world(
      completed({ callbackUrl, callback: failing(nth - 1) }),
      500,
    );

    await notify(sampleId);

    expect(await find()).toMatchObject({
      ...{ callback: { state: 'failing', attempts: nth }, dueAt: sampleTime + seconds * 1000 },
    });
    expect(givenUp).toEqual([]);
  });

  test('after the last one there is none: somebody is told that the caller was not', async () => {
    const task = failed({ callbackUrl, callback: failing(6), dueAt: sampleTime });
    const { notify, find, givenUp } = world(task, 503);

    await notify(sampleId);

    expect(await find()).toMatchObject({
      callback: { state: 'undelivered', attempts: 7, lastStatus: 503 },
    });
    expect(await find()).not.toHaveProperty('dueAt');
    expect(givenUp).toEqual([sampleId]);
  });

  test('the last one may be heard like any other', async () => {
    const { notify, find, givenUp } = world(completed({ callbackUrl, callback: failing(6) }), 204);

    await notify(sampleId);

    expect(await find()).toMatchObject({ callback: { state: 'delivered', attempts: 7 } });
    expect(givenUp).toEqual([]);
  });

  test('with no tail the contract’s four are all', async () => {
    const task = completed({ callbackUrl, callback: failing(quickAttempts - 1) });
    const { needs, find, givenUp } = world(task, 500);

    await notifyCaller({ ...needs, tailSeconds: [] })(sampleId);

    expect(await find()).toMatchObject({ callback: { state: 'undelivered', attempts: 4 } });
    expect(givenUp).toEqual([sampleId]);
  });
});

test('nobody is told who gave no address', async () => {
  const { notify, told, find } = world(completed());

  await notify(sampleId);

  expect(told).toEqual([]);
  expect(await find()).not.toHaveProperty('callback');
});

test.each([
  ['is still running', processing({ callbackUrl }), sampleId],
  ['is not there', completed({ callbackUrl }), 'task-unified-1-00000000'],
])('nobody is told of a task that %s', async (_what, task, id) => {
  const { notify, told } = world(task);

  await expect(notify(id)).rejects.toThrow('has not ended');
  expect(told).toEqual([]);
});
