import { describe, expect, test } from 'vitest';
import type { KeyActivity, RateLimitResult } from '../../functions/domain/accounts/rate-limit.ts';
import { sampleTime } from '../support/tasks.ts';

/** Makes an empty store. Each call of the result makes another function instance with a cache of its own. */
export type MakeActivity = () => Promise<() => KeyActivity>;

const at = sampleTime;
const key = 'key-1';
const passed = (results: readonly RateLimitResult[]) =>
  results.filter(({ waitMs }) => waitMs === undefined);
const times = <T>(count: number, make: (index: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, index) => make(index));

/** Sends requests one after the other. */
async function inTurn(activity: KeyActivity, count: number, perMinute: number, now = at) {
  const results: RateLimitResult[] = [];
  while (results.length < count) results.push(await activity.consume(key, perMinute, now));
  return results;
}

/** What every store guarantees about the rate limit of API keys and their last use. */
export function activityContract(make: MakeActivity): void {
  describe('the rate limit of a key', () => {
    atOnce(make);
    overTime(make);
    withAnotherLimit(make);
  });
  describe('the last use of a key', () => lastUse(make));
  describe('a session', () => sessions(make));
}

function atOnce(make: MakeActivity): void {
  test('simultaneous requests pass up to the limit, whichever function instance gets them', async () => {
    const another = await make();
    const functions = [another(), another()];

    const results = await Promise.all(
      functions.flatMap((activity) => times(25, () => activity.consume(key, 20, at))),
    );

    const remaining = passed(results).map(({ rate }) => rate.remaining);
    expect(remaining.toSorted((a, b) => b - a)).toEqual(times(20, (index) => 19 - index));
  });

  test.each([1, 7, 20])('with a limit of %i exactly that many requests pass', async (perMinute) => {
    const activity = (await make())();

    const results = await inTurn(activity, perMinute + 3, perMinute);

    expect(passed(results)).toEqual(results.slice(0, perMinute));
  });

  test('every request gets the state of the limit', async () => {
    const activity = (await make())();

    expect(await inTurn(activity, 4, 3)).toEqual([
      { rate: { limit: 3, remaining: 2, resetAt: at + 20_000 } },
      { rate: { limit: 3, remaining: 1, resetAt: at + 40_000 } },
      { rate: { limit: 3, remaining: 0, resetAt: at + 60_000 } },
      { rate: { limit: 3, remaining: 0, resetAt: at + 60_000 }, waitMs: 20_000 },
    ]);
  });

  test('requests are not counted for another key', async () => {
    const activity = (await make())();
    await inTurn(activity, 3, 3);

    expect(await activity.consume('key-2', 3, at)).toMatchObject({ rate: { remaining: 2 } });
    expect(await activity.consume(key, 3, at)).toHaveProperty('waitMs');
  });
}

function overTime(make: MakeActivity): void {
  test('a refused request passes exactly after the wait it was given', async () => {
    const activity = (await make())();
    await inTurn(activity, 20, 20);

    const early = await activity.consume(key, 20, at + 2999);
    const results = await inTurn(activity, 2, 20, at + 3000);

    expect(early.waitMs).toBe(1);
    expect(results.map(({ waitMs }) => waitMs)).toEqual([undefined, 3000]);
  });

  test('refused requests do not make the wait longer', async () => {
    const activity = (await make())();
    await inTurn(activity, 30, 20);

    expect(passed(await inTurn(activity, 30, 20, at + 60_000))).toHaveLength(20);
  });

  test('after a minute the whole limit is available again, and after a day no more than that', async () => {
    const activity = (await make())();
    await inTurn(activity, 20, 20);
    const day = 86_400_000;

    const results = await inTurn(activity, 21, 20, at + day);

    expect(results[0]).toEqual({ rate: { limit: 20, remaining: 19, resetAt: at + day + 3000 } });
    expect(passed(results)).toHaveLength(20);
  });

  test('a clock that is behind counts requests too, and nothing becomes negative', async () => {
    const another = await make();
    const ahead = another();
    const late = another();
    await inTurn(ahead, 18, 20);

    const results = await inTurn(late, 3, 20, at - 250);

    expect(results.map(({ rate, waitMs }) => [rate.remaining, waitMs])).toEqual([
      [0, undefined],
      [0, 250],
      [0, 250],
    ]);
    expect(await ahead.consume(key, 20, at)).toMatchObject({ rate: { remaining: 0 } });
    expect(await another().consume(key, 20, at - 250)).toEqual({
      rate: { limit: 20, remaining: 0, resetAt: at + 60_000 },
      waitMs: 3250,
    });
  });
}

