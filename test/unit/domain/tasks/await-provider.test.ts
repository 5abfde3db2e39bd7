import { expect, test } from 'vitest';
import type { Task } from '../../../../functions/domain/model/task.ts';
import { awaitProvider } from '../../../../functions/domain/tasks/begin-wait.ts';
import { memoryStore, memoryWorkflow } from '../../../support/fakes.ts';
import { completed, processing, sampleId } from '../../../support/tasks.ts';

function context(task: Task) {
  const { tasks, put } = memoryStore();
  put(task);
  const workflow = memoryWorkflow();
  return { tasks, workflow, wait: awaitProvider({ tasks, workflow }) };
}

test('the token is saved, and the wait goes on', async () => {
  const { wait, tasks, workflow } = context(processing());

  await wait(sampleId, 'token-1');

  expect(await tasks.find(sampleId)).toMatchObject({ wakeToken: 'token-1' });
  expect(workflow.woken).toEqual([]);
});

test.each<[string, Task]>([
  ['the outcome is there', processing({ outcome: { state: 'succeeded', images: [] } })],
  ['the task is cancelled', processing({ cancelledAt: 1, cancellable: true })],
  ['the webhook has come already', processing({ providerWebhookAt: 1 })],
  ['the task has ended', completed()],
])('the wait ends at once when %s', async (_what, task) => {
  const { wait, workflow } = context(task);

  await wait(sampleId, 'token-1');

  expect(workflow.woken).toEqual(['token-1']);
});

test.each([
  [-1, []],
  [0, []],
  [1, ['token-1']],
])('a webhook %i ms after the last poll ends the wait: %j', async (ms, woken) => {
  const { wait, workflow } = context(processing({ polledAt: 1000, providerWebhookAt: 1000 + ms }));

  await wait(sampleId, 'token-1');

  expect(workflow.woken).toEqual(woken);
});

test('the wait goes on when the provider was asked to cancel and has answered', async () => {
  const { wait, workflow } = context(processing({ cancelledAt: 1 }));

  await wait(sampleId, 'token-1');

  expect(workflow.woken).toEqual([]);
});

test('a cancellation at that moment is read by one of the two writers', async () => {
  const { wait, tasks, workflow } = context(processing({ cancellable: true }));

  const [, cancelled] = await Promise.all([
    wait(sampleId, 'token-1'),
    tasks.requestCancel(sampleId, 1, 61),
  ]);

  const tokens = [...workflow.woken, cancelled?.wakeToken];
  expect(tokens).toContain('token-1');
});

test('a webhook at that moment is read by one of the two writers', async () => {
  const { wait, tasks, workflow } = context(processing({ provider: 'fal' }));

  const [, called] = await Promise.all([
    wait(sampleId, 'token-1'),
    tasks.recordProviderWebhook(sampleId, 'fal', 1),
  ]);

  expect([...workflow.woken, called?.wakeToken]).toContain('token-1');
});
