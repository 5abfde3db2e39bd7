import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { learnFrom, usualOf, withNewest } from '../../../functions/task/durations.ts';
import type { Settled } from '../../../functions/task/settle-task.ts';
import type { Failure, Outcome, Running } from '../../../functions/task/task.ts';
import { completed, failed, pending, processing, sampleId } from '../../support/tasks.ts';

describe('what is usual', () => {
  test.each<[readonly number[], number | undefined]>([
    [[], undefined],
    [[30, 30, 30, 30], undefined],
    [[30, 10, 50, 20, 40], 30],
    [[30, 10, 50, 20, 40, 60], 35],
    [[20, 20, 20, 20, 900], 20],
    [[0, 0, 0, 0, 0], 0],
  ])('of %j is %s', (sample, usual) => {
    expect(usualOf(sample)).toBe(usual);
  });

  const some = fc.array(fc.double({ min: 0, max: 900, noNaN: true }), { minLength: 5 });

  test('lies in the middle, in whatever order the tasks ended', async () => {
    await fc.assert(
      fc.property(some, (sample) => {
        const usual = usualOf(sample) ?? -1;

        expect(usualOf(sample.toReversed())).toBe(usual);
        expect(sample.filter((one) => one < usual).length * 2).toBeLessThanOrEqual(sample.length);
        expect(sample.filter((one) => one > usual).length * 2).toBeLessThanOrEqual(sample.length);
      }),
    );
  });
});

describe('what is remembered', () => {
  const learned = (...seconds: readonly number[]) => seconds.reduce(withNewest, []);

  test('are the latest 24, the newest last', () => {
    const all = Array.from({ length: 30 }, (_, index) => index + 1);

    expect(learned(...all)).toEqual(all.slice(6));
  });

  test('follows a model that has become slower: after a dozen it is known', () => {
    const fast = Array(24).fill(10);
    const slow = Array(13).fill(60);

    expect(usualOf(learned(...fast, ...slow))).toBe(60);
  });

  test('is no more exact than a tenth of a second, and never nothing', () => {
    expect(learned(12.3456, 1.04, 0, -3)).toEqual([12.3, 1, 1, 1]);
  });
});

describe('what is learned from', () => {
  const painted = { state: 'succeeded', images: [{ url: 'https://example.com/1.png' }] } as const;
  const failure: Failure = { code: 'content_policy_violation', message: 'It was refused.' };
  const refused: Outcome = { state: 'failed', failure };
  const partly: Outcome = { state: 'succeeded', images: [...painted.images, failure] };
  const times = { submittedAt: 1000, outcomeAt: 43_500 };
  const done = { ...times, provider: 'fal', outcome: painted } as const;
  const settled = (task: Running): Settled => ({ task, ended: completed() });

  async function learnedFrom(from: Settled | undefined) {
    const learned: unknown[] = [];
    const learn = async (...of: unknown[]) => void learned.push(of);
    await learnFrom({ learn }, () => undefined)(from);
    return learned;
  }

  test.each<[string, Running]>([
    ['that was painted', processing(done)],
    ['of which a part was painted', processing({ ...done, outcome: partly })],
    ['that was painted, and cancelled too late', processing({ ...done, cancelledAt: 2 })],
  ])('is a task %s, from its ticket to its outcome', async (_what, task) => {
    expect(await learnedFrom(settled(task))).toEqual([['wan2.5-image-to-image', 'fal', 42.5]]);
  });

  test.each<[string, Running]>([
    ['that failed', processing({ ...done, outcome: refused })],
    ['without an outcome', processing({ provider: 'fal', submittedAt: 1000 })],
    ['that no provider took', pending({ provider: 'fal', outcome: refused, outcomeAt: 2 })],
    ['whose outcome has no time', processing({ ...done, outcomeAt: undefined })],
    ['that nobody is known to have painted', processing({ ...done, provider: undefined })],
  ])('is not one %s', async (_what, task) => {
    expect(await learnedFrom(settled(task))).toEqual([]);
  });

  test('is not one that was settled before', async () => {
    expect(await learnedFrom(undefined)).toEqual([]);
  });

  test('is also one whose images could not be fetched: the provider took that long', async () => {
    expect(await learnedFrom({ task: processing(done), ended: failed() })).toHaveLength(1);
  });

  test('what could not be learned is told and harms nobody', async () => {
    const cause = new Error('throttled');
    const told: unknown[] = [];

    await learnFrom(
      { learn: () => Promise.reject(cause) },
      (...of) => void told.push(of),
    )(settled(processing(done)));

    expect(told).toEqual([[sampleId, cause]]);
  });
});