function withAnotherLimit(make: MakeActivity): void {
  test('lowering the limit keeps the used share', async () => {
    const activity = (await make())();
    await inTurn(activity, 30, 60);

    const results = await inTurn(activity, 4, 6);

    expect(results.map(({ rate, waitMs }) => [rate.remaining, waitMs])).toEqual([
      [2, undefined],
      [1, undefined],
      [0, undefined],
      [0, 10_000],
    ]);
  });

  test('raising the limit counts at once', async () => {
    const activity = (await make())();
    await inTurn(activity, 6, 6);

    const full = await activity.consume(key, 60, at);
    const later = await inTurn(activity, 4, 60, at + 3000);

    expect(full).toEqual({ rate: { limit: 60, remaining: 0, resetAt: at + 60_000 }, waitMs: 1000 });
    expect(passed(later)).toHaveLength(3);
  });
}

function sessions(make: MakeActivity): void {
  const minute = 60_000;
  const session = { keyId: key, startedAt: at };

  test('goes on as long as it is used every half hour, whichever function instance is asked', async () => {
    const another = await make();
    const goesOn = (after: number) => another().continueSession(session, at + after * minute);

    expect([await goesOn(0), await goesOn(0.5)]).toEqual([true, true]);
    expect([await goesOn(29), await goesOn(58), await goesOn(87)]).toEqual([true, true, true]);
    expect(await goesOn(87 + 31)).toBe(false);
    expect(await goesOn(87 + 31)).toBe(false);
  });

  test('that is not used in its first half hour has ended', async () => {
    const activity = (await make())();

    expect(await activity.continueSession(session, at + 31 * minute)).toBe(false);
    expect(
      await activity.continueSession({ keyId: 'key-2', startedAt: at }, at + 29 * minute),
    ).toBe(true);
  });
}

function lastUse(make: MakeActivity): void {
  test('a last use is known to all function instances', async () => {
    const another = await make();
    const activity = another();
    await activity.touchLastUsed(key, at);
    await activity.touchLastUsed('key-2', at + 5);
    await activity.consume('key-3', 20, at);

    const used = await another().lastUsed([key, 'key-2', 'key-3', 'key-4', key]);

    expect(new Map(used)).toEqual(
      new Map([
        [key, at],
        ['key-2', at + 5],
        ['key-3', at],
      ]),
    );
  });

  test('a last use is updated after a minute, and never goes back', async () => {
    const another = await make();
    const uses = async (now: number) => {
      const activity = another();
      await activity.touchLastUsed(key, now);
      return (await activity.lastUsed([key])).get(key);
    };

    expect(await uses(at)).toBe(at);
    expect(await uses(at + 59_999)).toBe(at);
    expect(await uses(at + 60_000)).toBe(at + 60_000);
    expect(await uses(at + 30_000)).toBe(at + 60_000);
  });

  test('counting a request records its use, to the minute', async () => {
    const activity = (await make())();
    const uses = async (now: number) => {
      await activity.consume(key, 20, now);
      return (await activity.lastUsed([key])).get(key);
    };

    expect(await uses(at)).toBe(at);
    expect(await uses(at + 59_999)).toBe(at);
    expect(await uses(at + 60_000)).toBe(at + 60_000);
  });

  test('a request above the limit is not recorded as a use', async () => {
    const activity = (await make())();
    await activity.consume(key, 1, at);

    expect(await activity.consume(key, 1, at + 59_000)).toHaveProperty('waitMs');
    expect((await activity.lastUsed([key])).get(key)).toBe(at);
  });

  test('the last use and the rate limit do not affect each other', async () => {
    const activity = (await make())();
    await activity.touchLastUsed(key, at);
    const { rate } = await activity.consume(key, 20, at);
    await activity.touchLastUsed(key, at + 60_000);

    expect(rate.remaining).toBe(19);
    expect((await activity.lastUsed([key])).get(key)).toBe(at + 60_000);
    expect(await activity.consume(key, 20, at)).toMatchObject({ rate: { remaining: 18 } });
  });

  test('the last use can be read for many keys at once, and for none', async () => {
    const activity = (await make())();
    const ids = times(130, (index) => `key-${index}`);
    await Promise.all(ids.map((id, index) => activity.touchLastUsed(id, at + index)));

    const used = await activity.lastUsed(ids);

    expect(ids.map((id) => used.get(id))).toEqual(ids.map((_, index) => at + index));
    expect((await activity.lastUsed([])).size).toBe(0);
  });
}
