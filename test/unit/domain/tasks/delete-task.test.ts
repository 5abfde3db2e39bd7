import { describe, expect, test } from 'vitest';
import { isDeleted } from '../../../../functions/domain/model/task.ts';
import {
  deletePictures,
  deleteTask,
  lateWriteMs,
} from '../../../../functions/domain/tasks/delete-task.ts';
import { getTask } from '../../../../functions/domain/tasks/get-task.ts';
import { batchTasks, readPage } from '../../../../functions/domain/tasks/list-tasks.ts';
import { memoryPictures, memoryStore, settableClock } from '../../../support/fakes.ts';
import { stateOf } from '../../../support/memory-tasks.ts';
import type { StoredTask } from '../../../support/money.ts';
import {
  completed,
  deleted,
  failed,
  pending,
  processing,
  sampleCaller,
  sampleId,
  sampleTime,
} from '../../../support/tasks.ts';
import { thrownBy } from '../../../support/thrown-by.ts';

const account = sampleCaller.account;
const hourMs = 60 * 60 * 1000;
const secret = 'nobody may know';

/** A task with a text of its caller in every field that can have one. */
const talkative = completed({
  prompt: secret,
  options: { negativePrompt: secret, seed: 4711 },
  inputs: [{ kind: 'url', url: `https://example.com/${secret}.png` }],
  callbackUrl: `https://example.com/${secret}`,
  callback: { state: 'retrying', attempts: 3, lastStatus: 500 },
  metadata: { customer: secret },
  failures: [{ code: 'image_processing_error', message: secret }],
  nextCheckAt: sampleTime + hourMs,
  expiresAt: sampleTime + 999 * hourMs,
});

/** An hour after the sample was made; `broken`: its pictures cannot be deleted now. */
function context(task?: StoredTask, { broken = false } = {}) {
  const store = memoryStore();
  if (task) store.put(task);
  const clock = settableClock(sampleTime + hourMs);
  const state = { broken };
  const pictures = memoryPictures(() =>
    state.broken ? new Error('the bucket is busy') : undefined,
  );
  const { tasks } = store;
  const erase = deletePictures({ tasks, pictures, now: clock.now });
  const remove = deleteTask({ tasks, deletePictures: erase, now: clock.now });
  return {
    store,
    clock,
    pictures,
    erase,
    repair: () => {
      state.broken = false;
    },
    remove: (by = account) => remove(sampleId, by),
    record: () => tasks.findRecord(sampleId),
  };
}

const success = { object: 'image.generation.task', id: sampleId, deleted: true };

describe('200', () => {
  test.each([completed(), failed()])(
    'a $status task is deleted, with its pictures',
    async (task) => {
      const { remove, record, pictures } = context(task);

      expect(await remove()).toEqual(success);

      expect(await record()).toMatchObject({ status: 'deleted', endedAs: task.status });
      expect(pictures.deleted).toEqual([sampleId]);
    },
  );

  test('what stays says whose task it was, when, and what it cost, and no word of its caller', async () => {
    const { remove, record } = context(talkative);

    await remove();

    const stays = await record();
    expect(JSON.stringify(stays)).not.toContain(secret);
    expect(stays).toEqual({
      ...deleted(),
      startedAt: undefined,
      submittedAt: undefined,
      provider: undefined,
      ticket: undefined,
      deletedAt: sampleTime + hourMs,
      picturesDeletedAt: sampleTime + hourMs,
      expiresAt: sampleTime + 999 * hourMs,
    });
  });

  test('from then on the task is not found, and no list or batch has it', async () => {
    const { remove, store, clock } = context(completed());

    await remove();

    const { tasks, history } = store;
    const { now } = clock;
    expect(await thrownBy(getTask({ tasks, now })(sampleId, account))).toMatchObject({
      code: 'task_not_found',
    });
    expect(await batchTasks({ history, now })({ task_ids: [sampleId] }, account)).toEqual([]);
    expect(await readPage(history, account, { limit: 10, now: now() })).toEqual({ tasks: [] });
  });

  test('deleting twice changes nothing, and gets the same response', async () => {
    const { remove, record, clock, pictures } = context(completed());
    const first = await remove();
    const before = await record();
    clock.advance(hourMs);

    expect(await remove()).toEqual(first);

    expect(await record()).toEqual(before);
    expect(pictures.deleted).toHaveLength(1);
  });

  test('of two deletions at the same time both succeed', async () => {
    const { remove, record } = context(completed());

    expect(await Promise.all([remove(), remove()])).toEqual([success, success]);

    expect(await record()).toMatchObject({ status: 'deleted' });
    expect(await record()).not.toHaveProperty('nextCheckAt');
  });
});

