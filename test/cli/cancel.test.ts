import { describe, expect, test } from 'vitest';
import { cancelled } from '../../functions/api/admin-task-docs.ts';
import { errorReply } from './admin-responses.ts';
import { key } from './cli-context.ts';
import { darkroomContext } from './darkroom-context.ts';
import type { Reply } from './fake-api.ts';
import { type TaskFields, taskBody, taskError, taskId } from './task-responses.ts';

const cancel = ['cancel', taskId];
const ended = errorReply(409, 'task_ended', 'The task has ended.');
const error = taskError('The task was cancelled.', 'request_cancelled');

const contextWith = (replies: readonly (Reply | 'hang up')[], polls: readonly TaskFields[] = []) =>
  darkroomContext({ replies: { [`POST /v1/tasks/${taskId}/cancel`]: replies }, polls });

test.each([
  ['pending', 'is being cancelled'],
  ['processing', 'will be cancelled if its provider still can'],
  ['failed', 'is cancelled'],
] as const)('darkroom admin cancel says of a task that is %s that it %s', async (status, state) => {
  const replies = {
    [`POST /v1/admin/tasks/${taskId}/cancel`]: [{ body: { ...cancelled, id: taskId, status } }],
  };
  const { runInProcess } = await darkroomContext({ replies });

  expect(await runInProcess(['admin', 'cancel', taskId])).toMatchObject({
    code: 0,
    printed: `${taskId} ${state}`,
  });
});

describe('darkroom cancel', () => {
  test.each([
    ['pending', 'is being cancelled'],
    ['processing', 'will be cancelled if its provider still can'],
  ] as const)('says of a task that is %s that it %s', async (status, state) => {
    const { api, run } = await contextWith([{ body: taskBody({ status }) }]);

    expect(await run(cancel)).toEqual({
      code: 0,
      stdout: `${taskId} ${state}\n`,
      stderr: '',
    });
    expect(api.calls()).toMatchObject([
      { method: 'POST', headers: { authorization: `Bearer ${key}` } },
    ]);
  });

  test('reports in the words of the API that it is too late', async () => {
    const message = 'The task cannot be cancelled any more.';
    const { runInProcess } = await contextWith([errorReply(409, 'task_not_cancellable', message)]);

    expect(await runInProcess(cancel)).toMatchObject({ code: 5, message });
  });

  test('prints the whole response with --json, also a field that the API added later', async () => {
    const task = taskBody({ status: 'processing', added_later: 1 });
    const { runInProcess } = await contextWith([{ body: task, isUndeclared: true }]);

    const { printed } = await runInProcess([...cancel, '--json']);

    expect(JSON.parse(printed)).toEqual(task);
  });

  test.each([
    ['completed', { status: 'completed' }],
    ['failed', { status: 'failed', error: taskError('It broke.') }],
  ] as const)('fails for a task that has ended already: %s', async (status, poll) => {
    const { runInProcess } = await contextWith([ended], [poll]);

    expect(await runInProcess([...cancel, '--json'])).toEqual({
      code: 5,
      printed: '',
      notes: '',
      message: `Nothing to cancel: ${taskId} has ended already (${status})`,
    });
  });

  test('succeeds when the response to the first attempt was lost', async () => {
    const { api, runInProcess } = await contextWith(
      ['hang up', ended],
      [{ status: 'failed', error }],
    );

    expect(await runInProcess(cancel)).toMatchObject({
      code: 0,
      printed: `${taskId} is cancelled`,
    });
    expect(api.calls(`/v1/tasks/${taskId}/cancel`)).toHaveLength(2);
  });

  test('reports a task of another account in the words of the API', async () => {
    const message = `There is no task ${taskId}.`;
    const { runInProcess } = await contextWith([errorReply(404, 'task_not_found', message)]);

    expect(await runInProcess(cancel)).toMatchObject({ code: 5, message });
  });
});

test('an id with a path in it is wrong usage and calls nothing', async () => {
  const { api, runInProcess } = await contextWith([]);

  expect(await runInProcess(['cancel', '../credits'])).toMatchObject({
    code: 2,
    message: expect.stringContaining('It must be the id of a task.'),
  });
  expect(api.calls()).toEqual([]);
});
