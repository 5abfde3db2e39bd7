import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { darkroomWorld } from './darkroom-world.ts';
import { taskId } from './fake-api.ts';

const show = ['task', taskId];
const settled = { progress: 100, usage: { credits_used: 1.2 } };

describe('a task', () => {
  test('that is not finished is shown with how far it is and what it holds', async () => {
    const usage = { credits_reserved: 2.4 };
    const { run } = await darkroomWorld({ polls: [{ status: 'processing', progress: 42, usage }] });

    const { code, stdout, stderr } = await run(show);

    expect(stdout.replace(/\(\d+ d ago\)/, '(… ago)').split('\n')).toEqual([
      'status    processing',
      'progress  42%',
      'model     wan2.5-image-to-image',
      'created   2026-03-01T12:00:00Z (… ago)',
      'credits   2.4 reserved',
      '',
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('that is completed is shown with its links and what is missing, and nothing is fetched', async () => {
    const result_errors = [{ code: 'service_error', message: 'The model slipped.' }];
    const { api, run } = await darkroomWorld({
      polls: [{ ...settled, status: 'completed', result_errors }],
    });

    const { stdout } = await run(show);

    expect(stdout).toContain('credits   1.2\n');
    expect(stdout).toContain(`result    ${api.url}/v1/results/${taskId}/1?signature=s\n`);
    expect(stdout).toContain('not made  The model slipped. (service_error)\n');
    expect(api.seen()).toHaveLength(1);
  });

  test('that failed is shown with the reason, and showing it is no failure', async () => {
    const error = { code: 'invalid_parameters', message: 'Too \x1b[31m\nsmall.' };
    const { run } = await darkroomWorld({ polls: [{ ...settled, status: 'failed', error }] });

    const { code, stdout } = await run(show);

    expect(stdout).toContain('error     Too [31m small. (invalid_parameters)\n');
    expect(code).toBe(0);
  });

  test('is the answer, whole, when JSON is asked for', async () => {
    const metadata = { order: '4711' };
    const { run } = await darkroomWorld({ polls: [{ ...settled, status: 'pending', metadata }] });

    const { stdout } = await run([...show, '--json']);

    expect(JSON.parse(stdout)).toEqual({
      ...{ id: taskId, model: 'wan2.5-image-to-image', created: 1_772_366_400 },
      ...{ ...settled, status: 'pending', metadata },
    });
  });
});

describe('results', () => {
  test('are saved as generate saves them, and named instead of the links', async () => {
    const { directory, run, saved } = await darkroomWorld();

    const { code, stdout, stderr } = await run([...show, '--out', 'out']);

    expect(stdout).toContain(`result    out/${taskId}-1.png\n`);
    expect(stdout).not.toContain('signature');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(await saved()).toEqual([`${taskId}-1.png`]);
    expect(await readFile(join(directory, `out/${taskId}-1.png`), 'utf8')).toBe('painted');
  });

  test('are named in the JSON', async () => {
    const { run } = await darkroomWorld();

    const { stdout } = await run([...show, '--out', 'here', '--json']);

    expect(JSON.parse(stdout)).toMatchObject({
      ...{ status: 'completed', files: [`here/${taskId}-1.png`] },
    });
  });

  test.each([
    ['yet', { status: 'pending' }, `Nothing to save yet: ${taskId} is pending`],
    ['ever', { status: 'failed', error: { message: 'Too small.' } }, 'Nothing to save: Too small.'],
  ])('that are not there %s are an error', async (_, poll, message) => {
    const { run } = await darkroomWorld({ polls: [poll] });

    expect(await run([...show, '--out', 'out'])).toEqual({
      ...{ code: 1, stdout: '', stderr: `error: ${message}\n` },
    });
  });

  test('that are kept no longer are an error', async () => {
    const { run } = await darkroomWorld({ results: [{ status: 404 }] });

    const { code, stderr } = await run([...show, '--out', 'out']);

    expect(stderr).toBe('error: A result could not be fetched: the server answered 404\n');
    expect(code).toBe(1);
  });

  test('that could not be saved are an error', async () => {
    const { run } = await darkroomWorld();

    const { code, stderr } = await run([...show, '--out', 'photo.jpg/out']);

    expect(stderr).toBe('error: Cannot write to photo.jpg/out: not a directory\n');
    expect(code).toBe(1);
  });
});

test('a task that does not exist is told in the words of the API', async () => {
  const error = { code: 'task_not_found', message: `There is no task ${taskId}.` };
  const { run } = await darkroomWorld({ polls: [{ status: 404, body: { error } }] });

  expect(await run(show)).toEqual({
    ...{ code: 1, stdout: '', stderr: `error: There is no task ${taskId}.\n` },
  });
});

test.each([
  ['no id', ['task'], "missing required argument 'id'"],
  ['two ids', [...show, taskId], 'too many arguments'],
  ['an id that leads elsewhere', ['task', '../credits'], 'It must be the id of a task.'],
  ['an id that is two dots', ['task', '..'], 'It must be the id of a task.'],
])('wrong usage asks nobody: %s', async (_, args, message) => {
  const { api, run } = await darkroomWorld();

  const { code, stdout, stderr } = await run(args);

  expect(stderr).toMatch(/^error: .*\n$/);
  expect(stderr).toContain(message);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(api.seen()).toEqual([]);
});
