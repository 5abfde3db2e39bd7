import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type {
  ActiveTask,
  Failure,
  Outcome,
  Settled,
} from '../../../../functions/domain/model/task.ts';
import {
  medianOf,
  recordDurationOf,
  withNewest,
} from '../../../../functions/domain/providers/durations.ts';
import { completed, failed, pending, processing, sampleId } from '../../../support/tasks.ts';

describe('the typical duration', () => {
  test.each<[readonly number[], number | undefined]>([
    [[], undefined],
    [[30, 30, 30, 30], undefined],
    [[30, 10, 50, 20, 40], 30],
    [[30, 10, 50, 20, 40, 60], 35],
    [[20, 20, 20, 20, 900], 20],
    [[0, 0, 0, 0, 0], 0],
  ])('of %j is %s', (sample, median) => {
    expect(medianOf(sample)).toBe(median);
  });

  const some = fc.array(fc.double({ min: 0, max: 900, noNaN: true }), { minLength: 5 });

  test('is the median, in whatever order the tasks ended', async () => {
    await fc.assert(
      fc.property(some, (sample) => {
        const median = medianOf(sample) ?? -1;

        expect(medianOf(sample.toReversed())).toBe(median);
        expect(sample.filter((one) => one < median).length * 2).toBeLessThanOrEqual(sample.length);
        expect(sample.filter((one) => one > median).length * 2).toBeLessThanOrEqual(sample.length);
      }),
    );
  });
});

describe('the sample', () => {
  const recorded = (...seconds: readonly number[]) => seconds.reduce(withNewest, []);

  test('contains the latest 24 tasks, the newest last', () => {
    const all = Array.from({ length: 30 }, (_, index) => index + 1);

    expect(recorded(...all)).toEqual(all.slice(6));
  });

  test('follows a model that has become slower after a dozen tasks', () => {
    const fast = Array(24).fill(10);
    const slow = Array(13).fill(60);

    expect(medianOf(recorded(...fast, ...slow))).toBe(60);
  });

  test('is exact to a tenth of a second, and never below one second', () => {
    expect(recorded(12.3456, 1.04, 0, -3)).toEqual([12.3, 1, 1, 1]);
  });
});

describe('the recorded duration', () => {
  const generated = { state: 'succeeded', images: [{ url: 'https://example.com/1.png' }] } as const;
  const failure: Failure = { code: 'content_policy_violation', message: 'It was refused.' };
  const failedOutcome: Outcome = { state: 'failed', failure };
  const partly: Outcome = { state: 'succeeded', images: [...generated.images, failure] };
  const times = { submittedAt: 1000, outcomeAt: 43_500 };
  const done = { ...times, provider: 'fal', outcome: generated } as const;
  const settled = (task: ActiveTask): Settled => ({ task, ended: completed() });

  async function recordedFrom(from: Settled | undefined) {
    const recorded: unknown[] = [];
    const recordDuration = async (...of: unknown[]) => void recorded.push(of);
    await recordDurationOf({ recordDuration }, () => undefined)(from);
    return recorded;
  }

  test.each<[string, ActiveTask]>([
    ['that was generated', processing(done)],
    ['of which a part was generated', processing({ ...done, outcome: partly })],
    ['that was generated, and cancelled too late', processing({ ...done, cancelledAt: 2 })],
  ])('of a task %s is the time from its ticket to its outcome', async (_what, task) => {
    expect(await recordedFrom(settled(task))).toEqual([['wan2.5-image-to-image', 'fal', 42.5]]);
  });

  test.each<[string, ActiveTask]>([
    ['that failed', processing({ ...done, outcome: failedOutcome })],
    ['without an outcome', processing({ provider: 'fal', submittedAt: 1000 })],
    [
      'that no provider accepted',
      pending({ provider: 'fal', outcome: failedOutcome, outcomeAt: 2 }),
    ],
    ['whose outcome has no time', processing({ ...done, outcomeAt: undefined })],
  ])('is none for a task %s', async (_what, task) => {
    expect(await recordedFrom(settled(task))).toEqual([]);
  });

  test('is none for a task that was settled before', async () => {
    expect(await recordedFrom(undefined)).toEqual([]);
  });

  test('counts also when the images could not be fetched: the provider took that long', async () => {
    expect(await recordedFrom({ task: processing(done), ended: failed() })).toHaveLength(1);
  });

  test('a duration that could not be recorded is reported, and is no error', async () => {
    const cause = new Error('throttled');
    const failuresLogged: unknown[] = [];

    await recordDurationOf(
      { recordDuration: () => Promise.reject(cause) },
      (...of) => void failuresLogged.push(of),
    )(settled(processing(done)));

    expect(failuresLogged).toEqual([[sampleId, cause]]);
  });
});
