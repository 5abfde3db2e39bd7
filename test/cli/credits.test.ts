import { expect, test } from 'vitest';
import { darkroomWorld } from './darkroom-world.ts';

const answer = (token: object) => ({
  data: {
    token: { remaining_credits: 0, unlimited_credits: true, used_credits: 1.2, ...token },
    user: { remaining_credits: 98.8, used_credits: 3.6 },
  },
  ...{ message: '', success: true },
});
const worldOf = (token: object) =>
  darkroomWorld({ answers: { 'GET /v1/credits': [{ body: answer(token) }] } });

test('the credits are those of the account and of the key', async () => {
  const { run } = await worldOf({});

  expect(await run(['credits'])).toEqual({
    stdout: 'account   98.8 left, 3.6 used\nthis key  no limit, 1.2 used\n',
    ...{ code: 0, stderr: '' },
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
])('a limit of the key is told: %s', async (_, token, lines) => {
  const { give } = await worldOf(token);

  const { printed } = await give(['credits']);

  expect(printed.split('\n').slice(1)).toEqual(lines);
});

test('the credits are the data of the answer, whole, when JSON is asked for', async () => {
  const { give } = await worldOf({ added_later: true });

  const { printed } = await give(['credits', '--json']);

  expect(JSON.parse(printed)).toEqual(answer({ added_later: true }).data);
});
