import { describe, expect, test } from 'vitest';
import { account, refusal } from './admin-answers.ts';
import { darkroomWorld } from './darkroom-world.ts';
import type { Reply } from './fake-api.ts';

const json = (body: Buffer | undefined) => JSON.parse(String(body));
const answering = (call: string, ...replies: readonly (Reply | 'hang up')[]) =>
  darkroomWorld({ answers: { [call]: replies } });

describe('a new account', () => {
  const made = account('studio', { webhook_secret: 'whsec_secret' });
  const making = (reply: Reply | 'hang up' = { body: made }) =>
    answering('POST /v1/admin/accounts', reply);

  test('shows its webhook secret with the remark that it is shown once', async () => {
    const { api, give } = await making();

    const { code, printed } = await give(['accounts', 'create', 'studio']);

    expect(printed.split('\n')).toEqual([
      'account         studio',
      'webhook secret  whsec_secret',
      '',
      'The webhook secret is shown this once. Put it where your callbacks are checked.',
    ]);
    expect(code).toBe(0);
    expect(json(api.seen()[0]?.body)).toEqual({ id: 'studio', limits: {} });
  });

  test('is what was ordered, and JSON when asked for it', async () => {
    const { api, give } = await making();
    const limits = ['--requests-per-minute', '60', '--tasks-in-flight', '5'];

    const { printed } = await give([
      ...['accounts', 'create', 'studio', '--user-group', 'vip', ...limits, '--json'],
    ]);

    expect(JSON.parse(printed)).toEqual(made);
    expect(json(api.seen()[0]?.body)).toEqual({
      ...{ id: 'studio', user_group: 'vip' },
      limits: { requests_per_minute: 60, tasks_in_flight: 5 },
    });
  });

  test('that exists is told in the words of the API', async () => {
    const { give } = await making(refusal(409, 'account_exists', 'studio exists already.'));

    expect(await give(['accounts', 'create', 'studio'])).toMatchObject({
      ...{ code: 1, message: 'studio exists already.' },
    });
  });

  test('is not asked for again when its secret may be lost', async () => {
    const { api, give } = await making('hang up');

    const { message } = await give(['accounts', 'create', 'studio']);

    expect(message).toMatch(/; `darkroom accounts list` shows whether the account was made$/);
    expect(api.seen()).toHaveLength(1);
  });
});

describe('accounts', () => {
  const accounts = [account('default'), account('studio', { tasks_in_flight: 12 })];
  const listed = () => darkroomWorld({ lists: { '/v1/admin/accounts': accounts } });

  test('are a table on a terminal', async () => {
    const { give } = await listed();

    const { printed } = await give(['accounts', 'list'], { isWatched: true });

    expect(printed.split('\n')).toEqual([
      'id       user group  age  balance  reserved  used  tasks in flight',
      'default  default     1 h     98.8       1.2     0                1',
      'studio   default     1 h     98.8       1.2     0               12',
    ]);
  });

  test('are a line each elsewhere, and more of them are told about', async () => {
    const { run } = await listed();

    expect(await run(['accounts', 'list', '--limit', '1'])).toEqual({
      ...{ code: 0, stderr: 'there are more: --all lists them all\n' },
      stdout: 'default\tdefault\t2026-03-01T11:00:00Z\t98.8\t1.2\t0\t1\n',
    });
  });

  test('are whole in JSON', async () => {
    const { give } = await listed();

    const { printed } = await give(['accounts', 'list', '--json']);

    expect(JSON.parse(printed)).toEqual(accounts);
  });
});

describe('an account', () => {
  test('is shown with its credits and its limits', async () => {
    const { give } = await answering('GET /v1/admin/accounts/studio', { body: account('studio') });

    const { printed } = await give(['accounts', 'show', 'studio']);

    expect(printed.split('\n')).toEqual([
      'account              studio',
      'user group           default',
      'created              2026-03-01T11:00:00Z (1 h ago)',
      'balance              98.8',
      'reserved             1.2',
      'used                 0',
      'granted              100',
      'tasks in flight      1 of 100',
      'requests per minute  at most 300',
    ]);
    const { printed: whole } = await give(['accounts', 'show', 'studio', '--json']);
    expect(JSON.parse(whole)).toEqual(account('studio'));
  });

  test('that does not exist is told in the words of the API', async () => {
    const reply = refusal(404, 'account_not_found', 'There is no account studio.');
    const { give } = await answering('GET /v1/admin/accounts/studio', reply);

    expect(await give(['accounts', 'show', 'studio'])).toMatchObject({
      ...{ code: 1, message: 'There is no account studio.' },
    });
  });

  test.each([
    ['show', []],
    ['grant', ['5']],
    ['limits', []],
    ['entries', []],
    ['rotate-secret', []],
    ['create', []],
  ])('whose id leads elsewhere is not asked for: %s', async (deed, rest) => {
    const { api, give } = await darkroomWorld();

    expect(await give(['accounts', deed, '../keys', ...rest])).toMatchObject({
      ...{ code: 2, message: expect.stringContaining('It must be the id of an account') },
    });
    expect(api.seen()).toEqual([]);
  });
});
