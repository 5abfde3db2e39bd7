import { describe, expect, test } from 'vitest';
import { failed, sampleTime } from '../support/tasks.ts';
import { draft, type Make, opened, type Store } from './stores.ts';

/** What every store of tasks guarantees, so that no provider is paid twice. */
export function submissionContract(make: Make): void {
  describe('the mark before a submission', () => {
    test('is set once, and the second to come sees who set it', async () => {
      const { tasks, id } = await one(make);

      const first = await tasks.submitting(id, 'dashscope', sampleTime);
      const second = await tasks.submitting(id, 'evolink', sampleTime + 1);

      const mark = { provider: 'dashscope', submittingAt: sampleTime };
      expect(first).toMatchObject({ marked: true, task: mark });
      expect(second).toMatchObject({ marked: false, task: mark });
      expect(await tasks.find(id)).toEqual(second.task);
    });

    test('is set by one of many who try at once', async () => {
      const { tasks, id } = await one(make);

      const tries = await Promise.all(
        Array.from({ length: 10 }, (_, at) => tasks.submitting(id, 'dashscope', at)),
      );

      expect(tries.filter(({ marked }) => marked)).toHaveLength(1);
      expect(
        new Set(tries.map(({ task }) => 'submittingAt' in task && task.submittingAt)).size,
      ).toBe(1);
    });

    test.each<[string, (store: Store, id: string) => Promise<unknown>]>([
      ['has its outcome', ({ tasks }, id) => tasks.outcome(id, { state: 'succeeded', images: [] })],
      ['is with the provider', ({ tasks }, id) => tasks.submitted(id, 'ticket', sampleTime)],
      ['has ended', ({ ledger }, id) => ledger.settle(failed({ id }))],
    ])('is not set on a task that %s, which is answered', async (_, happen) => {
      const store = await make();
      const { id } = await opened(store);
      await happen(store, id);
      const before = await store.tasks.find(id);

      const answer = await store.tasks.submitting(id, 'dashscope', sampleTime);

      expect(answer).toEqual({ marked: false, task: before });
      expect(await store.tasks.find(id)).toEqual(before);
    });

    test('on a task that is not there is an error', async () => {
      const { tasks } = await make();
      const { id } = draft();

      await expect(tasks.submitting(id, 'dashscope', sampleTime)).rejects.toThrow(id);
      expect(await tasks.find(id)).toBeUndefined();
    });

    test('goes after a clear no, so that asking again is allowed', async () => {
      const { tasks, id } = await one(make);
      await tasks.submitting(id, 'dashscope', sampleTime);

      await tasks.notSubmitted(id, sampleTime);

      expect(await tasks.find(id)).not.toHaveProperty('submittingAt');
      expect(await tasks.submitting(id, 'dashscope', 5)).toMatchObject({
        marked: true,
        task: { submittingAt: 5 },
      });
    });

    test('stays once the provider has given a ticket', async () => {
      const { tasks, id } = await one(make);
      await tasks.submitting(id, 'dashscope', sampleTime);
      await tasks.submitted(id, 'ticket', sampleTime);
      const before = await tasks.find(id);

      await tasks.notSubmitted(id, sampleTime);

      expect(await tasks.find(id)).toEqual(before);
    });
  });

  test('a ticket makes a task one that is processed', async () => {
    const { tasks, id } = await one(make);
    await tasks.submitting(id, 'dashscope', sampleTime);

    const task = await tasks.submitted(id, 'ticket', sampleTime + 9);

    expect(task).toMatchObject({
      ...{ status: 'processing', provider: 'dashscope', ticket: 'ticket' },
      ...{ submittingAt: sampleTime, submittedAt: sampleTime + 9 },
    });
    expect(await tasks.find(id)).toEqual(task);
  });
}

async function one(make: Make) {
  const store = await make();
  const { id } = await opened(store);
  return { tasks: store.tasks, id };
}
