import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../functions/domain/model/task.ts';
import type { TaskStore } from '../../functions/domain/tasks/ports.ts';
import { failed, sampleTime } from '../support/tasks.ts';
import { draft, type MakeStore, openTask, recordAttempt, type Store, settle } from './stores.ts';

const rejected: Outcome = {
  state: 'failed',
  failure: { code: 'image_processing_error', message: 'image_urls[0] is empty.' },
};
const succeeded: Outcome = {
  state: 'succeeded',
  images: [
    { url: 'https://example.com/1.png' },
    { code: 'content_policy_violation', message: 'Image 2 was refused.' },
  ],
};
const started = {
  startedAt: sampleTime + 1,
  nextCheckAt: sampleTime + 3,
};

async function ended(store: Store): Promise<string> {
  const { id } = await openTask(store);
  await settle(store, failed({ id, provider: 'dashscope' }));
  return id;
}

/** What every store of tasks guarantees about the facts of a task. */
export function factsContract(make: MakeStore): void {
  describe('a task', () => {
    test('a task is found as it was written', async () => {
      const store = await make();
      const task = await openTask(store, {
        options: { seed: 7, watermark: false, size: undefined },
        inputs: [
          { kind: 'upload', contentType: 'image/png' },
          { kind: 'file', fileId: 'file-1' },
          { kind: 'url', url: 'https://example.com/ü.png' },
        ],
        callbackUrl: 'https://example.com/hook',
        metadata: { order: '42' },
      });

      expect(await store.tasks.find(task.id)).toEqual(task);
    });

    test('a task that was never opened is not found', async () => {
      const { tasks } = await make();

      expect(await tasks.find(draft().id)).toBeUndefined();
    });

    test('a task that is started twice keeps its first times and takes the last next check', async () => {
      const store = await make();
      const { id } = await openTask(store);

      expect(await store.tasks.recordStarted(id, started)).toMatchObject(started);
      const repeated = await store.tasks.recordStarted(id, {
        startedAt: 8,
        nextCheckAt: 10,
      });

      expect(repeated).toMatchObject({ ...started, nextCheckAt: 10 });
      expect(repeated).toEqual(await store.tasks.findRecord(id));
      expect(await store.tasks.findDueChecks(Number.MAX_SAFE_INTEGER, 10)).toEqual([
        { id, nextCheckAt: 10 },
      ]);
    });

    test('a task keeps its first outcome', async () => {
      const store = await make();
      const { id } = await openTask(store);

      expect(await store.tasks.recordOutcome(id, succeeded)).toMatchObject({ outcome: succeeded });
      expect(await store.tasks.recordOutcome(id, rejected)).toMatchObject({ outcome: succeeded });
      expect(await store.tasks.find(id)).toMatchObject({ status: 'pending', outcome: succeeded });
    });

    test('a task keeps the time of its first outcome, when that has one', async () => {
      const store = await make();
      const [timed, timeless] = [await openTask(store), await openTask(store)];

      await store.tasks.recordOutcome(timed.id, succeeded, 7);
      await store.tasks.recordOutcome(timed.id, rejected, 8);
      await store.tasks.recordOutcome(timeless.id, rejected);
      await store.tasks.recordOutcome(timeless.id, succeeded, 8);

      expect(await store.tasks.find(timed.id)).toMatchObject({ outcome: succeeded, outcomeAt: 7 });
      expect(await store.tasks.find(timeless.id)).not.toHaveProperty('outcomeAt');
    });

    test('a task keeps the time of the newest webhook of its provider', async () => {
      const store = await make();
      const { id } = await openTask(store);
      await store.tasks.acquireSubmitLock(id, 'fal', sampleTime);

      expect(await store.tasks.recordProviderWebhook(id, 'fal', 7)).toMatchObject({
        providerWebhookAt: 7,
      });
      await store.tasks.recordSubmitted(id, 'ticket', sampleTime);
      await store.tasks.saveTaskToken(id, 'token');
      const called = await store.tasks.recordProviderWebhook(id, 'fal', 8);

      expect(called).toMatchObject({ providerWebhookAt: 8, wakeToken: 'token' });
      expect(await store.tasks.findRecord(id)).toEqual(called);
    });

    test('of a waiting state and a simultaneous provider webhook, at least one sees both', async () => {
      const store = await make();
      const { id } = await openTask(store);
      await store.tasks.acquireSubmitLock(id, 'fal', sampleTime);

      const results = await Promise.all([
        store.tasks.saveTaskToken(id, 'token'),
        store.tasks.recordProviderWebhook(id, 'fal', 7),
      ]);

      expect(results).toContainEqual(
        expect.objectContaining({ wakeToken: 'token', providerWebhookAt: 7 }),
      );
    });

    test.each<[string, (tasks: TaskStore, id: string) => Promise<unknown>]>([
      ['no provider has the job', async () => undefined],
      [
        'another provider has the submit lock',
        (tasks, id) => tasks.acquireSubmitLock(id, 'evolink', sampleTime),
      ],
      [
        'the submit lock went to another provider',
        async (tasks, id) => {
          await tasks.acquireSubmitLock(id, 'fal', 1);
          await tasks.releaseSubmitLock(id, 1, 'busy');
          await tasks.acquireSubmitLock(id, 'evolink', 2);
        },
      ],
    ])('a webhook of a provider that does not have the job is ignored: %s', async (_, happen) => {
      const store = await make();
      const { id } = await openTask(store);
      await happen(store.tasks, id);
      const before = await store.tasks.find(id);

      expect(await store.tasks.recordProviderWebhook(id, 'fal', 7)).toBeUndefined();

      expect(await store.tasks.find(id)).toEqual(before);
    });

    test('a task keeps the newest task token, and saving it returns the facts', async () => {
      const store = await make();
      const { id } = await openTask(store);

      await store.tasks.saveTaskToken(id, 'first');
      await store.tasks.recordOutcome(id, rejected);

      const task = await store.tasks.saveTaskToken(id, 'second');
      expect(task).toMatchObject({ wakeToken: 'second', outcome: rejected });
    });

    test('of a waiting state and a simultaneous outcome, at least one sees both', async () => {
      const store = await make();
      const { id } = await openTask(store);

      const results = await Promise.all([
        store.tasks.saveTaskToken(id, 'token'),
        store.tasks.recordOutcome(id, succeeded),
      ]);

      expect(results).toContainEqual(
        expect.objectContaining({ wakeToken: 'token', outcome: succeeded }),
      );
    });

    test('an ended task keeps the record of its last callback attempt', async () => {
      const store = await make();
      const id = await ended(store);

      await recordAttempt(store.tasks, id, {
        state: 'retrying',
        attempts: 1,
        lastStatus: undefined,
      });
      await recordAttempt(store.tasks, id, {
        state: 'delivered',
        attempts: 2,
        lastStatus: 204,
      });

      expect(await store.tasks.find(id)).toMatchObject({
        status: 'failed',
        callback: { state: 'delivered', attempts: 2, lastStatus: 204 },
      });
    });

    test('a callback attempt of a task that does not exist creates no task', async () => {
      const { tasks } = await make();
      const { id } = draft();

      await recordAttempt(tasks, id, { state: 'delivered', attempts: 1 });

      expect(await tasks.find(id)).toBeUndefined();
    });
  });

  describe('an operation that comes too late', () => {
    const operations: readonly (readonly [
      string,
      (tasks: TaskStore, id: string) => Promise<unknown>,
    ])[] = [
      ['recordUpload', (tasks, id) => tasks.recordUpload(id, 0)],
      ['recordStarted', (tasks, id) => tasks.recordStarted(id, started)],
      ['releaseSubmitLock', (tasks, id) => tasks.releaseSubmitLock(id, sampleTime, 'busy')],
      ['recordSubmitted', (tasks, id) => tasks.recordSubmitted(id, 'ticket', sampleTime)],
      [
        'recordProviderWebhook',
        (tasks, id) => tasks.recordProviderWebhook(id, 'dashscope', sampleTime),
      ],
      ['saveTaskToken', (tasks, id) => tasks.saveTaskToken(id, 'token')],
      ['recordOutcome', (tasks, id) => tasks.recordOutcome(id, succeeded)],
      ['requestCancel', (tasks, id) => tasks.requestCancel(id, sampleTime, sampleTime + 60_000)],
    ];

    test.each(operations)(
      '%s on an ended task returns nothing and changes nothing',
      async (_, operation) => {
        const store = await make();
        const id = await ended(store);
        const before = await store.tasks.find(id);

        expect(await operation(store.tasks, id)).toBeUndefined();
        expect(await store.tasks.find(id)).toEqual(before);
      },
    );

    test.each(operations)(
      '%s on a task that does not exist creates no task',
      async (_, operation) => {
        const { tasks } = await make();
        const { id } = draft();

        expect(await operation(tasks, id)).toBeUndefined();
        expect(await tasks.find(id)).toBeUndefined();
      },
    );
  });
}
