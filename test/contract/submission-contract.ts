import { describe, expect, test } from 'vitest';
import type { SubmittedRequest } from '../../functions/domain/model/task.ts';
import type { TaskStore } from '../../functions/domain/tasks/ports.ts';
import { failed, sampleTime } from '../support/tasks.ts';
import { draft, type MakeStore, openTask, type Store, settle } from './stores.ts';

const submittedRequest: SubmittedRequest = {
  images: ['https://inputs.example.com/1?signed', 'https://inputs.example.com/2?signed'],
  webhookUrl: 'https://api.example.com/v1/providers/evolink/callbacks/task/secret',
};

/** What every store of tasks guarantees, so that no job is submitted and paid twice. */
export function submissionContract(make: MakeStore): void {
  describe('the submit lock', () => {
    test('the time when the inputs were checked is stored with the first lock, and stays', async () => {
      const store = await make();
      const { id } = await openTask(store);
      const prepared = { at: 5, formats: ['png', 'jpeg'] } as const;

      await store.tasks.acquireSubmitLock(id, 'dashscope', 7, undefined, { prepared });
      await store.tasks.releaseSubmitLock(id, 7, 'busy');
      const again = { prepared: { at: 8, formats: ['png', 'jpeg'] } } as const;
      await store.tasks.acquireSubmitLock(id, 'dashscope', 9, undefined, again);

      expect(await store.tasks.find(id)).toMatchObject({ prepared });
    });

    test('the time when the inputs were checked is stored with the place in the queue, and stays', async () => {
      const store = await make();
      const { id } = await openTask(store);
      const prepared = { at: 5, formats: ['webp'] } as const;
      const queue = { pools: ['dashscope'], since: 5 };

      await store.tasks.recordQueued(id, queue, 700, prepared);
      await store.tasks.recordQueued(id, queue, 800, { ...prepared, at: 6 });
      await store.tasks.recordQueued(id, queue, 900);

      expect(await store.tasks.find(id)).toMatchObject({ prepared, queue });
    });

    test('the lock is acquired once, and the second attempt sees who holds it', async () => {
      const { tasks, id } = await one(make);

      const first = await tasks.acquireSubmitLock(id, 'dashscope', sampleTime);
      const second = await tasks.acquireSubmitLock(id, 'evolink', sampleTime + 1);

      const lock = { provider: 'dashscope', submitLockedAt: sampleTime };
      expect(first).toMatchObject({ acquired: true, task: lock });
      expect(second).toMatchObject({ acquired: false, task: lock });
      expect(await tasks.findRecord(id)).toEqual(second.task);
    });

    test('one of many simultaneous attempts acquires the lock', async () => {
      const { tasks, id } = await one(make);

      const attempts = await Promise.all(
        Array.from({ length: 10 }, (_, at) => tasks.acquireSubmitLock(id, 'dashscope', at)),
      );

      expect(attempts.filter(({ acquired }) => acquired)).toHaveLength(1);
      expect(
        new Set(attempts.map(({ task }) => 'submitLockedAt' in task && task.submitLockedAt)).size,
      ).toBe(1);
    });

    test.each<[string, (store: Store, id: string) => Promise<unknown>]>([
      [
        'has its outcome',
        ({ tasks }, id) => tasks.recordOutcome(id, { state: 'succeeded', images: [] }),
      ],
      ['is processing', ({ tasks }, id) => tasks.recordSubmitted(id, 'ticket', sampleTime)],
      ['has ended', (store, id) => settle(store, failed({ id }))],
    ])(
      'the lock is not acquired on a task that %s, and the attempt gets that task',
      async (_, happen) => {
        const store = await make();
        const { id } = await openTask(store);
        await happen(store, id);
        const before = await store.tasks.findRecord(id);

        const result = await store.tasks.acquireSubmitLock(id, 'dashscope', sampleTime);

        expect(result).toEqual({ acquired: false, task: before });
        expect(await store.tasks.findRecord(id)).toEqual(before);
      },
    );

    test('acquiring the lock of a task that does not exist is an error', async () => {
      const { tasks } = await make();
      const { id } = draft();

      await expect(tasks.acquireSubmitLock(id, 'dashscope', sampleTime)).rejects.toThrow(id);
      expect(await tasks.find(id)).toBeUndefined();
    });

    test('the lock is released after a rejection, so that it can be acquired again', async () => {
      const { tasks, id } = await one(make);
      await tasks.acquireSubmitLock(id, 'dashscope', sampleTime);

      await tasks.releaseSubmitLock(id, sampleTime, 'busy');

      expect(await tasks.find(id)).not.toHaveProperty('submitLockedAt');
      expect(await tasks.acquireSubmitLock(id, 'dashscope', 5)).toMatchObject({
        acquired: true,
        task: { submitLockedAt: 5 },
      });
    });

    test('every release of the lock because the provider is busy is counted', async () => {
      const { tasks, id } = await one(make);

      for (const at of [1, 2, 3]) {
        await tasks.acquireSubmitLock(id, 'dashscope', at);
        await tasks.releaseSubmitLock(id, at, 'busy');
      }

      expect(await tasks.find(id)).toMatchObject({ busyCount: 3 });
    });

    test('a release because the operator must act is not counted as busy', async () => {
      const { tasks, id } = await one(make);
      await tasks.acquireSubmitLock(id, 'dashscope', 1);
      await tasks.releaseSubmitLock(id, 1, 'busy');
      await tasks.acquireSubmitLock(id, 'dashscope', 2, submittedRequest);

      await tasks.releaseSubmitLock(id, 2, 'operator_must_act');

      const task = await tasks.find(id);
      expect(task).toMatchObject({ busyCount: 1 });
      expect(task).not.toHaveProperty('submitLockedAt');
      expect(task).not.toHaveProperty('submittedRequest');
    });

    test('releasing a lock does not release the one that was acquired after it', async () => {
      const { tasks, id } = await one(make);
      await tasks.acquireSubmitLock(id, 'dashscope', 1);
      await tasks.releaseSubmitLock(id, 1, 'busy');
      await tasks.acquireSubmitLock(id, 'evolink', 2, submittedRequest);

      await tasks.releaseSubmitLock(id, 1, 'busy');

      expect(await tasks.find(id)).toMatchObject({
        submitLockedAt: 2,
        submittedRequest,
        busyCount: 1,
      });
    });

    test('the lock is not released once the provider has given a ticket', async () => {
      const { tasks, id } = await one(make);
      await tasks.acquireSubmitLock(id, 'dashscope', sampleTime);
      await tasks.recordSubmitted(id, 'ticket', sampleTime);
      const before = await tasks.find(id);

      await tasks.releaseSubmitLock(id, sampleTime, 'busy');

      expect(await tasks.find(id)).toEqual(before);
    });
  });

  describe('the submitted request', () => {
    test.each<[string, SubmittedRequest]>([
      ['with a webhook URL', submittedRequest],
      ['without a webhook URL', { images: ['https://inputs.example.com/1'] }],
    ])('a submitted request %s is stored with the lock', async (_, request) => {
      const { tasks, id } = await one(make);

      const { task } = await tasks.acquireSubmitLock(id, 'evolink', sampleTime, request);
      const second = await tasks.acquireSubmitLock(id, 'evolink', sampleTime, {
        images: ['another'],
      });

      expect(task).toMatchObject({ submittedRequest: request });
      expect(second).toEqual({ acquired: false, task });
      expect(await tasks.findRecord(id)).toEqual(task);
    });

    test.each<[string, (tasks: TaskStore, id: string) => Promise<unknown>]>([
      ['a ticket', (tasks, id) => tasks.recordSubmitted(id, 'ticket', sampleTime)],
      ['the release of the lock', (tasks, id) => tasks.releaseSubmitLock(id, sampleTime, 'busy')],
    ])('the submitted request is removed with %s', async (_, operation) => {
      const { tasks, id } = await one(make);
      await tasks.acquireSubmitLock(id, 'evolink', sampleTime, submittedRequest);

      await operation(tasks, id);

      expect(await tasks.find(id)).not.toHaveProperty('submittedRequest');
    });

    test('a lock without a submitted request does not get the one of the lock before it', async () => {
      const { tasks, id } = await one(make);
      await tasks.acquireSubmitLock(id, 'evolink', 1, submittedRequest);
      await tasks.releaseSubmitLock(id, 1, 'busy');

      const { task } = await tasks.acquireSubmitLock(id, 'dashscope', 2);

      expect(task).not.toHaveProperty('submittedRequest');
    });
  });

  describe('the submit lock of an earlier attempt', () => {
    test('the lock is taken over with its submitted request, and the earlier attempt cannot release it', async () => {
      const { tasks, id } = await one(make);
      await tasks.acquireSubmitLock(id, 'evolink', 1, submittedRequest);

      expect(await tasks.renewSubmitLock(id, 'evolink', 1, 2)).toBe(true);
      await tasks.releaseSubmitLock(id, 1, 'busy');

      expect(await tasks.find(id)).toMatchObject({
        submitLockedAt: 2,
        provider: 'evolink',
        submittedRequest,
      });
      expect(await tasks.find(id)).not.toHaveProperty('busyCount');
    });

    test('one of many simultaneous attempts takes the lock over', async () => {
      const { tasks, id } = await one(make);
      await tasks.acquireSubmitLock(id, 'evolink', 1, submittedRequest);

      const attempts = await Promise.all(
        Array.from({ length: 10 }, (_, at) => tasks.renewSubmitLock(id, 'evolink', 1, 2 + at)),
      );

      expect(attempts.filter((isAcquired) => isAcquired)).toHaveLength(1);
    });

    test.each<[string, (store: Store, id: string) => Promise<unknown>]>([
      ['was released', ({ tasks }, id) => tasks.releaseSubmitLock(id, 1, 'busy')],
      ['has its ticket', ({ tasks }, id) => tasks.recordSubmitted(id, 'ticket', 2)],
      [
        'has its outcome',
        ({ tasks }, id) => tasks.recordOutcome(id, { state: 'succeeded', images: [] }),
      ],
      ['ended with its task', (store, id) => settle(store, failed({ id }))],
      ['was taken over', ({ tasks }, id) => tasks.renewSubmitLock(id, 'evolink', 1, 9)],
      [
        "is another provider's",
        async ({ tasks }, id) => {
          await tasks.releaseSubmitLock(id, 1, 'busy');
          await tasks.acquireSubmitLock(id, 'fal', 1);
        },
      ],
    ])('a lock that %s is not taken over, and nothing changes', async (_, happen) => {
      const store = await make();
      const { id } = await openTask(store);
      await store.tasks.acquireSubmitLock(id, 'evolink', 1, submittedRequest);
      await happen(store, id);
      const before = await store.tasks.find(id);

      expect(await store.tasks.renewSubmitLock(id, 'evolink', 1, 2)).toBe(false);

      expect(await store.tasks.find(id)).toEqual(before);
    });

    test('a task that does not exist has no lock to take over', async () => {
      const { tasks } = await make();
      const { id } = draft();

      expect(await tasks.renewSubmitLock(id, 'evolink', 1, 2)).toBe(false);
      expect(await tasks.find(id)).toBeUndefined();
    });
  });

  test('a task with a ticket is processing', async () => {
    const { tasks, id } = await one(make);
    await tasks.acquireSubmitLock(id, 'dashscope', sampleTime);

    const task = await tasks.recordSubmitted(id, 'ticket', sampleTime + 9, {
      typicalSeconds: 41.5,
    });

    expect(task).toMatchObject({
      status: 'processing',
      provider: 'dashscope',
      ticket: 'ticket',
      submitLockedAt: sampleTime,
      submittedAt: sampleTime + 9,
      typicalSeconds: 41.5,
    });
    expect(await tasks.findRecord(id)).toEqual(task);
  });
}

async function one(make: MakeStore) {
  const store = await make();
  const { id } = await openTask(store);
  return { tasks: store.tasks, id };
}
