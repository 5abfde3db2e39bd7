import { describe, expect, test } from 'vitest';
import { refusal } from './admin-answers.ts';
import { darkroomWorld } from './darkroom-world.ts';
import { type Reply, taskId } from './fake-api.ts';
import { key } from './world.ts';

const cancel = ['cancel', taskId];
const basics = { id: taskId, model: 'wan2.5-image-to-image', created: 1_772_366_400, progress: 0 };
const ended = refusal(409, 'task_ended', 'The task has ended.');
const error = { code: 'request_cancelled', message: 'The task was cancelled.' };

const worldOf = (replies: readonly (Reply | 'hang up')[], polls: readonly object[] = []) =>
  darkroomWorld({ answers: { [`POST /v1/tasks/${taskId}/cancel`]: replies }, polls });
const cancelled = { ...basics, status: 'failed', error };

describe('a task', () => {
  test('that has not begun is cancelled', async () => {
    const { api, run } = await worldOf([{ body: cancelled }]);

    expect(await run(cancel)).toEqual({
      ...{ code: 0, stdout: `${taskId} is cancelled\n`, stderr: '' },
    });
    expect(api.seen()).toMatchObject([{ headers: { authorization: `Bearer ${key}` } }]);
  });

  test.each(['pending', 'processing'])('that is %s is being cancelled', async (status) => {
    const { give } = await worldOf([{ body: { ...basics, status } }]);

    expect(await give(cancel)).toMatchObject({
      ...{ code: 0, printed: `${taskId} is being cancelled` },
    });
  });

  test('is the answer, whole, when JSON is asked for', async () => {
    const task = { ...basics, status: 'processing', usage: { credits_reserved: 1.2 }, more: 1 };
    const { give } = await worldOf([{ body: task }]);

    const { printed } = await give([...cancel, '--json']);

    expect(JSON.parse(printed)).toEqual(task);
  });

  test.each([
    ['completed', { status: 'completed' }],
    ['failed', { status: 'failed', error: { code: 'service_error', message: 'It broke.' } }],
  ])('that is over already cannot be cancelled: %s', async (status, poll) => {
    const { give } = await worldOf([ended], [poll]);

    expect(await give([...cancel, '--json'])).toEqual({
      ...{ code: 1, printed: '', remarks: '' },
      message: `Nothing to cancel: ${taskId} is over already (${status})`,
    });
  });

  test('that ended while it was cancelled is not said to be cancelled', async () => {
    const body = { ...basics, status: 'completed', results: [] };
    const { give } = await worldOf([{ body }]);

    expect(await give(cancel)).toMatchObject({ code: 1, printed: '' });
  });

  test('is cancelled also when the answer that said so was lost', async () => {
    const { api, give } = await worldOf(['hang up', ended], [{ status: 'failed', error }]);

    expect(await give(cancel)).toMatchObject({ code: 0, printed: `${taskId} is cancelled` });
    expect(api.seen(`/v1/tasks/${taskId}/cancel`)).toHaveLength(2);
  });

  test('of somebody else is told in the words of the API', async () => {
    const message = `There is no task ${taskId}.`;
    const { give } = await worldOf([refusal(404, 'task_not_found', message)]);

    expect(await give(cancel)).toMatchObject({ code: 1, message });
  });
});

test('an id that leads elsewhere asks nobody', async () => {
  const { api, give } = await worldOf([]);

  expect(await give(['cancel', '../credits'])).toMatchObject({
    ...{ code: 2, message: expect.stringContaining('It must be the id of a task.') },
  });
  expect(api.seen()).toEqual([]);
});
