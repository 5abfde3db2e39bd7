import { describe, expect, test } from 'vitest';
import type { Tasks } from '../../functions/task/ports.ts';
import type { Outcome } from '../../functions/task/task.ts';
import { failed, sampleTime } from '../support/tasks.ts';
import { draft, type Make, opened, type Store } from './stores.ts';

const refused: Outcome = {
  state: 'failed',
  failure: { code: 'image_processing_error', message: 'image_urls[0] is empty.' },
};
const painted: Outcome = {
  state: 'succeeded',
  images: [
    { url: 'https://example.com/1.png' },
    { code: 'content_policy_violation', message: 'Image 2 was refused.' },
  ],
};
const started = { startedAt: sampleTime + 1, deadlineAt: sampleTime + 2, dueAt: sampleTime + 3 };

async function ended(store: Store): Promise<string> {
  const { id } = await opened(store);
  await store.ledger.settle(failed({ id, provider: 'dashscope' }));
  return id;
}

/** What every store of tasks guarantees about what is known of a task. */
export function factsContract(make: Make): void {
  describe('a task', () => {
    test('is found as it was written', async () => {
      const store = await make();
      const task = await opened(store, {
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

    test('that nobody opened is not found', async () => {
      const { tasks } = await make();

      expect(await tasks.find(draft().id)).toBeUndefined();
    });

    test('that is started twice keeps its first times and is due by the last', async () => {
      const store = await make();
      const { id } = await opened(store);

      expect(await store.tasks.started(id, started)).toMatchObject(started);
      const again = await store.tasks.started(id, { startedAt: 8, deadlineAt: 9, dueAt: 10 });

      expect(again).toMatchObject({ ...started, dueAt: 10 });
      expect(again).toEqual(await store.tasks.find(id));
      expect(await store.tasks.due(Number.MAX_SAFE_INTEGER, 10)).toEqual([{ id, dueAt: 10 }]);
    });

    test('keeps the first outcome', async () => {
      const store = await make();
      const { id } = await opened(store);

      expect(await store.tasks.outcome(id, painted)).toMatchObject({ outcome: painted });
      expect(await store.tasks.outcome(id, refused)).toMatchObject({ outcome: painted });
      expect(await store.tasks.find(id)).toMatchObject({ status: 'pending', outcome: painted });
    });

    test('keeps the time of the first outcome, when that has one', async () => {
      const store = await make();
      const [timed, timeless] = [await opened(store), await opened(store)];

      await store.tasks.outcome(timed.id, painted, 7);
      await store.tasks.outcome(timed.id, refused, 8);
      await store.tasks.outcome(timeless.id, refused);
      await store.tasks.outcome(timeless.id, painted, 8);

      expect(await store.tasks.find(timed.id)).toMatchObject({ outcome: painted, outcomeAt: 7 });
      expect(await store.tasks.find(timeless.id)).not.toHaveProperty('outcomeAt');
    });

    test('keeps the newest call of the provider that is asked, or has the job', async () => {
      const store = await make();
      const { id } = await opened(store);
      await store.tasks.submitting(id, 'fal', sampleTime);

      expect(await store.tasks.providerCalled(id, 'fal', 7)).toMatchObject({ calledBackAt: 7 });
      await store.tasks.submitted(id, 'ticket', sampleTime);
      await store.tasks.waiting(id, 'token');
      const called = await store.tasks.providerCalled(id, 'fal', 8);

      expect(called).toMatchObject({ calledBackAt: 8, wakeToken: 'token' });
      expect(await store.tasks.find(id)).toEqual(called);
    });

    test('lets one who waits or the provider that calls see both', async () => {
      const store = await make();
      const { id } = await opened(store);
      await store.tasks.submitting(id, 'fal', sampleTime);

      const answers = await Promise.all([
        store.tasks.waiting(id, 'token'),
        store.tasks.providerCalled(id, 'fal', 7),
      ]);

      expect(answers).toContainEqual(
        expect.objectContaining({ wakeToken: 'token', calledBackAt: 7 }),
      );
    });

    test.each<[string, (tasks: Tasks, id: string) => Promise<unknown>]>([
      ['nobody was asked', async () => undefined],
      ['another is asked', (tasks, id) => tasks.submitting(id, 'evolink', sampleTime)],
      [
        'another was asked instead',
        async (tasks, id) => {
          await tasks.submitting(id, 'fal', 1);
          await tasks.notSubmitted(id, 1);
          await tasks.submitting(id, 'evolink', 2);
        },
      ],
    ])('does not hear a provider that has no part in it: %s', async (_, happen) => {
      const store = await make();
      const { id } = await opened(store);
      await happen(store.tasks, id);
      const before = await store.tasks.find(id);

      expect(await store.tasks.providerCalled(id, 'fal', 7)).toBeUndefined();

      expect(await store.tasks.find(id)).toEqual(before);
    });

    test('keeps the newest token, and whoever waits learns what is known', async () => {
      const store = await make();
      const { id } = await opened(store);

      await store.tasks.waiting(id, 'first');
      await store.tasks.outcome(id, refused);

      const told = await store.tasks.waiting(id, 'second');
      expect(told).toMatchObject({ wakeToken: 'second', outcome: refused });
    });

    test('lets one who waits or one who writes the outcome see both', async () => {
      const store = await make();
      const { id } = await opened(store);

      const answers = await Promise.all([
        store.tasks.waiting(id, 'token'),
        store.tasks.outcome(id, painted),
      ]);

      expect(answers).toContainEqual(
        expect.objectContaining({ wakeToken: 'token', outcome: painted }),
      );
    });

    test('that has ended remembers how its caller was told last', async () => {
      const store = await make();
      const id = await ended(store);

      await store.tasks.callback(id, { state: 'failing', attempts: 1, lastStatus: undefined });
      await store.tasks.callback(id, { state: 'delivered', attempts: 2, lastStatus: 204 });

      expect(await store.tasks.find(id)).toMatchObject({
        status: 'failed',
        callback: { state: 'delivered', attempts: 2, lastStatus: 204 },
      });
    });

    test('that is not there is not made by telling its caller', async () => {
      const { tasks } = await make();
      const { id } = draft();

      await tasks.callback(id, { state: 'delivered', attempts: 1 });

      expect(await tasks.find(id)).toBeUndefined();
    });
  });

  describe('a deed that comes too late', () => {
    const deeds: readonly (readonly [string, (tasks: Tasks, id: string) => Promise<unknown>])[] = [
      ['uploadArrived', (tasks, id) => tasks.uploadArrived(id, 0)],
      ['started', (tasks, id) => tasks.started(id, started)],
      ['notSubmitted', (tasks, id) => tasks.notSubmitted(id, sampleTime)],
      ['submitted', (tasks, id) => tasks.submitted(id, 'ticket', sampleTime)],
      ['providerCalled', (tasks, id) => tasks.providerCalled(id, 'dashscope', sampleTime)],
      ['waiting', (tasks, id) => tasks.waiting(id, 'token')],
      ['outcome', (tasks, id) => tasks.outcome(id, painted)],
      ['cancelled', (tasks, id) => tasks.cancelled(id, sampleTime)],
    ];

    test.each(deeds)('answers nothing and changes nothing: %s', async (_, deed) => {
      const store = await make();
      const id = await ended(store);
      const before = await store.tasks.find(id);

      expect(await deed(store.tasks, id)).toBeUndefined();
      expect(await store.tasks.find(id)).toEqual(before);
    });

    test.each(deeds)('makes no task that is not there: %s', async (_, deed) => {
      const { tasks } = await make();
      const { id } = draft();

      expect(await deed(tasks, id)).toBeUndefined();
      expect(await tasks.find(id)).toBeUndefined();
    });
  });
}
