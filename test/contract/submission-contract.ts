import { describe, expect, test } from 'vitest';
import type { Tasks } from '../../functions/task/ports.ts';
import type { Wording } from '../../functions/task/task.ts';
import { failed, sampleTime } from '../support/tasks.ts';
import { draft, type Make, opened, type Store } from './stores.ts';

const wording: Wording = {
  images: ['https://inputs.example.com/1?signed', 'https://inputs.example.com/2?signed'],
  callbackUrl: 'https://api.example.com/v1/providers/evolink/callbacks/task/secret',
};

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

    test('that goes says how often a provider has said no', async () => {
      const { tasks, id } = await one(make);

      for (const at of [1, 2, 3]) {
        await tasks.submitting(id, 'dashscope', at);
        await tasks.notSubmitted(id, at);
      }

      expect(await tasks.find(id)).toMatchObject({ refusals: 3 });
    });

    test('is not taken away twice: the one that is there by now is another', async () => {
      const { tasks, id } = await one(make);
      await tasks.submitting(id, 'dashscope', 1);
      await tasks.notSubmitted(id, 1);
      await tasks.submitting(id, 'evolink', 2, wording);

      await tasks.notSubmitted(id, 1);

      expect(await tasks.find(id)).toMatchObject({ submittingAt: 2, wording, refusals: 1 });
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

  describe('the words of a question', () => {
    test.each<[string, Wording]>([
      ['with an address to call back', wording],
      ['without one', { images: ['https://inputs.example.com/1'] }],
    ])('%s are kept with the mark', async (_, words) => {
      const { tasks, id } = await one(make);

      const { task } = await tasks.submitting(id, 'evolink', sampleTime, words);
      const second = await tasks.submitting(id, 'evolink', sampleTime, { images: ['another'] });

      expect(task).toMatchObject({ wording: words });
      expect(second).toEqual({ marked: false, task });
      expect(await tasks.find(id)).toEqual(task);
    });

    test.each<[string, (tasks: Tasks, id: string) => Promise<unknown>]>([
      ['a ticket', (tasks, id) => tasks.submitted(id, 'ticket', sampleTime)],
      ['a clear no', (tasks, id) => tasks.notSubmitted(id, sampleTime)],
    ])('go with %s', async (_, deed) => {
      const { tasks, id } = await one(make);
      await tasks.submitting(id, 'evolink', sampleTime, wording);

      await deed(tasks, id);

      expect(await tasks.find(id)).not.toHaveProperty('wording');
    });

    test('are not left to a question that has none', async () => {
      const { tasks, id } = await one(make);
      await tasks.submitting(id, 'evolink', 1, wording);
      await tasks.notSubmitted(id, 1);

      const { task } = await tasks.submitting(id, 'dashscope', 2);

      expect(task).not.toHaveProperty('wording');
    });
  });

  describe('the mark of a try before', () => {
    test('is taken over with its words, and that try takes it away no more', async () => {
      const { tasks, id } = await one(make);
      await tasks.submitting(id, 'evolink', 1, wording);

      expect(await tasks.submittingAgain(id, 'evolink', 1, 2)).toBe(true);
      await tasks.notSubmitted(id, 1);

      expect(await tasks.find(id)).toMatchObject({ submittingAt: 2, provider: 'evolink', wording });
      expect(await tasks.find(id)).not.toHaveProperty('refusals');
    });

    test('is taken over by one of many', async () => {
      const { tasks, id } = await one(make);
      await tasks.submitting(id, 'evolink', 1, wording);

      const tries = await Promise.all(
        Array.from({ length: 10 }, (_, at) => tasks.submittingAgain(id, 'evolink', 1, 2 + at)),
      );

      expect(tries.filter((isOurs) => isOurs)).toHaveLength(1);
    });

    test.each<[string, (store: Store, id: string) => Promise<unknown>]>([
      ['is gone', ({ tasks }, id) => tasks.notSubmitted(id, 1)],
      ['has its ticket', ({ tasks }, id) => tasks.submitted(id, 'ticket', 2)],
      ['has its outcome', ({ tasks }, id) => tasks.outcome(id, { state: 'succeeded', images: [] })],
      ['is over with its task', ({ ledger }, id) => ledger.settle(failed({ id }))],
      ['was taken over', ({ tasks }, id) => tasks.submittingAgain(id, 'evolink', 1, 9)],
      [
        "is another provider's",
        async ({ tasks }, id) => {
          await tasks.notSubmitted(id, 1);
          await tasks.submitting(id, 'fal', 1);
        },
      ],
    ])('that %s is not taken over, and nothing changes', async (_, happen) => {
      const store = await make();
      const { id } = await opened(store);
      await store.tasks.submitting(id, 'evolink', 1, wording);
      await happen(store, id);
      const before = await store.tasks.find(id);

      expect(await store.tasks.submittingAgain(id, 'evolink', 1, 2)).toBe(false);

      expect(await store.tasks.find(id)).toEqual(before);
    });

    test('of a task that is not there is none', async () => {
      const { tasks } = await make();
      const { id } = draft();

      expect(await tasks.submittingAgain(id, 'evolink', 1, 2)).toBe(false);
      expect(await tasks.find(id)).toBeUndefined();
    });
  });

  test('a ticket makes a task one that is processed', async () => {
    const { tasks, id } = await one(make);
    await tasks.submitting(id, 'dashscope', sampleTime);

    const task = await tasks.submitted(id, 'ticket', sampleTime + 9, 41.5);

    expect(task).toMatchObject({
      ...{ status: 'processing', provider: 'dashscope', ticket: 'ticket' },
      ...{ submittingAt: sampleTime, submittedAt: sampleTime + 9 },
      expectedSeconds: 41.5,
    });
    expect(await tasks.find(id)).toEqual(task);
  });
}

async function one(make: Make) {
  const store = await make();
  const { id } = await opened(store);
  return { tasks: store.tasks, id };
}
