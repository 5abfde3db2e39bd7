import { expect, test } from 'vitest';
import type { Tasks } from '../../functions/task/ports.ts';
import { completed, sampleTime } from '../support/tasks.ts';
import { dynamoDb, dynamoDbClient } from './dynamodb.ts';
import { storeOf } from './dynamodb-store.ts';
import { front } from './front.ts';
import { opened } from './stores.ts';

// A write that is done and whose answer is lost is sent again by the SDK, and meets what it wrote itself.

const far = Number.MAX_SAFE_INTEGER;
const deadlineAt = sampleTime + 900_000;

/** A task that is due at 100, and its table as somebody sees it who misses the first answer. */
async function world() {
  const { url, client } = await dynamoDb();
  const store = storeOf(client);
  const { id } = await opened(store, { dueAt: 100 });
  const between = await front(url, (nth) => ({ answerLost: nth === 1 }));
  const { tasks } = storeOf(dynamoDbClient(between.url));
  return { store, id, tasks, seen: between.seen, truth: store.tasks };
}

test('the mark is known again while the deadline runs, and not taken for another’s', async () => {
  const { tasks, truth, id, seen } = await world();
  await truth.started(id, { startedAt: sampleTime, deadlineAt, dueAt: 300 });

  const { marked } = await tasks.submitting(id, 'dashscope', deadlineAt - 1);

  expect([marked, seen.length]).toEqual([true, 2]);
  expect(await truth.submitting(id, 'dashscope', deadlineAt - 1)).toMatchObject({ marked: false });
});

test('a mark that goes is one refusal, not two', async () => {
  const { tasks, truth, id, seen } = await world();
  await truth.submitting(id, 'dashscope', 1);

  await tasks.notSubmitted(id, 1);

  expect(seen).toHaveLength(2);
  expect(await truth.find(id)).toMatchObject({ refusals: 1 });
});

test('a mark that is taken over is taken for somebody else’s, and nobody asks with it', async () => {
  const { tasks, truth, id, seen } = await world();
  await truth.submitting(id, 'evolink', 1, { images: [] });

  expect([await tasks.submittingAgain(id, 'evolink', 1, 2), seen.length]).toEqual([false, 2]);

  expect(await truth.submittingAgain(id, 'evolink', 2, 3)).toBe(true);
});

test.each<[string, number, (tasks: Tasks, id: string) => Promise<unknown>, unknown]>([
  ['a look', 400, (tasks, id) => tasks.look({ id, dueAt: 100 }, 400), undefined],
  ['a restart', 500, (tasks, id) => tasks.restarted(id, 2, 500), false],
])('%s is taken for somebody else’s, and its task is due again', async (_, dueAt, deed, answer) => {
  const { tasks, truth, id, seen } = await world();

  expect([await deed(tasks, id), seen.length]).toEqual([answer, 2]);

  expect(await truth.due(far, 10)).toEqual([{ id, dueAt }]);
});

test('a cancellation is one all the same, from the first time on', async () => {
  const { tasks, truth, id } = await world();

  expect(await tasks.cancelled(id, 7)).toMatchObject({ cancelledAt: 7 });

  expect(await truth.find(id)).toMatchObject({ cancelledAt: 7 });
});

test('a caller who was told is not told again', async () => {
  const { store, tasks, truth, id, seen } = await world();
  const callbackUrl = 'https://example.com/hook';
  await store.ledger.settle(completed({ id, callbackUrl, dueAt: 200 }));

  await tasks.callback(id, { state: 'delivered', attempts: 1 });

  expect(seen).toHaveLength(2);
  expect(await truth.find(id)).toMatchObject({ callback: { state: 'delivered', attempts: 1 } });
  expect(await truth.due(far, 10)).toEqual([]);
});
