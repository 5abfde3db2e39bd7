import { describe, expect, test } from 'vitest';
import { key } from './cli-context.ts';
import { darkroomContext } from './darkroom-context.ts';
import { taskSummary } from './task-responses.ts';

const pending = taskSummary(1, {
  status: 'pending',
  duration: null,
  result_count: 0,
  credits_used: null,
});
const many = Array.from({ length: 205 }, (_, index) => taskSummary(index));

const pageReply = (data: readonly object[], next_cursor: string | null) => ({
  body: { object: 'list', data, next_cursor },
});
const queryOf = ({ path }: { readonly path: string }) =>
  Object.fromEntries(new URL(path, 'http://api').searchParams);
const firstFields = (stdout: string) =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t')[0]);

describe('darkroom tasks', () => {
  test('prints a tab-separated line for each task when stdout is no terminal', async () => {
    const { api, run } = await darkroomContext({ tasks: [taskSummary(0), pending] });

    const { code, stdout, stderr } = await run(['tasks']);

    expect(stdout).toBe(
      'task-unified-1772366400-00000000\tcompleted\t2026-03-01T12:00:00Z\t31\t2\t2.4\tshop\tMake it snow\n' +
        'task-unified-1772366400-00000001\tpending\t2026-03-01T11:59:59Z\t\t0\t\tshop\tMake it snow\n',
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(api.calls()[0]?.headers.authorization).toBe(`Bearer ${key}`);
  });

  test('prints the whole data of the response with --json, also a field that the API added later', async () => {
    const tasks = [taskSummary(0, { added_later: true }), pending];
    const { run } = await darkroomContext({
      listings: [{ ...pageReply(tasks, null), isUndeclared: true }],
    });

    const { stdout } = await run(['tasks', '--json']);

    expect(JSON.parse(stdout)).toEqual(tasks);
  });

  test.each([
    ['nothing', [], ''],
    ['an empty list as JSON', ['--json'], '[]\n'],
  ])('prints for an empty list %s', async (_, args, expected) => {
    const { run } = await darkroomContext();

    expect(await run(['tasks', ...args])).toEqual({ code: 0, stdout: expected, stderr: '' });
  });

  test('sends the given filters', async () => {
    const { api, run } = await darkroomContext();
    const before = Math.floor(Date.now() / 1000) - 7200;

    await run([
      'tasks',
      '--status',
      'failed',
      '--text',
      'snow & ice',
      '--model',
      'a&b',
      '--since',
      '2h',
      '--until',
      '2026-03-01',
      '--limit',
      '7',
    ]);

    const [{ created_after, created_before, ...query } = {}] = api.calls().map(queryOf);
    expect(query).toEqual({ limit: '7', status: 'failed', model: 'a&b', text: 'snow & ice' });
    expect(Number(created_before)).toBe(Date.parse('2026-03-01T00:00') / 1000);
    expect(Number(created_after) - before).toBeGreaterThanOrEqual(0);
    expect(Number(created_after) - before).toBeLessThan(30);
  });
});

describe('more tasks than one page', () => {
  test('are mentioned on stderr', async () => {
    const { run } = await darkroomContext({ tasks: many });

    const { code, stdout, stderr } = await run(['tasks']);

    expect(firstFields(stdout)).toEqual(many.slice(0, 20).map(({ id }) => id));
    expect(stderr).toBe('there are more: --all lists them all\n');
    expect(code).toBe(0);
  });

  test('are read page by page until the limit is reached, also when pages are short', async () => {
    const { api, run } = await darkroomContext({
      listings: [pageReply([], '0'), pageReply([taskSummary(900)], '0')],
      tasks: many,
    });

    const { stdout } = await run(['tasks', '--limit', '3']);

    expect(firstFields(stdout)).toEqual([900, 0, 1].map((n) => taskSummary(n).id));
    expect(api.calls().map((call) => queryOf(call)['limit'])).toEqual(['3', '3', '2']);
  });

  test('are all listed with --all, in the largest pages', async () => {
    const { api, run } = await darkroomContext({ tasks: many });

    const { stdout, stderr } = await run(['tasks', '--all', '--status', 'completed']);

    expect(firstFields(stdout)).toEqual(many.map(({ id }) => id));
    expect(stderr).toBe('');
    expect(api.calls().map(queryOf)).toEqual([
      { limit: '100', status: 'completed' },
      { limit: '100', status: 'completed', cursor: 'after=100&+/' },
      { limit: '100', status: 'completed', cursor: 'after=200&+/' },
    ]);
  });

  test('are read in smaller pages with --limit', async () => {
    const { api, run } = await darkroomContext({ tasks: many.slice(0, 5) });

    const { stdout } = await run(['tasks', '--all', '--limit', '2', '--json']);

    expect(JSON.parse(stdout)).toEqual(many.slice(0, 5));
    expect(api.calls()).toHaveLength(3);
  });
});

describe('a list that cannot be read', () => {
  const unauthorized = { error: { code: 'unauthorized', message: 'The key\nis not valid.' } };

  test.each([
    [
      'the words of the API',
      6,
      { status: 401, body: unauthorized },
      'error: The key is not valid. (unauthorized)\n',
    ],
    [
      'a word about its address',
      1,
      { body: { data: 'none' }, isUndeclared: true },
      'does not answer like this API',
    ],
    [
      'a word about its address when an id would control the terminal',
      1,
      { ...pageReply([taskSummary(0, { id: 'task-\x1b[2J' })], null), isUndeclared: true },
      'does not answer like this API',
    ],
  ] as const)('is reported in one line with %s', async (_, exitCode, listing, message) => {
    const { run } = await darkroomContext({ listings: [listing] });

    const { code, stdout, stderr } = await run(['tasks']);

    expect(stderr).toMatch(/^error: .*\n$/);
    expect(stderr).toContain(message);
    expect({ code, stdout }).toEqual({ code: exitCode, stdout: '' });
  });

  test.each([
    ['--status', 'done', 'Allowed choices are pending, processing, completed, failed, cancelled.'],
    ['--limit', '0', 'It must be a whole number from 1 to 100.'],
    ['--limit', '101', 'It must be a whole number from 1 to 100.'],
    ['--since', 'yesterday', 'It must be like 2h, 3d or 2026-11-22.'],
    ['--url', 'ftp://x', 'ftp://x is not an http(s) address'],
  ])('is not requested on wrong usage: %s %s', async (option, value, message) => {
    const { api, run } = await darkroomContext();

    const { code, stdout, stderr } = await run(['tasks', option, value]);

    expect(stderr).toMatch(/^error: .*\n$/);
    expect(stderr).toContain(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(api.calls()).toEqual([]);
  });
});
