import { expect, test } from 'vitest';
import type { Durations } from '../../functions/domain/providers/durations.ts';
import { settableClock } from '../support/fakes.ts';
import { sampleTime } from '../support/tasks.ts';

type Clock = ReturnType<typeof settableClock>;

/** Makes an empty store. Each call of the result makes another function instance with a cache of its own. */
export type MakeDurations = (clock: Clock) => Promise<() => Durations>;

const model = 'wan2.5-image-to-image';
const minute = 60_000;
/** Within this time only one duration is recorded. */
const pause = 10_000;

/** What every store guarantees about the durations of tasks. */
export function durationsContract(make: MakeDurations): void {
  async function setUp() {
    const clock = settableClock(sampleTime);
    const instance = await make(clock);
    const record = async (...all: readonly number[]) => {
      for (const seconds of all) {
        await instance().recordDuration(model, 'fal', seconds);
        clock.advance(pause);
      }
    };
    return { clock, instance, record, typical: () => instance().typicalSeconds(model, 'fal') };
  }

  test('no duration is typical while too few are recorded', async () => {
    const { record, typical } = await setUp();

    expect(await typical()).toBeUndefined();
    await record(10, 20, 30, 40);
    expect(await typical()).toBeUndefined();
    await record(50);
    expect(await typical()).toBe(30);
  });

  test('the typical duration comes from the latest two dozen', async () => {
    const { record, typical } = await setUp();
    await record(...Array(24).fill(900));
    await record(...Array(24).fill(12.34));

    expect(await typical()).toBe(12.3);
  });

  test('every provider and every model has its own durations', async () => {
    const { record, instance } = await setUp();
    await record(10, 20, 30, 40, 50);

    expect(await instance().typicalSeconds(model, 'evolink')).toBeUndefined();
    expect(await instance().typicalSeconds('another', 'fal')).toBeUndefined();
  });

  test('a function caches what it has read for a minute, also that there is nothing', async () => {
    const { clock, instance, record } = await setUp();
    const oneInstance = instance();
    const typical = () => oneInstance.typicalSeconds(model, 'fal');
    expect(await typical()).toBeUndefined();
    await record(30, 30, 30, 30, 30);

    clock.advance(minute - 5 * pause - 1);
    expect(await typical()).toBeUndefined();
    clock.advance(1);
    expect(await typical()).toBe(30);
  });

  test('of all tasks that end within ten seconds one duration is recorded', async () => {
    const { clock, instance, record, typical } = await setUp();
    for (const seconds of [900, 800, 700]) await instance().recordDuration(model, 'fal', seconds);
    clock.advance(pause - 1);
    await instance().recordDuration(model, 'fal', 600);
    clock.advance(1);
    await record(10, 20, 30);
    expect(await typical()).toBeUndefined();
    await record(40);

    expect(await typical()).toBe(30);
  });

  test('of simultaneous recordings one is stored, and none fails', async () => {
    const { clock, instance, typical } = await setUp();
    for (let round = 1; round <= 4; round += 1) {
      await Promise.all(
        [10, 20, 30].map((seconds) => instance().recordDuration(model, 'fal', seconds)),
      );
      clock.advance(pause);
    }

    expect(await typical()).toBeUndefined(); // four are too few, and twelve were not
    await instance().recordDuration(model, 'fal', 30);
    expect(await typical()).toBeGreaterThanOrEqual(10);
  });
}
