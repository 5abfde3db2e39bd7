import { describe, expect, test } from 'vitest';
import { notifyCaller } from '../../../functions/task/notify-caller.ts';
import type { Task } from '../../../functions/task/task.ts';
import { memoryStore } from '../../support/fakes.ts';
import { completed, failed, processing, sampleId } from '../../support/tasks.ts';
import { thrownBy } from '../provider/upstream.ts';

const callbackUrl = 'https://example.com/hook';

function world(task: Task, ...statuses: readonly (number | undefined)[]) {
  const { tasks, put } = memoryStore();
  put(task);
  const told: unknown[] = [];
  return {
    told,
    find: () => tasks.find(sampleId),
    notify: notifyCaller({
      tasks,
      bodyOf: async ({ id, status }) => `${id} is ${status}`,
      deliver: async ({ id }, url, body) => {
        told.push({ id, url, body });
        return statuses[told.length - 1];
      },
    }),
  };
}

test.each([completed({ callbackUrl }), failed({ callbackUrl })])(
  'the caller of a $status task is told once, and that is on record',
  async (task) => {
    const { notify, told, find } = world(task, 204);

    await notify(sampleId);
    await notify(sampleId);

    expect(told).toEqual([
      { id: sampleId, url: callbackUrl, body: `${sampleId} is ${task.status}` },
    ]);
    expect(await find()).toMatchObject({
      callback: { state: 'delivered', attempts: 1, lastStatus: 204 },
    });
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
