import { describe, expect, test } from 'vitest';
import { darkroomWorld } from './darkroom-world.ts';
import { key } from './world.ts';

const listed = (n: number, more: object = {}) => ({
  ...{ id: `task-unified-1772366400-${n}`, model: 'wan2.5-image-to-image', type: 'image' },
  ...{ status: 'completed', progress: 100, created_at: 1_772_366_400 - n, duration: 31.5 },
  ...{ has_results: true, result_count: 2, has_error: false, credits_used: 2.4, ...more },
});
const pending = listed(1, {
  status: 'pending',
  duration: null,
  result_count: 0,
  credits_used: null,
});
const many = Array.from({ length: 205 }, (_, index) => listed(index));

const queryOf = ({ path }: { readonly path: string }) =>
  Object.fromEntries(new URL(path, 'http://api').searchParams);
const firstFields = (stdout: string) =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t')[0]);

describe('tasks', () => {
  test('are a line each with tabs between the fields where no terminal is', async () => {
    const { api, run } = await darkroomWorld({ tasks: [listed(0), pending] });

    const { code, stdout, stderr } = await run(['tasks']);

    expect(stdout).toBe(
      'task-unified-1772366400-0\tcompleted\t2026-03-01T12:00:00Z\t31.5\t2\t2.4\n' +
        'task-unified-1772366400-1\tpending\t2026-03-01T11:59:59Z\t\t0\t\n',
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(api.seen()[0]?.headers.authorization).toBe(`Bearer ${key}`);
  });

  test('are the data of the answer, whole, when JSON is asked for', async () => {
    const tasks = [listed(0, { added_later: true }), pending];
    const { run } = await darkroomWorld({ tasks });

    const { stdout } = await run(['tasks', '--json']);

    expect(JSON.parse(stdout)).toEqual(tasks);
  });

  test.each([
    ['nothing', [], ''],
    ['an empty list as JSON', ['--json'], '[]\n'],
  ])('that are not there are %s', async (_, args, expected) => {
    const { run } = await darkroomWorld();

    expect(await run(['tasks', ...args])).toEqual({ code: 0, stdout: expected, stderr: '' });
  });

  test('are those that were asked for', async () => {
    const { api, run } = await darkroomWorld();
    const before = Math.floor(Date.now() / 1000) - 7200;

    await run(['tasks', '--status', 'failed', '--model', 'a&b', '--since', '2h', '--limit', '7']);

    const [{ created_after, ...query } = {}] = api.seen().map(queryOf);
    expect(query).toEqual({ limit: '7', status: 'failed', model: 'a&b' });
    expect(Number(created_after) - before).toBeGreaterThanOrEqual(0);
    expect(Number(created_after) - before).toBeLessThan(30);
  });
});

describe('more tasks than fit', () => {
  test('are told about on stderr', async () => {
    const { run } = await darkroomWorld({ tasks: many });

    const { code, stdout, stderr } = await run(['tasks']);

    expect(firstFields(stdout)).toEqual(many.slice(0, 20).map(({ id }) => id));
    expect(stderr).toBe('there are more: --all lists them all\n');
    expect(code).toBe(0);
  });

  test('are looked for as far as needed when pages are short', async () => {
    const page = (data: readonly object[]) => ({ body: { data, next_cursor: '0' } });
    const { api, run } = await darkroomWorld({
      ...{ listings: [page([]), page([listed(900)])], tasks: many },
    });

    const { stdout } = await run(['tasks', '--limit', '3']);

    expect(firstFields(stdout)).toEqual([900, 0, 1].map((n) => listed(n).id));
    expect(api.seen().map((call) => queryOf(call)['limit'])).toEqual(['3', '3', '2']);
  });

  test('all come with --all, in pages as large as they can be', async () => {
    const { api, run } = await darkroomWorld({ tasks: many });

    const { stdout, stderr } = await run(['tasks', '--all', '--status', 'completed']);

    expect(firstFields(stdout)).toEqual(many.map(({ id }) => id));
    expect(stderr).toBe('');
    expect(api.seen().map(queryOf)).toEqual([
      { limit: '100', status: 'completed' },
      { limit: '100', status: 'completed', cursor: 'after=100&+/' },
      { limit: '100', status: 'completed', cursor: 'after=200&+/' },
    ]);
  });

  test('come in smaller pages when asked to', async () => {
    const { api, run } = await darkroomWorld({ tasks: many.slice(0, 5) });

    const { stdout } = await run(['tasks', '--all', '--limit', '2', '--json']);

    expect(JSON.parse(stdout)).toEqual(many.slice(0, 5));
    expect(api.seen()).toHaveLength(3);
  });
});

describe('a list that cannot be had', () => {
  const refusal = { error: { code: 'unauthorized', message: 'The key\nis not valid.' } };

  test.each([
    ['the words of the API', { status: 401, body: refusal }, 'error: The key is not valid.\n'],
    ['a word about its address', { body: { data: 'none' } }, 'does not answer like this API'],
    [
      'a word about its address when an id would steer the terminal',
      { body: { data: [listed(0, { id: 'task-\x1b[2J' })], next_cursor: null } },
      'does not answer like this API',
    ],
  ])('is one line with %s', async (_, listing, message) => {
    const { run } = await darkroomWorld({ listings: [listing] });

    const { code, stdout, stderr } = await run(['tasks']);

    expect(stderr).toMatch(/^error: .*\n$/);
    expect(stderr).toContain(message);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  });

  test.each([
    ['--status', 'done', 'Allowed choices are pending, processing, completed, failed.'],
    ['--limit', '0', 'It must be a whole number from 1 to 100.'],
    ['--limit', '101', 'It must be a whole number from 1 to 100.'],
    ['--since', 'yesterday', 'It must be like 2h, 3d or 2026-11-22.'],
    ['--url', 'ftp://x', 'ftp://x is not an http(s) address'],
  ])('is not asked for: %s %s', async (option, value, message) => {
    const { api, run } = await darkroomWorld();

    const { code, stdout, stderr } = await run(['tasks', option, value]);

    expect(stderr).toMatch(/^error: .*\n$/);
    expect(stderr).toContain(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(api.seen()).toEqual([]);
  });
});
