import { describe, expect, test } from 'vitest';
import type { WaitingPlaces } from '../../functions/domain/tasks/wait-for-task.ts';
import { sampleTime } from '../support/tasks.ts';

/** Makes an empty store. Each call of the result makes another function instance. */
export type MakePlaces = () => Promise<() => WaitingPlaces>;

const at = sampleTime;
const soon = at + 10_000;
const isGiven = (token: string | undefined) => token !== undefined;

/** What every store guarantees about the places for requests that wait. */
export function waitingPlacesContract(make: MakePlaces): void {
  describe('a lease', () => leases(make));
  describe('taking a place up', () => takeUps(make));
  describe('freeing a place', () => frees(make));
}

function leases(make: MakePlaces): void {
  test('is given to as many requests at once as there are places, whichever function instance gets them', async () => {
    const another = await make();
    const functions = [another(), another()];

    const tokens = await Promise.all(
      Array.from({ length: 20 }, (_, index) => functions[index % 2]?.lease([0, 1, 2], at, soon)),
    );

    expect(tokens.filter(isGiven)).toHaveLength(3);
    expect(new Set(tokens.filter(isGiven)).size).toBe(3);
  });

  test('is given only for the places in the request', async () => {
    const places = (await make())();

    expect(await places.lease([1], at, soon)).toMatch(/^1-/);
    expect(await places.lease([1], at, soon)).toBeUndefined();
    expect(await places.lease([], at, soon)).toBeUndefined();
    expect(await places.lease([1, 0], at, soon)).toMatch(/^0-/);
  });

  test('is over at its end and not before, and then its token is no longer valid', async () => {
    const places = (await make())();
    const first = (await places.lease([0], at, soon)) ?? '';

    expect(await places.lease([0], soon - 1, soon + 1)).toBeUndefined();
    expect(await places.lease([0], soon, soon + 10_000)).toMatch(/^0-/);
    expect(await places.takeUp(first, soon + 1, soon + 20_000)).toBe(false);
  });
}

function takeUps(make: MakePlaces): void {
  test('extends the lease', async () => {
    const places = (await make())();
    const token = (await places.lease([0], at, soon)) ?? '';

    expect(await places.takeUp(token, at, at + 29_000)).toBe(true);
    expect(await places.lease([0], at + 28_999, at + 30_000)).toBeUndefined();
    expect(await places.lease([0], at + 29_000, at + 30_000)).toMatch(/^0-/);
  });

  test('works once, also when two functions try at the same time', async () => {
    const another = await make();
    const token = (await another().lease([0], at, soon)) ?? '';

    const results = await Promise.all(
      [another(), another()].map((places) => places.takeUp(token, at, at + 29_000)),
    );

    expect(results.toSorted()).toEqual([false, true]);
  });

  test('works until the lease is over', async () => {
    const places = (await make())();
    const token = (await places.lease([0], at, soon)) ?? '';

    expect(await places.takeUp(token, soon, soon + 1)).toBe(false);
    expect(await places.takeUp(token, soon - 1, soon + 1)).toBe(true);
  });

  test('does not work with a made-up token', async () => {
    const places = (await make())();
    await places.lease([0], at, soon);

    expect(await places.takeUp('0-made-up', at, soon)).toBe(false);
    expect(await places.takeUp('7-made-up', at, soon)).toBe(false);
  });

  test('works again for the next holder of the place', async () => {
    const places = (await make())();
    const first = (await places.lease([0], at, soon)) ?? '';
    await places.takeUp(first, at, soon);
    const second = (await places.lease([0], soon, soon + 10_000)) ?? '';

    expect(await places.takeUp(second, soon, soon + 20_000)).toBe(true);
  });
}

function frees(make: MakePlaces): void {
  test('makes it free for the next request at once', async () => {
    const places = (await make())();
    const token = (await places.lease([0], at, soon)) ?? '';
    await places.takeUp(token, at, at + 29_000);

    await places.free(token);
    await places.free(token);

    expect(await places.lease([0], at, soon)).toMatch(/^0-/);
  });

  test('changes nothing when somebody else has it by now', async () => {
    const places = (await make())();
    const first = (await places.lease([0], at, soon)) ?? '';
    await places.lease([0], soon, soon + 10_000);

    await places.free(first);

    expect(await places.lease([0], soon, soon + 10_000)).toBeUndefined();
  });
}
