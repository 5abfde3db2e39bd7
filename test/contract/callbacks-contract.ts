import { describe, expect, test } from 'vitest';
import type { CallbackRecord } from '../../functions/domain/model/task.ts';
import { omit } from '../support/omit.ts';
import { completed } from '../support/tasks.ts';
import { draft, type MakeStore, openTask, recordAttempt, settle } from './stores.ts';

const far = Number.MAX_SAFE_INTEGER;
const retrying: CallbackRecord = { state: 'retrying', attempts: 1, lastStatus: 500 };
const delivered: CallbackRecord = { state: 'delivered', attempts: 2, lastStatus: 204 };
const undelivered: CallbackRecord = { state: 'undelivered', attempts: 7, lastStatus: 500 };

/** What every store of tasks guarantees about the delivery of callbacks. */
export function callbacksContract(make: MakeStore): void {
  describe('a callback', () => {
    test('a callback is due from the end of its task on', async () => {
      const { tasks, id, callback } = await endedWithCallback(make);

      expect(await callback()).toEqual({ state: 'pending', attempts: 0 });
      expect(await tasks.findDueChecks(200, 10)).toEqual([{ id, nextCheckAt: 200 }]);
    });

    test('a failed attempt makes the callback due again at the time of the next attempt', async () => {
      const { tasks, id, callback } = await endedWithCallback(make);

      await recordAttempt(tasks, id, retrying, 700);

      expect(await callback()).toEqual(retrying);
      expect(await tasks.findDueChecks(699, 10)).toEqual([]);
      expect(await tasks.findDueChecks(700, 10)).toEqual([{ id, nextCheckAt: 700 }]);
    });

    test.each([delivered, undelivered])(
      'a callback that is $state is no longer due',
      async (record) => {
        const { tasks, id, callback } = await endedWithCallback(make);
        await recordAttempt(tasks, id, retrying, 700);

        await recordAttempt(tasks, id, record);

        expect(await callback()).toEqual(record);
        expect(await tasks.find(id)).not.toHaveProperty('nextCheckAt');
        expect(await tasks.findDueChecks(far, 10)).toEqual([]);
      },
    );

    test.each<[string, CallbackRecord, number | undefined]>([
      ['tried again', retrying, 700],
      ['given up', undelivered, undefined],
    ])(
      'a delivered callback is not %s because of a failed attempt',
      async (_, record, nextCheckAt) => {
        const { tasks, id, callback } = await endedWithCallback(make);
        await recordAttempt(tasks, id, delivered);

        await recordAttempt(tasks, id, record, nextCheckAt);

        expect(await callback()).toEqual(delivered);
        expect(await tasks.findDueChecks(far, 10)).toEqual([]);
      },
    );

    test('a callback that was given up is delivered after all by a slower attempt', async () => {
      const { tasks, id, callback } = await endedWithCallback(make);
      await recordAttempt(tasks, id, undelivered);

      await recordAttempt(tasks, id, delivered);

      expect(await callback()).toEqual(delivered);
    });

    test('of two simultaneous attempts the successful one counts, in whatever order they end', async () => {
      const { tasks, id, callback } = await endedWithCallback(make);

      await Promise.all([
        recordAttempt(tasks, id, delivered),
        recordAttempt(tasks, id, retrying, 700),
      ]);

      expect(await callback()).toEqual(delivered);
      expect(await tasks.findDueChecks(far, 10)).toEqual([]);
    });

    test.each([
      [retrying, 700],
      [delivered, undefined],
      [undelivered, undefined],
    ] as const)(
      'a callback that is $state can be scheduled again, with a new count of attempts',
      async (record, nextCheckAt) => {
        const { tasks, id, callback } = await endedWithCallback(make);
        await recordAttempt(tasks, id, record, nextCheckAt);

        await tasks.scheduleCallback(id, 900);

        expect(await callback()).toEqual({ state: 'pending', attempts: 0 });
        expect(await tasks.findDueChecks(far, 10)).toEqual([{ id, nextCheckAt: 900 }]);
      },
    );

    test('a callback that is pending is not scheduled again', async () => {
      const { tasks, id, callback } = await endedWithCallback(make);
      await recordAttempt(tasks, id, delivered);

      const scheduled = await Promise.all(
        Array.from({ length: 10 }, (_, n) => tasks.scheduleCallback(id, 900 + n)),
      );

      expect(scheduled.filter(Boolean)).toEqual([true]);
      expect(await callback()).toEqual({ state: 'pending', attempts: 0 });
      expect(await tasks.findDueChecks(far, 10)).toHaveLength(1);
    });

    test('delivering a callback changes nothing else of the task', async () => {
      const { tasks, id } = await endedWithCallback(make);
      const ended = { ...completed(), ...(await tasks.find(id)) };
      const before = omit(ended, 'callback', 'nextCheckAt');

      await recordAttempt(tasks, id, retrying, 700);
      await tasks.scheduleCallback(id, 900);
      await recordAttempt(tasks, id, delivered);

      expect(await tasks.find(id)).toEqual({
        ...before,
        callback: delivered,
        callbackAttempts: 2,
      });
    });

    test('every attempt is stored, the last 20 of them, also when others were made since the task was read', async () => {
      const { tasks, id } = await endedWithCallback(make);
      const read = completed({ id });
      for (let at = 1; at <= 23; at += 1) {
        const attempt = { at, milliseconds: at * 10, status: 503 };
        await tasks.recordCallbackAttempt(read, attempt, { ...retrying, attempts: at }, 700);
      }

      const { attempts = [] } = (await tasks.findStory(id)) ?? {};

      expect(attempts.map(({ at }) => at)).toEqual(Array.from({ length: 20 }, (_, n) => n + 4));
      expect(attempts.at(-1)).toEqual({ at: 23, milliseconds: 230, status: 503 });
      expect(await tasks.find(id)).toMatchObject({ callbackAttempts: 23 });
    });

    test('attempts at the same time are all stored, and so is why there was no response', async () => {
      const { tasks, id } = await endedWithCallback(make);
      const reason = 'did not respond in time';

      await Promise.all(
        [1, 2, 3].map((at) =>
          tasks.recordCallbackAttempt(
            completed({ id }),
            { at, milliseconds: 5, reason },
            retrying,
            700,
          ),
        ),
      );

      const { attempts = [] } = (await tasks.findStory(id)) ?? {};
      expect(attempts.toSorted((a, b) => a.at - b.at)).toEqual(
        [1, 2, 3].map((at) => ({ at, milliseconds: 5, reason })),
      );
    });

    test('sending a callback again keeps the attempts that were made', async () => {
      const { tasks, id } = await endedWithCallback(make);
      await recordAttempt(tasks, id, undelivered);

      await tasks.scheduleCallback(id, 900);
      await recordAttempt(tasks, id, delivered);

      const found = await tasks.findStory(id);
      expect(found?.attempts.map(({ status }) => status)).toEqual([500, 204]);
      expect(found?.task).toEqual(await tasks.find(id));
    });

    test('an attempt is stored with the exact text of the receiver', async () => {
      const { tasks, id } = await endedWithCallback(make);
      const attempt = { at: 1, milliseconds: 5, status: 404, text: '<b>no</b> \ufffd 🌌' };

      await tasks.recordCallbackAttempt(completed({ id }), attempt, retrying, 700);

      expect(await tasks.findStory(id)).toMatchObject({ attempts: [attempt] });
    });

    test('a task without a callback has no attempts, and a task that does not exist no story', async () => {
      const store = await make();
      const { id } = await openTask(store);

      expect(await store.tasks.findStory(id)).toEqual({
        task: await store.tasks.find(id),
        attempts: [],
      });
      expect(await store.tasks.findStory(draft().id)).toBeUndefined();
    });

    test('a callback of a task that does not exist creates no task', async () => {
      const { tasks } = await make();
      const { id } = draft();

      await recordAttempt(tasks, id, retrying, 700);
      await tasks.scheduleCallback(id, 900);

      expect(await tasks.find(id)).toBeUndefined();
      expect(await tasks.findDueChecks(far, 10)).toEqual([]);
    });
  });
}

/** A task that has ended, with a callback that is due at 200. */
async function endedWithCallback(make: MakeStore) {
  const store = await make();
  const { tasks } = store;
  const { id } = await openTask(store);
  const callbackUrl = 'https://example.com/hook';
  await settle(
    store,
    completed({ id, callbackUrl, callback: { state: 'pending', attempts: 0 }, nextCheckAt: 200 }),
  );
  const callback = async () => {
    const task = await tasks.find(id);
    return task && 'callback' in task ? task.callback : undefined;
  };
  return { tasks, id, callback };
}
