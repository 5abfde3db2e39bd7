import { describe, expect, test } from 'vitest';
import { darkroomContext } from './darkroom-context.ts';

const usage = (day: string, more: object = {}) => ({
  object: 'usage',
  day,
  tasks: 4,
  failed: 1,
  images: 5,
  credits: 6,
  success_share: 0.75,
  seconds_p50: 31,
  seconds_p95: null,
  ...more,
});
const page = { from: '2026-02-01', to: '2026-03-01' };

describe('darkroom usage', () => {
  test('prints a line for each group, and asks for the days and groups that are given', async () => {
    const { api, runInProcess } = await darkroomContext({
      replies: {
        'GET /v1/usage?limit=20&group_by=day&from=2026-02-22&to=2026-03-01': [
          { body: { object: 'list', data: [usage('2026-02-22')], next_cursor: null, ...page } },
        ],
      },
    });

    const { code, printed } = await runInProcess(['usage', '--from', '7d', '--to', '2026-03-01']);

    expect(printed).toBe('2026-02-22\t4\t1\t5\t6\t0.75\t31\t');
    expect(code).toBe(0);
    expect(api.calls()).toHaveLength(1);
  });

  test('prints all pages of the table with --csv, with one line of names', async () => {
    const csv = (rows: string) => `day,tasks\r\n${rows}`;
    const first = '/v1/usage?format=csv&group_by=day';
    const headers = { 'content-type': 'text/csv' };
    const { runInProcess } = await darkroomContext({
      replies: {
        [`GET ${first}`]: [
          { headers: { ...headers, 'next-cursor': 'a&b' }, body: csv('2026-02-01,4\r\n') },
        ],
        'GET /v1/usage?format=csv&cursor=a%26b&group_by=day': [
          { headers, body: csv('2026-02-02,5\r\n') },
        ],
      },
    });

    const { code, printed } = await runInProcess(['usage', '--csv']);

    expect(printed).toBe('day,tasks\n2026-02-01,4\n2026-02-02,5');
    expect(code).toBe(0);
  });

  test.each([
    [['--group-by', 'day,account'], 'It must be one or more of day, key, model, with commas.'],
    [['--from', 'yesterday'], 'It must be like 7d or 2026-11-22.'],
  ])('calls nothing on wrong usage: %j', async (args, message) => {
    const { api, runInProcess } = await darkroomContext();

    expect(await runInProcess(['usage', ...args])).toMatchObject({
      code: 2,
      message: expect.stringContaining(message),
    });
    expect(api.calls()).toEqual([]);
  });
});
