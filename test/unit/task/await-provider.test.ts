import { expect, test } from 'vitest';
import { awaitProvider } from '../../../functions/task/await-provider.ts';
import type { Task } from '../../../functions/task/task.ts';
import { memoryStore, memoryWorkflow } from '../../support/fakes.ts';
import { completed, processing, sampleId } from '../../support/tasks.ts';

function world(task: Task) {
  const { tasks, put } = memoryStore();
  put(task);
  const workflow = memoryWorkflow();
  return { tasks, workflow, wait: awaitProvider({ tasks, workflow }) };
}

test('the token is kept for whoever learns something, and the wait goes on', async () => {
  const { wait, tasks, workflow } = world(processing());

  await wait(sampleId, 'token-1');

  expect(await tasks.find(sampleId)).toMatchObject({ wakeToken: 'token-1' });
  expect(workflow.woken).toEqual([]);
});

test.each<[string, Task]>([
  ['what it would wait for is there', processing({ outcome: { state: 'succeeded', images: [] } })],
  ['the task is cancelled', processing({ cancelledAt: 1 })],
  ['the provider has called already', processing({ calledBackAt: 1 })],
  ['the task has ended', completed()],
])('the wait ends at once when %s', async (_what, task) => {
  const { wait, workflow } = world(task);

  await wait(sampleId, 'token-1');

  expect(workflow.woken).toEqual(['token-1']);
});

test('a task that is cancelled at that moment is seen by one of the two', async () => {
  const { wait, tasks, workflow } = world(processing());

  const [, cancelled] = await Promise.all([
    wait(sampleId, 'token-1'),
    tasks.cancelled(sampleId, 1),
  ]);

  const tokens = [...workflow.woken, cancelled?.wakeToken];
  expect(tokens).toContain('token-1');
});

test('a callback at that moment is seen by one of the two', async () => {
  const { wait, tasks, workflow } = world(processing({ provider: 'fal' }));

  const [, called] = await Promise.all([
    wait(sampleId, 'token-1'),
    tasks.providerCalled(sampleId, 'fal', 1),
  ]);

  expect([...workflow.woken, called?.wakeToken]).toContain('token-1');
});
