import { describe, expect, test } from 'vitest';
import { account, errorReply, webhookSecret } from './admin-responses.ts';
import { darkroomContext } from './darkroom-context.ts';
import type { Reply } from './fake-api.ts';

const json = (body: Buffer | undefined) => JSON.parse(String(body));
const contextWith = (call: string, ...replies: readonly (Reply | 'hang up')[]) =>
  darkroomContext({ replies: { [call]: replies } });

describe('darkroom accounts create', () => {
  const created = account('studio', { webhook_secret: webhookSecret });
  const contextWithReply = (reply: Reply | 'hang up' = { body: created }) =>
    contextWith('POST /v1/admin/accounts', reply);

  test('prints the webhook secret and says that it is shown only once', async () => {
    const { api, runInProcess } = await contextWithReply();

    const { code, printed } = await runInProcess(['accounts', 'create', 'studio']);

    expect(printed.split('\n')).toEqual([
      'account         studio',
      `webhook secret  ${webhookSecret}`,
      '',
      'The webhook secret is shown only this once. Store it where your callbacks are verified.',
    ]);
    expect(code).toBe(0);
    expect(json(api.calls()[0]?.body)).toEqual({ id: 'studio', limits: {} });
  });

  test('sends the given options, and prints the response with --json', async () => {
    const { api, runInProcess } = await contextWithReply();
    const limits = ['--requests-per-minute', '60', '--tasks-in-flight', '5'];

    const { printed } = await runInProcess([
      ...['accounts', 'create', 'studio', '--user-group', 'vip', ...limits, '--json'],
    ]);

    expect(JSON.parse(printed)).toEqual(created);
    expect(json(api.calls()[0]?.body)).toEqual({
      id: 'studio',
      user_group: 'vip',
      limits: { requests_per_minute: 60, tasks_in_flight: 5 },
    });
  });

  test('reports an account that exists already in the words of the API', async () => {
    const { runInProcess } = await contextWithReply(
      errorReply(409, 'account_exists', 'studio exists already.'),
    );

    expect(await runInProcess(['accounts', 'create', 'studio'])).toMatchObject({
      code: 5,
      message: 'studio exists already.',
    });
  });

  test('does not repeat itself when the response with the secret is lost', async () => {
    const { api, runInProcess } = await contextWithReply('hang up');

    const { message } = await runInProcess(['accounts', 'create', 'studio']);

    expect(message).toMatch(/; `darkroom accounts list` shows whether the account was made$/);
    expect(api.calls()).toHaveLength(1);
  });
});

describe('darkroom accounts list', () => {
  const accounts = [account('default'), account('studio', { tasks_in_flight: 12 })];
  const contextWithList = () => darkroomContext({ lists: { '/v1/admin/accounts': accounts } });

  test('prints a table on a terminal', async () => {
    const { runInProcess } = await contextWithList();

    const { printed } = await runInProcess(['accounts', 'list'], { isInteractive: true });

    expect(printed.split('\n')).toEqual([
      'id       state    user group  age  balance  reserved  used  tasks in flight',
      'default  enabled  default     1 h     98.8       1.2     0                1',
      'studio   enabled  default     1 h     98.8       1.2     0               12',
    ]);
  });

  test('prints a line for each account elsewhere, and says on stderr that there are more', async () => {
    const { run } = await contextWithList();

    expect(await run(['accounts', 'list', '--limit', '1'])).toEqual({
      code: 0,
      stderr: 'there are more: --all lists them all\n',
      stdout: 'default\tenabled\tdefault\t2026-03-01T11:00:00Z\t98.8\t1.2\t0\t1\n',
    });
  });

  test('prints whole accounts with --json', async () => {
    const { runInProcess } = await contextWithList();

    const { printed } = await runInProcess(['accounts', 'list', '--json']);

    expect(JSON.parse(printed)).toEqual(accounts);
  });
});

describe('darkroom accounts', () => {
  test('show prints credits and limits', async () => {
    const { runInProcess } = await contextWith('GET /v1/admin/accounts/studio', {
      body: account('studio'),
    });

    const { printed } = await runInProcess(['accounts', 'show', 'studio']);

    expect(printed.split('\n')).toEqual([
      'account              studio',
      'state                enabled',
      'user group           default',
      'created              2026-03-01T11:00:00Z (1 h ago)',
      'balance              98.8',
      'reserved             1.2',
      'used                 0',
      'granted              100',
      'daily budget         none',
      'tasks in flight      1 of 100',
      'requests per minute  at most 300',
    ]);
    const { printed: whole } = await runInProcess(['accounts', 'show', 'studio', '--json']);
    expect(JSON.parse(whole)).toEqual(account('studio'));
  });

  test('show reports an unknown account in the words of the API', async () => {
    const reply = errorReply(404, 'account_not_found', 'There is no account studio.');
    const { runInProcess } = await contextWith('GET /v1/admin/accounts/studio', reply);

    expect(await runInProcess(['accounts', 'show', 'studio'])).toMatchObject({
      code: 5,
      message: 'There is no account studio.',
    });
  });

  test.each([
    ['show', []],
    ['grant', ['5']],
    ['limits', []],
    ['entries', []],
    ['rotate-secret', []],
    ['create', []],
  ])('%s refuses an id with a path in it and calls nothing', async (action, rest) => {
    const { api, runInProcess } = await darkroomContext();

    expect(await runInProcess(['accounts', action, '../keys', ...rest])).toMatchObject({
      code: 2,
      message: expect.stringContaining('It must be the id of an account'),
    });
    expect(api.calls()).toEqual([]);
  });
});
