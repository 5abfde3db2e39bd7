import { describe, expect, test } from 'vitest';
import { errorReply } from './admin-responses.ts';
import { key } from './cli-context.ts';
import { darkroomContext } from './darkroom-context.ts';
import type { Reply } from './fake-api.ts';
import { taskId } from './task-responses.ts';

const remove = ['delete', taskId];
const deleted = { object: 'image.generation.task', id: taskId, deleted: true };

const contextWith = (...replies: readonly (Reply | 'hang up')[]) =>
  darkroomContext({ replies: { [`DELETE /v1/tasks/${taskId}`]: replies } });

describe('darkroom delete', () => {
  test('deletes a task, and says so', async () => {
    const { api, run } = await contextWith({ body: deleted });

    expect(await run(remove)).toEqual({ code: 0, stdout: `${taskId} is deleted\n`, stderr: '' });
    expect(api.calls()).toMatchObject([
      { method: 'DELETE', headers: { authorization: `Bearer ${key}` } },
    ]);
  });

  test('prints the whole response with --json', async () => {
    const { runInProcess } = await contextWith({ body: deleted });

    const { printed } = await runInProcess([...remove, '--json']);

    expect(JSON.parse(printed)).toEqual(deleted);
  });

  test('asks again when the response was lost, since deleting twice changes nothing', async () => {
    const { api, runInProcess } = await contextWith('hang up', { body: deleted });

    expect(await runInProcess(remove)).toMatchObject({ code: 0, printed: `${taskId} is deleted` });
    expect(api.calls()).toHaveLength(2);
  });

  test.each([
    [404, 'task_not_found', `There is no task ${taskId}.`],
    [409, 'task_running', `The task ${taskId} is not over yet.`],
  ] as const)('reports %i %s in the words of the API', async (status, code, message) => {
    const { runInProcess } = await contextWith(errorReply(status, code, message));

    expect(await runInProcess(remove)).toMatchObject({ code: 5, message });
  });

  test('takes an id with a path in it for wrong usage, and calls nothing', async () => {
    const { api, runInProcess } = await contextWith();

    expect(await runInProcess(['delete', '../credits'])).toMatchObject({
      code: 2,
      message: expect.stringContaining('It must be the id of a task.'),
    });
    expect(api.calls()).toEqual([]);
  });
});
