import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Image, Task } from '../../../../functions/domain/model/task.ts';
import {
  activeTaskView,
  createdView,
  summaryView,
  taskView,
} from '../../../../functions/domain/wire/view.ts';
import {
  completed,
  failed,
  pending,
  processing,
  sampleId,
  sampleTime,
} from '../../../support/tasks.ts';

const image: Image = { key: 'results/1', contentType: 'image/png', bytes: 1000 };
const context = {
  now: sampleTime,
  typicalSeconds: 30,
  resultLink: (n: number) => `https://api.example.com/v1/results/${sampleId}/${n}`,
};

const golden = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../golden/${name}.json`, import.meta.url), 'utf8'));
// As it is sent: undefined fields are left out.
const onTheWire = (view: unknown): unknown => JSON.parse(JSON.stringify(view));

describe('the response with a new task', () => {
  test('is the golden one', () => {
    expect(onTheWire(createdView(pending(), context, []))).toStrictEqual(golden('created'));
  });

  test('has a form for every announced upload', () => {
    const form = {
      url: 'https://inputs.example.com/',
      fields: { 'Content-Type': 'image/png', key: `uploads/${sampleId}/0` },
      expiresAt: sampleTime + 900_500,
      index: 0,
    };
    const task = pending({ n: 4, reserved: 4800, metadata: { order: '7' } });

    expect(onTheWire(createdView(task, context, [form]))).toStrictEqual(
      golden('created-with-uploads'),
    );
  });

  test('has the current state of the task when the request was repeated', () => {
    expect(createdView(completed(), context, [])).toMatchObject({
      status: 'completed',
      progress: 100,
      usage: { credits_used: 1.2 },
    });
  });
});

describe('the response with a task', () => {
  test.each<[string, Task, number]>([
    ['pending', pending(), sampleTime + 1000],
    ['processing', processing({ cancellable: true }), sampleTime + 18_000],
    [
      'completed',
      completed({
        n: 2,
        reserved: 2400,
        charged: 2400,
        images: [image, image],
        metadata: { order: '7' },
      }),
      sampleTime,
    ],
    [
      'partial',
      completed({
        n: 2,
        reserved: 2400,
        charged: 1200,
        failures: [{ code: 'generation_timeout', message: 'The image took too long.' }],
      }),
      sampleTime,
    ],
    ['failed', failed(), sampleTime],
  ])('is the golden one for a task that is %s', (name, task, now) => {
    expect(onTheWire(taskView(task, { ...context, now }))).toStrictEqual(golden(name));
  });

  test('reveals nothing internal', () => {
    const secrets = {
      wakeToken: 'inside',
      ticket: 'inside',
      account: 'inside',
      slot: 'inside',
      ...({ provider: 'evolink', submittedRequest: { images: ['inside'] }, busyCount: 2 } as const),
      ...({ queue: { pools: ['inside'], since: 3 }, lane: 'bulk' } as const),
    };

    const text = JSON.stringify(taskView(processing(secrets), context));

    expect(text).not.toMatch(/inside|evolink|busyCount|bulk/);
  });
});

describe('can_cancel', () => {
  const outcome = { state: 'succeeded', images: [] } as const;

  test.each<[string, boolean, Task]>([
    ['waits', true, pending()],
    ['waits at a provider that can cancel it', true, processing({ cancellable: true })],
    ['is with a provider that works on it, or cannot cancel', false, processing()],
    [
      'is only settled now, and waited at the provider',
      false,
      processing({ outcome, cancellable: true }),
    ],
    ['is only settled now', false, processing({ outcome })],
    ['is completed', false, completed()],
    ['failed', false, failed()],
  ])('of a task that %s is %s', (_what, can, task) => {
    expect(taskView(task, context).task_info.can_cancel).toBe(can);
    expect(createdView(task, context, []).task_info.can_cancel).toBe(can);
  });

  test.each<Task>([
    pending({ cancelledAt: 1 }),
    processing({ cancelledAt: 1, cancellable: true }),
    processing({ cancelledAt: 1 }),
  ])('of a $status task that was cancelled is false, and the request shows', (task) => {
    expect(taskView(task, context).task_info).toEqual({
      can_cancel: false,
      cancel_requested: true,
    });
    expect(createdView(task, context, []).task_info.can_cancel).toBe(false);
  });
});

test('the view of an active task needs neither a signing key nor the URL of the API', () => {
  const task = processing({ cancelledAt: 1 });

  expect(activeTaskView(task, context)).toEqual(taskView(task, context));
});

describe('estimated_time', () => {
  const queued = { position: 7, waitSeconds: 42, jobSeconds: 31 };
  const timeOf = (task: Task, more: object = {}) => {
    const view = taskView(task, { ...context, ...more });
    return 'estimated_time' in view.task_info ? view.task_info.estimated_time : undefined;
  };

  test('of a task that waits is its wait and its job, and the response has its place', () => {
    expect(taskView(pending(), { ...context, queued }).task_info).toMatchObject({
      queue_position: 7,
      estimated_time: 73,
    });
    expect(createdView(pending(), { ...context, queued }, []).task_info).toEqual({
      can_cancel: true,
      queue_position: 7,
      estimated_time: 73,
    });
  });

  test('of a task that waits is the rest of its expected wait when the queue was not read', () => {
    const expected = { waitSeconds: 7200, jobSeconds: 31 };
    const queue = { pools: ['fal'], since: sampleTime, expected };
    const later = (seconds: number, more: object = {}) => ({
      ...more,
      now: sampleTime + seconds * 1000,
    });

    expect(timeOf(pending({ queue }), later(0))).toBe(7231);
    expect(timeOf(pending({ queue }), later(7000))).toBe(231);
    expect(timeOf(pending({ queue }), later(9000))).toBe(31);
    expect(taskView(pending({ queue }), context).task_info).not.toHaveProperty('queue_position');
    // The value that was read from the queue is the better one.
    expect(timeOf(pending({ queue }), later(0, { queued }))).toBe(73);
    // A task that is being submitted waits no longer.
    expect(timeOf(pending({ queue, submitLockedAt: sampleTime }), later(0))).toBe(30);
    expect(timeOf(pending({ queue: { pools: ['fal'], since: sampleTime } }), later(0))).toBe(30);
  });

  test('of a task that a provider has is what is left of the typical time, and a second at least', () => {
    const task = processing({ typicalSeconds: 60 });
    const later = (seconds: number) => ({ now: task.submittedAt + seconds * 1000 });
    expect(timeOf(task, later(0))).toBe(60);
    expect(timeOf(task, later(45.5))).toBe(15);
    expect(timeOf(task, later(600))).toBe(1);
    expect(createdView(task, { ...context, ...later(45) }, []).task_info.estimated_time).toBe(15);
  });

  test('is missing when the task has ended or was cancelled', () => {
    for (const task of [completed(), failed(), pending({ cancelledAt: 1 })]) {
      expect(timeOf(task)).toBeUndefined();
    }
  });
});

describe('progress', () => {
  const expected = { waitSeconds: 60, jobSeconds: 30 };
  const queue = { pools: ['fal'], since: sampleTime, expected };

  test.each([
    [0, 0],
    [30, 30],
    [60, 60],
    [600, 60],
  ])(
    'is, %i s into a wait of a minute that is followed by a job of half a minute, %i',
    (seconds, progress) => {
      const now = sampleTime + seconds * 1000;
      expect(taskView(pending({ queue }), { ...context, now }).progress).toBe(progress);
    },
  );

  test('goes on from the queue when the provider has the job', () => {
    const task = processing({ queue, submittedAt: sampleTime + 30_000, typicalSeconds: 30 });
    const at = (seconds: number) =>
      taskView(task, { ...context, now: task.submittedAt + seconds * 1000 }).progress;
    expect([at(0), at(15), at(30), at(300)]).toEqual([35, 65, 95, 95]);
  });

  test('of a task without an expected wait is 0 until a provider has the job', () => {
    const waiting = pending({ queue: { pools: ['fal'], since: sampleTime } });
    expect(taskView(waiting, { ...context, now: sampleTime + 60_000 }).progress).toBe(0);
  });

  test('never decreases from the queue to the end, however long it takes', async () => {
    const part = fc.integer({ min: 0, max: 5000 });
    await fc.assert(
      fc.property(part, part, part, part, part, (wait, job, waited, typicalSeconds, pause) => {
        const place = { ...queue, expected: { waitSeconds: wait, jobSeconds: job } };
        const submittedAt = sampleTime + waited * 1000;
        const seen = [0, waited / 3, waited, waited, waited + pause / 2, waited + pause].map(
          (seconds, index) => {
            const now = sampleTime + seconds * 1000;
            const task =
              index < 3
                ? pending({ queue: place })
                : processing({
                    queue: place,
                    submittedAt,
                    typicalSeconds: Math.max(1, typicalSeconds),
                  });
            return taskView(task, { ...context, now }).progress;
          },
        );
        expect(seen).toEqual(seen.toSorted((a, b) => a - b));
        expect(seen.at(-1)).toBeLessThanOrEqual(95);
      }),
    );
  });

  test.each([
    [-5, 5],
    [0, 5],
    [1, 8],
    [15, 50],
    [29, 92],
    [30, 95],
    [3000, 95],
  ])('is, %i s after the provider accepted a job of 30 s, %i', (seconds, progress) => {
    const now = processing().submittedAt + seconds * 1000;

    expect(taskView(processing(), { ...context, now }).progress).toBe(progress);
  });

  test('follows the typical duration that was stored with the task, not the current one', () => {
    const task = processing({ typicalSeconds: 90 });
    const now = task.submittedAt + 45_000;

    expect(taskView(task, { ...context, now }).progress).toBe(50);
  });

  const seconds = fc.double({ min: 1, max: 900, noNaN: true });

  test('never decreases, however the typical duration changes between two reads', async () => {
    const readings = fc.array(fc.record({ pause: fc.nat(60_000), typicalSeconds: seconds }));
    await fc.assert(
      fc.property(seconds, readings, (typicalSeconds, all) => {
        const task = processing({ typicalSeconds });
        let now = task.submittedAt;
        let before = 0;
        for (const { pause, typicalSeconds } of all) {
          now += pause;
          const { progress } = taskView(task, { ...context, now, typicalSeconds });
          expect(progress).toBeGreaterThanOrEqual(before);
          expect(progress).toBeLessThan(100);
          expect(summaryView(task, now, typicalSeconds).progress).toBe(progress);
          before = progress;
        }
      }),
    );
  });
});