describe('404', () => {
  test.each<[string, StoredTask | undefined]>([
    ['does not exist', undefined],
    ['belongs to another account', completed({ account: 'stranger' })],
    ['belongs to another account and was deleted', deleted({ owner: 'stranger' })],
    ['belongs to another account and has not ended', pending({ account: 'stranger' })],
  ])('a task that %s is not found, in the same words', async (_what, task) => {
    const { remove, store, pictures } = context(task);

    expect(await thrownBy(remove())).toMatchObject({
      code: 'task_not_found',
      status: 404,
      param: 'task_id',
      message: `There is no task ${sampleId}.`,
    });
    expect(store.records()).toEqual(task ? [task] : []);
    expect(pictures.deleted).toEqual([]);
  });
});

describe('409', () => {
  test.each([pending(), processing()])(
    'a task that is $status is not deleted, and stays as it is',
    async (task) => {
      const { remove, record, pictures } = context(task);

      expect(await thrownBy(remove())).toMatchObject({
        code: 'task_running',
        status: 409,
        param: 'task_id',
        message: `The task ${sampleId} is not over yet: it can be deleted when it has ended.`,
      });
      expect(await record()).toEqual(stateOf(task));
      expect(pictures.deleted).toEqual([]);
    },
  );
});

describe('when the pictures cannot be deleted', () => {
  test('the texts are gone all the same, the request fails, and the reconciler checks the task a minute later', async () => {
    const { remove, record, clock, store } = context(talkative, { broken: true });

    expect(await thrownBy(remove())).toMatchObject({ message: 'the bucket is busy' });

    const half = await record();
    expect(JSON.stringify(half)).not.toContain(secret);
    expect(half).not.toHaveProperty('picturesDeletedAt');
    const nextCheckAt = clock.now() + 60_000;
    expect(await store.tasks.findDueChecks(nextCheckAt, 10)).toEqual([
      { id: sampleId, nextCheckAt },
    ]);
  });

  test('a repeated request deletes them', async () => {
    const { remove, record, pictures, repair } = context(completed(), { broken: true });
    await thrownBy(remove());
    repair();

    expect(await remove()).toEqual(success);

    expect(pictures.deleted).toEqual([sampleId]);
    expect(await record()).toMatchObject({ picturesDeletedAt: sampleTime + hourMs });
    expect(await record()).not.toHaveProperty('nextCheckAt');
  });
});

describe('the pictures', () => {
  const finishedAt = sampleTime + 40_000;

  test.each([
    ['whose upload form may still be used are deleted now, and once more after that', -1, true],
    ['that can get no other picture any more are deleted now, and never again', 0, false],
  ])('of a task %s', async (_what, later, isRepeated) => {
    const { erase, record, clock, pictures } = context(deleted({ nextCheckAt: 1 }));
    const lastWriteAt = finishedAt + lateWriteMs;
    clock.advance(lastWriteAt + later - clock.now());

    await erase(sampleId);

    const after = await record();
    expect(pictures.deleted).toEqual([sampleId]);
    expect(after?.nextCheckAt).toBe(isRepeated ? lastWriteAt : undefined);
    expect(after && isDeleted(after) && after.picturesDeletedAt).toBe(clock.now());
  });

  test('of a deleted task that are deleted again keep the time of the first deletion', async () => {
    const { erase, record, clock } = context(deleted({ nextCheckAt: 1 }));
    await erase(sampleId);
    const before = await record();
    clock.advance(hourMs);

    await erase(sampleId);

    expect(await record()).toEqual(before);
  });

  test.each([completed(), failed(), pending(), processing()])(
    'of a $status task that was not deleted are never deleted',
    async (task) => {
      const { erase, pictures, record } = context(task);

      await expect(erase(sampleId)).rejects.toThrow('was not deleted');

      expect(pictures.deleted).toEqual([]);
      expect(await record()).toEqual(stateOf(task));
    },
  );

  test('have expired together with its record, so there is nothing to delete', async () => {
    const { erase, pictures } = context();

    await erase(sampleId);

    expect(pictures.deleted).toEqual([]);
  });
});

test('an id that no task can have is refused with 400', async () => {
  const { store, clock } = context();
  const remove = deleteTask({
    tasks: store.tasks,
    deletePictures: async () => undefined,
    now: clock.now,
  });

  expect(await thrownBy(remove('../x', account))).toMatchObject({
    code: 'invalid_task_id',
    status: 400,
  });
});
