import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CallbackRecord, Image, Task } from '../../../functions/task/task.ts';
import { createdView, runningView, summaryView, taskView } from '../../../functions/task/view.ts';
import {
  completed,
  failed,
  pending,
  processing,
  sampleId,
  sampleTime,
} from '../../support/tasks.ts';

const image: Image = { key: 'results/1', contentType: 'image/png', bytes: 1000 };
const surroundings = {
  now: sampleTime,
  usualSeconds: 30,
  resultLink: (n: number) => `https://api.example.com/v1/results/${sampleId}/${n}`,
};

const golden = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../golden/${name}.json`, import.meta.url), 'utf8'));
// As it travels: what is undefined is not there.
const onTheWire = (view: unknown): unknown => JSON.parse(JSON.stringify(view));

describe('the answer to a new task', () => {
  test('is the published one', () => {
    expect(onTheWire(createdView(pending(), surroundings, []))).toStrictEqual(golden('created'));
  });

  test('has a form for every promised upload', () => {
    const form = {
      url: 'https://inputs.example.com/',
      fields: { 'Content-Type': 'image/png', key: `uploads/${sampleId}/0` },
      expiresAt: sampleTime + 900_500,
    };
    const task = pending({ n: 4, reserved: 4800, metadata: { order: '7' } });

    expect(onTheWire(createdView(task, surroundings, [form]))).toStrictEqual(
      golden('created-with-uploads'),
    );
  });

  test('says how an old one is by now, when the request was a repetition', () => {
    expect(createdView(completed(), surroundings, [])).toMatchObject({
      ...{ status: 'completed', progress: 100, usage: { credits_used: 1.2 } },
    });
  });
});

describe('the answer about a task', () => {
  test.each<[string, Task, number]>([
    ['pending', pending(), sampleTime + 1000],
    ['processing', processing(), sampleTime + 18_000],
    [
      'completed',
      completed({ n: 2, charged: 2400, images: [image, image], metadata: { order: '7' } }),
      sampleTime,
    ],
    [
      'partial',
      completed({
        ...{ n: 2, reserved: 2400, charged: 1200 },
        failures: [{ code: 'generation_timeout', message: 'The image took too long.' }],
      }),
      sampleTime,
    ],
    ['failed', failed(), sampleTime],
  ])('%s is the published one', (name, task, now) => {
    expect(onTheWire(taskView(task, { ...surroundings, now }))).toStrictEqual(golden(name));
  });

  test('nothing of the inside is in it', () => {
    const secrets = {
      ...{ prompt: 'inside', wakeToken: 'inside', callbackUrl: 'https://inside.example.com/' },
      ...{ ticket: 'inside', account: 'inside', keyId: 'inside' },
      ...({ provider: 'evolink', wording: { images: ['inside'] }, refusals: 2 } as const),
    };

    const answer = JSON.stringify(taskView(processing(secrets), surroundings));

    expect(answer).not.toMatch(/inside|evolink|refusals/);
  });
});

describe('whether it can be cancelled', () => {
  const outcome = { state: 'succeeded', images: [] } as const;

  test.each<[string, boolean, Task]>([
    ['waits', true, pending()],
    ['is with the provider', true, processing()],
    ['is cancelled already', false, pending({ cancelledAt: 1 })],
    ['is cancelled, and the provider works on it', false, processing({ cancelledAt: 1 })],
    ['is only settled now', false, processing({ outcome })],
    ['is completed', false, completed()],
    ['failed', false, failed()],
  ])('a task that %s: %s', (_what, can, task) => {
    expect(taskView(task, surroundings).task_info).toEqual({ can_cancel: can });
    expect(createdView(task, surroundings, []).task_info.can_cancel).toBe(can);
  });
});

describe('how its caller was told', () => {
  const callbackUrl = 'https://inside.example.com/';
  const told = (callback: CallbackRecord) => ({ callbackUrl, callback });
  const nothingYet = { status: 'pending', attempts: 0, last_status: null };

  test.each<[string, Task, object]>([
    ['not yet: it runs', processing({ callbackUrl }), nothingYet],
    ['not yet: it has just ended', completed({ callbackUrl }), nothingYet],
    ['not yet', completed(told({ state: 'owed', attempts: 0 })), nothingYet],
    [
      'not so far, without an answer',
      completed(told({ state: 'failing', attempts: 2 })),
      { status: 'failing', attempts: 2, last_status: null },
    ],
    [
      'at last',
      failed(told({ state: 'delivered', attempts: 3, lastStatus: 204 })),
      { status: 'delivered', attempts: 3, last_status: 204 },
    ],
    [
      'never',
      failed(told({ state: 'undelivered', attempts: 7, lastStatus: 500 })),
      { status: 'undelivered', attempts: 7, last_status: 500 },
    ],
  ])('%s', (_what, task, callback) => {
    expect(onTheWire(taskView(task, surroundings))).toMatchObject({ callback });
  });

  test.each([pending(), processing(), completed(), failed()])(
    'is not said of a $status task without an address',
    (task) => {
      expect(taskView(task, surroundings)).not.toHaveProperty('callback');
    },
  );
});

test('a task that has not ended is answered without anything to link with', () => {
  const task = processing({ cancelledAt: 1 });

  expect(runningView(task, sampleTime, 30)).toEqual(taskView(task, surroundings));
});

describe('progress', () => {
  test.each([
    [-5, 5],
    [0, 5],
    [1, 8],
    [15, 50],
    [29, 92],
    [30, 95],
    [3000, 95],
  ])('%i s after the provider took a job of 30 s it is %i', (seconds, progress) => {
    const now = processing().submittedAt + seconds * 1000;

    expect(taskView(processing(), { ...surroundings, now }).progress).toBe(progress);
  });

  test('of one that was expected to take long follows that, not what is usual by now', () => {
    const task = processing({ expectedSeconds: 90 });
    const now = task.submittedAt + 45_000;

    expect(taskView(task, { ...surroundings, now }).progress).toBe(50);
  });

  const seconds = fc.double({ min: 1, max: 900, noNaN: true });

  test('never goes back, whatever becomes usual between two readings', async () => {
    const readings = fc.array(fc.record({ pause: fc.nat(60_000), usualSeconds: seconds }));
    await fc.assert(
      fc.property(seconds, readings, (expectedSeconds, all) => {
        const task = processing({ expectedSeconds });
        let now = task.submittedAt;
        let before = 0;
        for (const { pause, usualSeconds } of all) {
          now += pause;
          const { progress } = taskView(task, { ...surroundings, now, usualSeconds });
          expect(progress).toBeGreaterThanOrEqual(before);
          expect(progress).toBeLessThan(100);
          expect(summaryView(task, now, usualSeconds).progress).toBe(progress);
          before = progress;
        }
      }),
    );
  });
});
