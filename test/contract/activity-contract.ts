import { describe, expect, test } from 'vitest';
import type { Activity, Taken } from '../../functions/task/rate-limit.ts';
import { sampleTime } from '../support/tasks.ts';

/** Makes an empty store. Each call of the answer makes another function's look at it, with a memory of its own. */
export type MakeActivity = () => Promise<() => Activity>;

const at = sampleTime;
const key = 'key-1';
const passed = (takes: readonly Taken[]) => takes.filter(({ waitMs }) => waitMs === undefined);
const times = <T>(count: number, make: (index: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, index) => make(index));

/** Takes one by one. */
async function inTurn(activity: Activity, count: number, perMinute: number, now = at) {
  const takes: Taken[] = [];
  while (takes.length < count) takes.push(await activity.take(key, perMinute, now));
  return takes;
}

/** What every store guarantees about the requests of API keys, and when they were last used. */
export function activityContract(make: MakeActivity): void {
  describe("a key's requests a minute", () => {
    atOnce(make);
    overTime(make);
    withAnotherLimit(make);
  });
  describe('the last use of a key', () => lastUse(make));
}

function atOnce(make: MakeActivity): void {
  test('pass up to the limit when all come at once, whichever function they come to', async () => {
    const another = await make();
    const functions = [another(), another()];

    const takes = await Promise.all(
      functions.flatMap((activity) => times(25, () => activity.take(key, 20, at))),
    );

    const remaining = passed(takes).map(({ rate }) => rate.remaining);
    expect(remaining.toSorted((a, b) => b - a)).toEqual(times(20, (index) => 19 - index));
  });

  test.each([1, 7, 20])('pass up to a limit of %i, and not one more', async (perMinute) => {
    const activity = (await make())();

    const takes = await inTurn(activity, perMinute + 3, perMinute);

    expect(passed(takes)).toEqual(takes.slice(0, perMinute));
  });

  test('are told how far they have got', async () => {
    const activity = (await make())();

    expect(await inTurn(activity, 4, 3)).toEqual([
      { rate: { limit: 3, remaining: 2, fullAt: at + 20_000 } },
      { rate: { limit: 3, remaining: 1, fullAt: at + 40_000 } },
      { rate: { limit: 3, remaining: 0, fullAt: at + 60_000 } },
      { rate: { limit: 3, remaining: 0, fullAt: at + 60_000 }, waitMs: 20_000 },
    ]);
  });

  test('are not counted for another key', async () => {
    const activity = (await make())();
    await inTurn(activity, 3, 3);

    expect(await activity.take('key-2', 3, at)).toMatchObject({ rate: { remaining: 2 } });
    expect(await activity.take(key, 3, at)).toHaveProperty('waitMs');
  });
}

function overTime(make: MakeActivity): void {
  test('come back one by one, each exactly after the wait that was named', async () => {
    const activity = (await make())();
    await inTurn(activity, 20, 20);

    const early = await activity.take(key, 20, at + 2999);
    const takes = await inTurn(activity, 2, 20, at + 3000);

    expect(early.waitMs).toBe(1);
    expect(takes.map(({ waitMs }) => waitMs)).toEqual([undefined, 3000]);
  });

  test('do not take longer to come back because of those that were refused', async () => {
    const activity = (await make())();
    await inTurn(activity, 30, 20);

    expect(passed(await inTurn(activity, 30, 20, at + 60_000))).toHaveLength(20);
  });

  test('are all back after a minute, and no more than all after a day', async () => {
    const activity = (await make())();
    await inTurn(activity, 20, 20);
    const day = 86_400_000;

    const takes = await inTurn(activity, 21, 20, at + day);

    expect(takes[0]).toEqual({ rate: { limit: 20, remaining: 19, fullAt: at + day + 3000 } });
    expect(passed(takes)).toHaveLength(20);
  });

  test('are counted by a clock that is behind too, without a number below none', async () => {
    const another = await make();
    const ahead = another();
    const behind = another();
    await inTurn(ahead, 18, 20);

    const takes = await inTurn(behind, 3, 20, at - 250);

    expect(takes.map(({ rate, waitMs }) => [rate.remaining, waitMs])).toEqual([
      [0, undefined],
      [0, 250],
      [0, 250],
    ]);
    expect(await ahead.take(key, 20, at)).toMatchObject({ rate: { remaining: 0 } });
    expect(await another().take(key, 20, at - 250)).toEqual({
      ...{ rate: { limit: 20, remaining: 0, fullAt: at + 60_000 }, waitMs: 3250 },
    });
  });
}

function withAnotherLimit(make: MakeActivity): void {
  test('go on with the share that is left when the limit is lowered', async () => {
    const activity = (await make())();
    await inTurn(activity, 30, 60);

    const takes = await inTurn(activity, 4, 6);

    expect(takes.map(({ rate, waitMs }) => [rate.remaining, waitMs])).toEqual([
      [2, undefined],
      [1, undefined],
      [0, undefined],
      [0, 10_000],
    ]);
  });

  test('come back at the new pace at once when the limit is raised', async () => {
    const activity = (await make())();
    await inTurn(activity, 6, 6);

    const full = await activity.take(key, 60, at);
    const later = await inTurn(activity, 4, 60, at + 3000);

    expect(full).toEqual({ rate: { limit: 60, remaining: 0, fullAt: at + 60_000 }, waitMs: 1000 });
    expect(passed(later)).toHaveLength(3);
  });
}

function lastUse(make: MakeActivity): void {
  test('is known once it was noted, whoever asks', async () => {
    const another = await make();
    const activity = another();
    await activity.noteUse(key, at);
    await activity.noteUse('key-2', at + 5);
    await activity.take('key-3', 20, at);

    const used = await another().lastUsed([key, 'key-2', 'key-3', 'key-4', key]);

    expect(new Map(used)).toEqual(
      new Map([
        [key, at],
        ['key-2', at + 5],
      ]),
    );
  });

  test('is noted again when a minute is over, and never put back', async () => {
    const another = await make();
    const uses = async (now: number) => {
      const activity = another();
      await activity.noteUse(key, now);
      return (await activity.lastUsed([key])).get(key);
    };

    expect(await uses(at)).toBe(at);
    expect(await uses(at + 59_999)).toBe(at);
    expect(await uses(at + 60_000)).toBe(at + 60_000);
    expect(await uses(at + 30_000)).toBe(at + 60_000);
  });

  test('and its requests are kept apart from each other', async () => {
    const activity = (await make())();
    await activity.noteUse(key, at);
    const { rate } = await activity.take(key, 20, at);
    await activity.noteUse(key, at + 60_000);

    expect(rate.remaining).toBe(19);
    expect((await activity.lastUsed([key])).get(key)).toBe(at + 60_000);
    expect(await activity.take(key, 20, at)).toMatchObject({ rate: { remaining: 18 } });
  });

  test('is asked for of many keys at once, and of none', async () => {
    const activity = (await make())();
    const ids = times(130, (index) => `key-${index}`);
    await Promise.all(ids.map((id, index) => activity.noteUse(id, at + index)));

    const used = await activity.lastUsed(ids);

    expect(ids.map((id) => used.get(id))).toEqual(ids.map((_, index) => at + index));
    expect((await activity.lastUsed([])).size).toBe(0);
  });
}
