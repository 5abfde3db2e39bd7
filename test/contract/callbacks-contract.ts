import { describe, expect, test } from 'vitest';
import type { CallbackRecord } from '../../functions/task/task.ts';
import { completed } from '../support/tasks.ts';
import { draft, type Make, opened } from './stores.ts';

const far = Number.MAX_SAFE_INTEGER;
const failing: CallbackRecord = { state: 'failing', attempts: 1, lastStatus: 500 };
const delivered: CallbackRecord = { state: 'delivered', attempts: 2, lastStatus: 204 };
const undelivered: CallbackRecord = { state: 'undelivered', attempts: 7, lastStatus: 500 };

/** What every store of tasks guarantees about callers who have to be told how theirs ended. */
export function callbacksContract(make: Make): void {
  describe('a caller who has to be told', () => {
    test('is due from the end of his task on', async () => {
      const { tasks, id, callback } = await owing(make);

      expect(await callback()).toEqual({ state: 'owed', attempts: 0 });
      expect(await tasks.due(200, 10)).toEqual([{ id, dueAt: 200 }]);
    });

    test('and was not reached is due again when the next attempt is', async () => {
      const { tasks, id, callback } = await owing(make);

      await tasks.callback(id, failing, 700);

      expect(await callback()).toEqual(failing);
      expect(await tasks.due(699, 10)).toEqual([]);
      expect(await tasks.due(700, 10)).toEqual([{ id, dueAt: 700 }]);
    });

    test.each([delivered, undelivered])('is due no more once it is $state', async (record) => {
      const { tasks, id, callback } = await owing(make);
      await tasks.callback(id, failing, 700);

      await tasks.callback(id, record);

      expect(await callback()).toEqual(record);
      expect(await tasks.find(id)).not.toHaveProperty('dueAt');
      expect(await tasks.due(far, 10)).toEqual([]);
    });

    test.each<[string, CallbackRecord, number | undefined]>([
      ['tried again', failing, 700],
      ['given up', undelivered, undefined],
    ])('and was reached is not %s by an attempt that was not heard', async (_, record, dueAt) => {
      const { tasks, id, callback } = await owing(make);
      await tasks.callback(id, delivered);

      await tasks.callback(id, record, dueAt);

      expect(await callback()).toEqual(delivered);
      expect(await tasks.due(far, 10)).toEqual([]);
    });

    test('and was given up is reached after all by an attempt that was slower', async () => {
      const { tasks, id, callback } = await owing(make);
      await tasks.callback(id, undelivered);

      await tasks.callback(id, delivered);

      expect(await callback()).toEqual(delivered);
    });

    test('by two attempts at once is told, in whatever order they end', async () => {
      const { tasks, id, callback } = await owing(make);

      await Promise.all([tasks.callback(id, delivered), tasks.callback(id, failing, 700)]);

      expect(await callback()).toEqual(delivered);
      expect(await tasks.due(far, 10)).toEqual([]);
    });

    test.each([
      [failing, 700],
      [delivered, undefined],
      [undelivered, undefined],
    ] as const)('is told again from the first attempt on, was it $state', async (record, dueAt) => {
      const { tasks, id, callback } = await owing(make);
      await tasks.callback(id, record, dueAt);

      await tasks.callbackOwed(id, 900);

      expect(await callback()).toEqual({ state: 'owed', attempts: 0 });
      expect(await tasks.due(far, 10)).toEqual([{ id, dueAt: 900 }]);
    });

    test('keeps what else is known of his task', async () => {
      const { tasks, id } = await owing(make);
      const { callback: _, dueAt: __, ...before } = { ...completed(), ...(await tasks.find(id)) };

      await tasks.callback(id, failing, 700);
      await tasks.callbackOwed(id, 900);
      await tasks.callback(id, delivered);

      expect(await tasks.find(id)).toEqual({ ...before, callback: delivered });
    });

    test('of a task that is not there makes none', async () => {
      const { tasks } = await make();
      const { id } = draft();

      await tasks.callback(id, failing, 700);
      await tasks.callbackOwed(id, 900);

      expect(await tasks.find(id)).toBeUndefined();
      expect(await tasks.due(far, 10)).toEqual([]);
    });
  });
}

/** A task that ended and whose caller has to be told by 200. */
async function owing(make: Make) {
  const store = await make();
  const { tasks, ledger } = store;
  const { id } = await opened(store);
  const callbackUrl = 'https://example.com/hook';
  await ledger.settle(
    completed({ id, callbackUrl, callback: { state: 'owed', attempts: 0 }, dueAt: 200 }),
  );
  const callback = async () => {
    const task = await tasks.find(id);
    return task && 'callback' in task ? task.callback : undefined;
  };
  return { tasks, id, callback };
}
