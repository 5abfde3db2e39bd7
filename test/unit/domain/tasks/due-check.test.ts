import { describe, expect, test } from 'vitest';
import type { CallbackRecord, Task, TaskRecord } from '../../../../functions/domain/model/task.ts';
import { type CheckReason, dueCheck } from '../../../../functions/domain/tasks/reconcile.ts';
import { completed, deleted, failed, pending, processing } from '../../../support/tasks.ts';

const now = 1_000_000;
const upload = { kind: 'upload', contentType: 'image/png' } as const;
const promised = { inputs: [upload, upload] };
const callbackUrl = 'https://example.com/hook';
const callback = (state: CallbackRecord['state']) => ({
  callbackUrl,
  callback: { state, attempts: 1 },
});

describe('the check that is due', () => {
  const kinds: readonly (readonly [string, TaskRecord, CheckReason | undefined])[] = [
    ['that was never started', pending(), 'unstarted'],
    ['that was never started and is cancelled', pending({ cancelledAt: 1 }), 'unstarted'],
    ['whose uploads never came', pending(promised), 'uploads-expired'],
    [
      'of whose uploads one never came',
      pending({ ...promised, arrived: new Set([1]) }),
      'uploads-expired',
    ],
    [
      'whose uploads are all there',
      pending({ ...promised, arrived: new Set([1, 0]) }),
      'unstarted',
    ],
    [
      'that was started without its uploads',
      pending({ ...promised, startedAt: 1, deadlineAt: now }),
      'unwatched',
    ],
    ['that is prepared', pending({ startedAt: 1, deadlineAt: now + 1 }), 'unwatched'],
    ['that has no deadline', pending({ startedAt: 1 }), 'unwatched'],
    ['that a provider has', processing({ deadlineAt: now + 1 }), 'unwatched'],
    ['that was polled three minutes ago', processing({ polledAt: now - 180_000 }), 'unwatched'],
    ['that was polled since', processing({ polledAt: now - 179_999 }), undefined],
    [
      'that is late and was polled since',
      processing({ deadlineAt: 0, polledAt: now - 179_999 }),
      undefined,
    ],
    ['that is just late', processing({ deadlineAt: now - 60_000 }), 'unwatched'],
    ['that is late', processing({ deadlineAt: now - 60_001 }), 'past-deadline'],
    [
      'that is late before a provider has it',
      pending({ startedAt: 1, deadlineAt: 1 }),
      'past-deadline',
    ],
    [
      'that is completed and whose callback is pending',
      completed(callback('pending')),
      'undelivered',
    ],
    ['that failed and whose callback is pending', failed(callback('pending')), 'undelivered'],
    ['whose callback is tried again', failed(callback('retrying')), 'undelivered'],
    ['whose callback was delivered', completed(callback('delivered')), undefined],
    ['that was deleted', deleted(), 'pictures-left'],
    ['whose callback was given up', failed(callback('undelivered')), undefined],
  ];

  test.each(kinds.map(([what, task, reason]) => [what, reason, task] as const))(
    'of a task %s: %s, from its time on',
    (_what, reason, task) => {
      expect(dueCheck({ ...task, nextCheckAt: now }, now)).toBe(reason);
      expect(dueCheck({ ...task, nextCheckAt: 0 }, now)).toBe(reason);
    },
  );

  test.each<[string, Task, ReadonlySet<number>, CheckReason]>([
    ['are all in the bucket', pending(promised), new Set([0, 1]), 'upload-event-lost'],
    [
      'are all in the bucket, of one with its event',
      pending({ ...promised, arrived: new Set([1]) }),
      new Set([0, 1]),
      'upload-event-lost',
    ],
    ['are in the bucket except for one', pending(promised), new Set([1]), 'uploads-expired'],
    [
      'are in the bucket except for one, of which there was an event',
      pending({ ...promised, arrived: new Set([1]) }),
      new Set([0]),
      'upload-event-lost',
    ],
    [
      'are in the bucket, and which is cancelled',
      pending({ ...promised, cancelledAt: 1 }),
      new Set([0, 1]),
      'unstarted',
    ],
    [
      'were read by its workflow without their events',
      pending({ ...promised, startedAt: 1, deadlineAt: now }),
      new Set([0, 1]),
      'unwatched',
    ],
  ])('of a task whose uploads %s', (_what, task, uploaded, reason) => {
    expect(dueCheck({ ...task, nextCheckAt: now }, now, uploaded)).toBe(reason);
    expect(dueCheck({ ...task, nextCheckAt: now + 1 }, now, uploaded)).toBeUndefined();
  });

  test('of a task that is cancelled before its uploads came is its start', () => {
    const task = pending({ ...promised, cancelledAt: 1, nextCheckAt: now });

    expect(dueCheck(task, now)).toBe('unstarted');
  });

  test.each(kinds)('of a task %s is none before its time', (_what, task) => {
    expect(dueCheck({ ...task, nextCheckAt: now + 1 }, now)).toBeUndefined();
  });

  test.each(kinds)('of a task %s is none without a time', (_what, task) => {
    expect(dueCheck({ ...task, nextCheckAt: undefined }, now)).toBeUndefined();
  });
});
