import { expect, test } from 'vitest';
import type { Task } from '../../../../functions/domain/model/task.ts';
import { inputUploaded } from '../../../../functions/domain/tasks/input-uploaded.ts';
import { memoryStore, memoryWorkflow } from '../../../support/fakes.ts';
import { failed, pending, sampleId } from '../../../support/tasks.ts';

const upload = { kind: 'upload', contentType: 'image/png' } as const;
const promised = pending({ inputs: [upload, upload] });

function context(task: Task = promised) {
  const store = memoryStore();
  store.put(task);
  const workflow = memoryWorkflow();
  const { tasks } = store;
  return { tasks, workflow, uploaded: inputUploaded({ tasks, workflow }) };
}

test('the last upload starts the workflow, whichever it is', async () => {
  const { uploaded, workflow, tasks } = context();

  await uploaded(sampleId, 1);
  expect(workflow.started()).toEqual([]);
  expect(await tasks.find(sampleId)).toMatchObject({ arrived: new Set([1]) });

  await uploaded(sampleId, 0);
  expect(workflow.started()).toEqual([sampleId]);
});

test('an event that comes twice counts once', async () => {
  const { uploaded, workflow } = context();

  await uploaded(sampleId, 0);
  await uploaded(sampleId, 0);
  expect(workflow.started()).toEqual([]);

  await uploaded(sampleId, 1);
  await uploaded(sampleId, 1);
  expect(workflow.started()).toEqual([sampleId]);
});

test.each([
  ['a task that has ended', failed({ inputs: [upload] }), sampleId],
  ['a task that is not there', promised, 'task-unified-1757156493-00000000'],
])('an upload for %s starts nothing', async (_what, task, id) => {
  const { uploaded, workflow } = context(task);

  await uploaded(id, 0);

  expect(workflow.started()).toEqual([]);
});
