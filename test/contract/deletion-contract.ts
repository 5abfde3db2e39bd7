import { describe, expect, test } from 'vitest';
import { completed, deleted, failed, pending } from '../support/tasks.ts';
import {
  draft,
  entriesOf,
  fundedStore,
  fundsOf,
  keyId,
  listPage,
  type MakeStore,
  openTask,
  recordAttempt,
  reserve,
  settle,
} from './stores.ts';

const far = Number.MAX_SAFE_INTEGER;
const callbackUrl = 'https://example.com/hook';

/** What every store of tasks guarantees about tasks that were deleted. */
export function deletionContract(make: MakeStore): void {
  describe('a task that is deleted', () => {
    test('is replaced by what stays of it, as a whole', async () => {
      const { tasks, id } = await endedTask(make);
      const written = deleted({ id, keyId, nextCheckAt: 700, expiresAt: 9000 });

      expect(await tasks.recordDeletion(written)).toEqual(written);

      expect(await tasks.findRecord(id)).toEqual(written);
    });

    test('is not found any more, and no list has it, on whatever page', async () => {
      const { store, tasks, id } = await endedTask(make);
      const other = await openTask(store, { createdAt: 5 });
      await tasks.recordDeletion(deleted({ id }));

      expect(await tasks.find(id)).toBeUndefined();
      expect(await store.history.findAll([id, other.id])).toMatchObject([{ id: other.id }]);
      for (const status of [undefined, 'completed', 'pending'] as const) {
        const { tasks: page } = await listPage(store, { limit: 1, status });
        expect(page.map((task) => task.id)).toEqual(status === 'completed' ? [] : [other.id]);
      }
    });

    test('stays as its first deletion has written it, which a second one returns', async () => {
      const { tasks, id } = await endedTask(make);
      const first = deleted({ id, deletedAt: 1, nextCheckAt: 700 });
      await tasks.recordDeletion(first);

      expect(await tasks.recordDeletion(deleted({ id, deletedAt: 2 }))).toEqual(first);

      expect(await tasks.findRecord(id)).toEqual(first);
    });

    test('by several requests at the same time is deleted once, and all of them learn when', async () => {
      const { tasks, id } = await endedTask(make);

      const results = await Promise.all(
        Array.from({ length: 10 }, (_, n) => tasks.recordDeletion(deleted({ id, deletedAt: n }))),
      );

      const record = await tasks.findRecord(id);
      expect(record).toMatchObject({ status: 'deleted' });
      expect(results).toEqual(results.map(() => record));
    });

    test.each(['pending', 'processing'] as const)(
      'has ended: one that is %s is not deleted',
      async (status) => {
        const store = await make();
        const { tasks } = store;
        const { id } = await openTask(store);
        if (status === 'processing') {
          await tasks.acquireSubmitLock(id, 'dashscope', 1);
          await tasks.recordSubmitted(id, 'ticket', 2);
        }
        const before = await tasks.findRecord(id);

        expect(await tasks.recordDeletion(deleted({ id }))).toBeUndefined();

        expect(before).toMatchObject({ status });
        expect(await tasks.findRecord(id)).toEqual(before);
      },
    );

    test('belongs to the account that deletes it, before and after', async () => {
      const { tasks, id } = await endedTask(make);
      const before = await tasks.findRecord(id);

      expect(await tasks.recordDeletion(deleted({ id, owner: 'stranger' }))).toBeUndefined();
      expect(await tasks.findRecord(id)).toEqual(before);

      await tasks.recordDeletion(deleted({ id }));
      expect(await tasks.recordDeletion(deleted({ id, owner: 'stranger' }))).toBeUndefined();
    });

    test('exists: the deletion of another writes nothing', async () => {
      const { tasks } = await make();
      const { id } = deleted();

      expect(await tasks.recordDeletion(deleted())).toBeUndefined();
      await tasks.recordPicturesDeleted(id, 5, 700);

      expect(await tasks.findRecord(id)).toBeUndefined();
    });

    test('has no callback any more: no attempt is recorded, and none is scheduled', async () => {
      const { tasks, id } = await endedTask(make, true);
      const written = deleted({ id, nextCheckAt: 700 });
      await tasks.recordDeletion(written);

      await recordAttempt(tasks, id, { state: 'delivered', attempts: 1 });
      await recordAttempt(tasks, id, { state: 'retrying', attempts: 1 }, 300);
      expect(await tasks.scheduleCallback(id, 300)).toBe(false);

      expect(await tasks.findRecord(id)).toEqual(written);
      expect(await tasks.findDueChecks(far, 10)).toEqual([{ id, nextCheckAt: 700 }]);
    });

    test.each([0, 1, 3, 25])(
      'has no request and none of its %i attempts any more',
      async (count) => {
        const { store, tasks, id } = await endedTask(make, true);
        for (let attempts = 1; attempts <= count; attempts += 1) {
          await recordAttempt(tasks, id, { state: 'retrying', attempts, lastStatus: 500 }, 300);
        }
        expect(await tasks.findRequest(id)).toMatchObject({ prompt: pending().prompt });
        expect(await store.attemptCount(id)).toBe(Math.min(count, 20));

        await tasks.recordDeletion(deleted({ id }));

        expect(await tasks.findRequest(id)).toBeUndefined();
        expect(await store.attemptCount(id)).toBe(0);
        expect(await tasks.findStory(id)).toBeUndefined();
      },
    );

    test('never runs again: nothing that a workflow writes changes it', async () => {
      const { store, tasks, id } = await endedTask(make);
      const written = deleted({ id });
      await tasks.recordDeletion(written);

      const results = [
        await tasks.recordUpload(id, 0),
        await tasks.recordStarted(id, { startedAt: 1, nextCheckAt: 3 }),
        await tasks.recordSubmitted(id, 'ticket', 4),
        await tasks.saveTaskToken(id, 'token'),
        await tasks.recordOutcome(id, { state: 'succeeded', images: [] }),
        await tasks.requestCancel(id, 5, 6),
        await settle(store, completed({ id })),
      ];
      await expect(tasks.acquireSubmitLock(id, 'dashscope', 7)).rejects.toThrow('does not exist');

      expect(results).toEqual(results.map(() => undefined));
      expect(await tasks.recordNextExecution(id, 2, 8)).toBe(false);
      expect(await tasks.findRecord(id)).toEqual(written);
    });

    test('is due for a check until its pictures are gone, by one reconciler at a time', async () => {
      const { tasks, id } = await endedTask(make);
      await tasks.recordDeletion(deleted({ id, nextCheckAt: 700 }));
      const [check] = await tasks.findDueChecks(700, 10);
      if (!check) throw new Error('no check is due');

      const leases = [await tasks.leaseCheck(check, 900), await tasks.leaseCheck(check, 900)];
      expect(leases).toEqual([deleted({ id, nextCheckAt: 900 }), undefined]);

      await tasks.recordPicturesDeleted(id, 800);
      expect(await tasks.findRecord(id)).toEqual(deleted({ id, picturesDeletedAt: 800 }));
      expect(await tasks.findDueChecks(far, 10)).toEqual([]);
    });

    test('can have a check for pictures that come late, and keeps the time of the first deletion', async () => {
      const { tasks, id } = await endedTask(make);
      await tasks.recordDeletion(deleted({ id, nextCheckAt: 700 }));

      await tasks.recordPicturesDeleted(id, 100, 1500);
      expect(await tasks.findDueChecks(far, 10)).toEqual([{ id, nextCheckAt: 1500 }]);
      await tasks.recordPicturesDeleted(id, 1600);

      expect(await tasks.findRecord(id)).toEqual(deleted({ id, picturesDeletedAt: 100 }));
    });

    test('that failed can be deleted like one that is completed', async () => {
      const store = await make();
      const { id } = await openTask(store);
      await settle(store, failed({ id }));
      const written = deleted({ id, endedAs: 'failed', imageCount: 0, charged: 0 });

      expect(await store.tasks.recordDeletion(written)).toEqual(written);
    });

    test('leaves the money and the ledger as they are', async () => {
      const { store, tasks, id } = await endedTask(make);
      const before = [await fundsOf(store), await entriesOf(store)];

      await tasks.recordDeletion(deleted({ id }));

      expect([await fundsOf(store), await entriesOf(store)]).toEqual(before);
      expect(JSON.stringify(before)).toContain(id);
    });

    test('still is the task that its Idempotency-Key has created', async () => {
      const store = await fundedStore(make, 5000);
      const record = { id: 'key-sample#0123456789abcdef', requestHash: 'hash', expiresAt: far };
      const task = draft();
      await reserve(store, task, record);
      await settle(store, completed({ id: task.id }));
      await store.tasks.recordDeletion(deleted({ id: task.id }));
      const before = await fundsOf(store);

      expect(await reserve(store, draft(), record)).toEqual({
        state: 'idempotency_key_used',
        taskId: task.id,
        requestHash: 'hash',
      });
      expect(await fundsOf(store)).toEqual(before);
    });
  });
}

/** A task that is completed, of the sample account; if wanted with a callback that is due at 200. */
async function endedTask(make: MakeStore, hasCallback = false) {
  const store = await make();
  const { id } = await openTask(store);
  await settle(
    store,
    hasCallback
      ? completed({
          id,
          callbackUrl,
          callback: { state: 'pending', attempts: 0 },
          nextCheckAt: 200,
        })
      : completed({ id }),
  );
  return { store, tasks: store.tasks, id };
}
