import { expect, test } from 'vitest';
import { darkroomContext } from './darkroom-context.ts';
import { creditsBody } from './task-responses.ts';

const contextWith = (token: object) =>
  darkroomContext({ replies: { 'GET /v1/credits': [{ body: creditsBody(token) }] } });

test('darkroom credits prints the credits of the account and of the key', async () => {
  const { run } = await contextWith({});

  expect(await run(['credits'])).toEqual({
    stdout: 'account   98.8 left, 3.6 used\nthis key  no limit, 1.2 used\n',
    code: 0,
    stderr: '',
  });
});

test.each([
  [
    'in all',
    { remaining_credits: 8.8, unlimited_credits: false },
    ['this key  8.8 left, 1.2 used'],
  ],
  [
    'a day',
    { daily_limit_credits: 10, daily_used_credits: 1.2, reset_timezone: 'Europe/Berlin' },
    ['this key  no limit, 1.2 used', 'today     1.2 of 10 used (Europe/Berlin)'],
  ],
])('darkroom credits prints the limit of the key: %s', async (_, token, lines) => {
  const { runInProcess } = await contextWith(token);

  const { printed } = await runInProcess(['credits']);

  expect(printed.split('\n').slice(1)).toEqual(lines);
});

test('darkroom credits --json prints the whole data of the response, also a field that the API added later', async () => {
  const body = creditsBody({ added_later: true });
  const { runInProcess } = await darkroomContext({
    replies: { 'GET /v1/credits': [{ body, isUndeclared: true }] },
  });

  const { printed } = await runInProcess(['credits', '--json']);

  expect(JSON.parse(printed)).toEqual(body.data);
});
