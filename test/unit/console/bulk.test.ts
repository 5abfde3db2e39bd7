import { describe, expect, test } from 'vitest';
import { ApiError } from '../../../console/api/api-error.ts';
import { retryTemporary } from '../../../console/api/retry.ts';
import { makeBulk } from '../../../console/screens/tasks/bulk.ts';
import { filtersOf } from '../../../console/screens/tasks/filters.ts';
import { between } from '../../../console/screens/tasks/range.ts';

const items = ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => ({ id, prompt_start: `Task ${id}` }));

const busy = (retryAfter?: number) =>
  new ApiError({ status: 429, code: 'rate_limit_exceeded', message: 'Too many.', retryAfter });

describe('an action on many tasks', () => {
  test('does every task, and names those that failed with their reasons', async () => {
    const bulk = makeBulk();

    await bulk.run({
      name: 'Delete',
      items,
      work: async ({ id }) => {
        if (id === 'b') throw new Error('It has not ended.');
        return { text: 'Deleted' };
      },
    });

    const report = bulk.report();
    expect(report).toMatchObject({ name: 'Delete', total: 6, isRunning: false });
    expect(report?.outcomes).toHaveLength(6);
    expect(report?.outcomes.filter(({ isDone }) => !isDone)).toEqual([
      { item: items[1], isDone: false, text: 'It has not ended.' },
    ]);
  });

  test('does a few at once, and one action at a time', async () => {
    const bulk = makeBulk();
    let active = 0;
    let maxActive = 0;
    const work = async () => {
      active += 1;
      maxActive = Math.max(maxActive, active);
      await Promise.resolve();
      active -= 1;
      return { text: 'Done' };
    };

    const first = bulk.run({ name: 'Cancel', items, work });
    await bulk.run({ name: 'Delete', items, work });
    await first;

    expect(maxActive).toBe(4);
    expect(bulk.report()).toMatchObject({ name: 'Cancel', outcomes: { length: 6 } });
  });

  test('that is stopped finishes the tasks that it has begun, and reports how many it has not begun', async () => {
    const bulk = makeBulk();
    const done: string[] = [];

    await bulk.run({
      name: 'Delete',
      items,
      work: async ({ id }) => {
        bulk.stop();
        done.push(id);
        return { text: 'Deleted' };
      },
    });

    expect(done).toEqual(['a', 'b', 'c', 'd'].slice(0, done.length));
    expect(done.length).toBeLessThan(items.length);
    expect(bulk.report()).toMatchObject({
      total: 6,
      outcomes: { length: done.length },
      isStopped: true,
      isRunning: false,
    });
  });

  test('begins no further task after a sign-out, and its report is not shown to the next user', async () => {
    const bulk = makeBulk();
    const begun: string[] = [];

    await bulk.run({
      name: 'Run again',
      items,
      work: async ({ id }, isMine) => {
        begun.push(id);
        bulk.forget();
        expect(isMine()).toBe(false);
        return { text: 'Started again' };
      },
      finish: async () => {
        throw new Error('it is not finished for somebody else');
      },
    });

    expect(begun.length).toBeLessThan(items.length);
    expect(bulk.report()).toBeUndefined();
  });

  test('says when its last step failed', async () => {
    const bulk = makeBulk();

    await bulk.run({
      name: 'Download',
      items,
      work: async () => ({ text: '1 image in the zip' }),
      finish: async () => {
        throw new Error('There is no room for it.');
      },
    });

    expect(bulk.report()).toMatchObject({ problem: 'There is no room for it.', isRunning: false });
  });
});

describe('a request that is sent retryTemporary', () => {
  test('is sent again after the time that the API asks for, and then after longer and longer times', async () => {
    const waits: number[] = [];
    const failures = [busy(7), busy(), busy()];

    const result = await retryTemporary(
      async () => {
        const failure = failures.shift();
        if (failure) throw failure;
        return 'there';
      },
      async (ms) => void waits.push(ms),
    );

    expect(result).toBe('there');
    expect(waits).toEqual([7000, 1000, 2000]);
  });

  test.each([
    ['a failure that stays is not tried again', 409, 1],
    ['a temporary one five times at most', 503, 5],
  ])('%s', async (_, status, tries) => {
    let count = 0;
    const request = async () => {
      count += 1;
      throw new ApiError({ status, code: 'some_code', message: 'No.' });
    };

    await expect(retryTemporary(request, async () => undefined)).rejects.toMatchObject({ status });
    expect(count).toBe(tries);
  });
});

describe('the filters of an address', () => {
  test('are what it says, and what is unknown is absent', () => {
    const query = (text: string) => filtersOf(new URLSearchParams(text));
    const key = 'key-0123456789abcdef';

    expect(query(`status=failed&period=day&key=${key}&model=m&text=${'a'.repeat(300)}`)).toEqual({
      status: 'failed',
      period: 'day',
      key,
      model: 'm',
      text: 'a'.repeat(200),
    });
    expect(Object.values(query('status=x&period=toString&key=sk-dr-1&model=&text='))).toEqual(
      Array(5).fill(undefined),
    );
  });
});

test('a range of tasks goes from the one that was chosen before, in both directions', () => {
  expect(between(items, 'b', 'd')).toEqual(['b', 'c', 'd']);
  expect(between(items, 'd', 'b')).toEqual(['b', 'c', 'd']);
  expect(between(items, undefined, 'c')).toEqual(['c']);
  expect(between(items, 'not shown', 'c')).toEqual(['c']);
});
