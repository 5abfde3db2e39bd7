import { expect, test } from 'vitest';
import type { Durations } from '../../functions/task/durations.ts';
import { settableClock } from '../support/fakes.ts';
import { sampleTime } from '../support/tasks.ts';

type Clock = ReturnType<typeof settableClock>;

/** Makes an empty store. Each call of the answer makes another function's look at it, with a memory of its own. */
export type MakeDurations = (clock: Clock) => Promise<() => Durations>;

const model = 'wan2.5-image-to-image';
const minute = 60_000;
/** Within it one is learned from. */
const pause = 10_000;

/** What every store guarantees about how long tasks have been taking. */
export function durationsContract(make: MakeDurations): void {
  async function world() {
    const clock = settableClock(sampleTime);
    const another = await make(clock);
    const learn = async (...all: readonly number[]) => {
      for (const seconds of all) {
        await another().learn(model, 'fal', seconds);
        clock.advance(pause);
      }
    };
    return { clock, another, learn, usual: () => another().usual(model, 'fal') };
  }

  test('nothing is usual as long as too few are known', async () => {
    const { learn, usual } = await world();

    expect(await usual()).toBeUndefined();
    await learn(10, 20, 30, 40);
    expect(await usual()).toBeUndefined();
    await learn(50);
    expect(await usual()).toBe(30);
  });

  test('the latest two dozen tell what is usual', async () => {
    const { learn, usual } = await world();
    await learn(...Array(24).fill(900));
    await learn(...Array(24).fill(12.34));

    expect(await usual()).toBe(12.3);
  });

  test('every provider and every model has its own', async () => {
    const { learn, another } = await world();
    await learn(10, 20, 30, 40, 50);

    expect(await another().usual(model, 'evolink')).toBeUndefined();
    expect(await another().usual('another', 'fal')).toBeUndefined();
  });

  test('what a function has read it keeps for a minute, also that nothing is known', async () => {
    const { clock, another, learn } = await world();
    const function_ = another();
    const usual = () => function_.usual(model, 'fal');
    expect(await usual()).toBeUndefined();
    await learn(30, 30, 30, 30, 30);

    clock.advance(minute - 5 * pause - 1);
    expect(await usual()).toBeUndefined();
    clock.advance(1);
    expect(await usual()).toBe(30);
  });

  test('of all that end within ten seconds one is learned from', async () => {
    const { clock, another, learn, usual } = await world();
    for (const seconds of [900, 800, 700]) await another().learn(model, 'fal', seconds);
    clock.advance(pause - 1);
    await another().learn(model, 'fal', 600);
    clock.advance(1);
    await learn(10, 20, 30);
    expect(await usual()).toBeUndefined();
    await learn(40);

    expect(await usual()).toBe(30);
  });

  test('of two who learn at once one is remembered, and neither fails', async () => {
    const { clock, another, usual } = await world();
    for (let round = 1; round <= 4; round += 1) {
      await Promise.all([10, 20, 30].map((seconds) => another().learn(model, 'fal', seconds)));
      clock.advance(pause);
    }

    expect(await usual()).toBeUndefined(); // four are too few, and twelve were not
    await another().learn(model, 'fal', 30);
    expect(await usual()).toBeGreaterThanOrEqual(10);
  });
}
