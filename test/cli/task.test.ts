import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { darkroomContext } from './darkroom-context.ts';
import { reservedUsage, taskBody, taskError, taskId } from './task-responses.ts';

const show = ['task', taskId];

describe('darkroom task', () => {
  test('prints the progress and the reserved credits of an unfinished task', async () => {
    const usage = reservedUsage(2.4);
    const { run } = await darkroomContext({
      polls: [{ status: 'processing', progress: 42, usage }],
    });

    const { code, stdout, stderr } = await run(show);

    expect(stdout.replace(/\(\d+ d ago\)/, '(… ago)').split('\n')).toEqual([
      'status    processing',
      'progress  42%',
      'model     wan2.5-image-to-image',
      'created   2026-03-01T12:00:00Z (… ago)',
      'credits   2.4 reserved',
      'prompt    Make it snow',
      'key       shop',
      '',
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('prints the links of a completed task and why images are missing, and downloads nothing', async () => {
    const result_errors = [taskError('The model slipped.')];
    const { api, run } = await darkroomContext({
      polls: [{ status: 'completed', result_errors }],
    });

    const { stdout } = await run(show);

    expect(stdout).toContain('credits   1.2\n');
    expect(stdout).toContain(`result    ${api.url}/v1/results/${taskId}/1?signature=s\n`);
    expect(stdout).toContain('not made  The model slipped. (service_error)\n');
    expect(api.calls()).toHaveLength(1);
  });

  test('prints the reason of a failed task and exits with 3', async () => {
    const error = taskError('Too \x1b[31m\nsmall.', 'invalid_parameters');
    const { run } = await darkroomContext({ polls: [{ status: 'failed', error }] });

    const { code, stdout } = await run(show);

    expect(stdout).toContain('error     Too [31m small. (invalid_parameters)\n');
    expect(code).toBe(3);
  });

  test('prints the whole response with --json', async () => {
    const metadata = { order: '4711' };
    const { run } = await darkroomContext({ polls: [{ status: 'pending', metadata }] });

    const { stdout } = await run([...show, '--json']);

    expect(JSON.parse(stdout)).toEqual(taskBody({ status: 'pending', metadata }));
  });

  test('accepts and prints fields, and a code of an error, that the API added later', async () => {
    const error = { ...taskError('Too small.', 'code_added_later'), added_later: { a: 1 } };
    const body = taskBody({ status: 'failed', error, added_later: true });
    const { run } = await darkroomContext({ polls: [{ body, isUndeclared: true }] });

    const { code, stdout } = await run([...show, '--json']);

    expect(JSON.parse(stdout)).toEqual(body);
    expect(code).toBe(3);
  });
});

describe('darkroom task --out', () => {
  test('saves the results as generate does, and prints the paths instead of the links', async () => {
    const { directory, runProcess, saved } = await darkroomContext();

    const { code, stdout, stderr } = await runProcess([...show, '--out', 'out']);

    expect(stdout).toContain(`result    out/${taskId}-1.png\n`);
    expect(stdout).not.toContain('signature');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(await saved()).toEqual([`${taskId}-1.png`]);
    expect(await readFile(join(directory, `out/${taskId}-1.png`), 'utf8')).toBe('generated image');
  });

  test('adds the paths to the JSON', async () => {
    const { runProcess } = await darkroomContext();

    const { stdout } = await runProcess([...show, '--out', 'here', '--json']);

    expect(JSON.parse(stdout)).toMatchObject({
      status: 'completed',
      files: [`here/${taskId}-1.png`],
    });
  });

  test.each([
    ['yet', { status: 'pending' }, 1, `Nothing to save yet: ${taskId} is pending`],
    [
      'ever',
      { status: 'failed', error: taskError('Too small.') },
      3,
      `Nothing to save: Too small. (service_error, ${taskId})`,
    ],
  ] as const)('fails when there is nothing to save %s', async (_, poll, code, message) => {
    const { runProcess } = await darkroomContext({ polls: [poll] });

    expect(await runProcess([...show, '--out', 'out'])).toEqual({
      code,
      stdout: '',
      stderr: `error: ${message}\n`,
    });
  });

  test('fails when the results no longer exist', async () => {
    const { runProcess } = await darkroomContext({ results: [{ status: 404 }] });

    const { code, stderr } = await runProcess([...show, '--out', 'out']);

    expect(stderr).toBe('error: A result could not be fetched: the server answered 404\n');
    expect(code).toBe(5);
  });

  test('fails when the directory cannot be made', async () => {
    const { runProcess } = await darkroomContext();

    const { code, stderr } = await runProcess([...show, '--out', 'photo.jpg/out']);

    expect(stderr).toBe('error: Cannot write to photo.jpg/out: not a directory\n');
    expect(code).toBe(1);
  });
});

test('darkroom task reports an unknown task in the words of the API', async () => {
  const error = { code: 'task_not_found', message: `There is no task ${taskId}.` };
  const { run } = await darkroomContext({ polls: [{ status: 404, body: { error } }] });

  expect(await run(show)).toEqual({
    code: 5,
    stdout: '',
    stderr: `error: There is no task ${taskId}. (task_not_found)\n`,
  });
});

test.each([
  ['no id', ['task'], "missing required argument 'id'"],
  ['two ids', [...show, taskId], 'too many arguments'],
  ['an id with a path in it', ['task', '../credits'], 'It must be the id of a task.'],
  ['an id that is two dots', ['task', '..'], 'It must be the id of a task.'],
])('wrong usage calls nothing: %s', async (_, args, message) => {
  const { api, run } = await darkroomContext();

  const { code, stdout, stderr } = await run(args);

  expect(stderr).toMatch(/^error: .*\n$/);
  expect(stderr).toContain(message);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(api.calls()).toEqual([]);
});
