import { describe, expect, test } from 'vitest';
import { type Reason, whatIsDue } from '../../../functions/task/sweep.ts';
import type { CallbackRecord, Task } from '../../../functions/task/task.ts';
import { completed, failed, pending, processing } from '../../support/tasks.ts';

const now = 1_000_000;
const upload = { kind: 'upload', contentType: 'image/png' } as const;
const promised = { inputs: [upload, upload] };
const callbackUrl = 'https://example.com/hook';
const told = (state: CallbackRecord['state']) => ({
  ...{ callbackUrl, callback: { state, attempts: 1 } },
});

describe('what is due', () => {
  const kinds: readonly (readonly [string, Task, Reason | undefined])[] = [
    ['that nobody started', pending(), 'unstarted'],
    ['that nobody started and that is cancelled', pending({ cancelledAt: 1 }), 'unstarted'],
    ['whose uploads never came', pending(promised), 'uploads-over'],
    [
      'of whose uploads one never came',
      pending({ ...promised, arrived: new Set([1]) }),
      'uploads-over',
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
    ['that the provider has', processing({ deadlineAt: now + 1 }), 'unwatched'],
    ['that is just late', processing({ deadlineAt: now - 60_000 }), 'unwatched'],
    ['that is late', processing({ deadlineAt: now - 60_001 }), 'past-deadline'],
    [
      'that is late before the provider has it',
      pending({ startedAt: 1, deadlineAt: 1 }),
      'past-deadline',
    ],
    ['that is completed and whose caller is owed', completed(told('owed')), 'untold'],
    ['that failed and whose caller is owed', failed(told('owed')), 'untold'],
    ['whose caller was not reached', failed(told('failing')), 'untold'],
    ['whose caller was told', completed(told('delivered')), undefined],
    ['whose caller was given up', failed(told('undelivered')), undefined],
  ];

  test.each(kinds.map(([what, task, reason]) => [what, reason, task] as const))(
    'about a task %s: %s, from its time on',
    (_what, reason, task) => {
      expect(whatIsDue({ ...task, dueAt: now }, now)).toBe(reason);
      expect(whatIsDue({ ...task, dueAt: 0 }, now)).toBe(reason);
    },
  );

  test.each(kinds)('about a task %s is nothing before its time', (_what, task) => {
    expect(whatIsDue({ ...task, dueAt: now + 1 }, now)).toBeUndefined();
  });

  test.each(kinds)('about a task %s is nothing when nobody has to look', (_what, task) => {
    expect(whatIsDue({ ...task, dueAt: undefined }, now)).toBeUndefined();
  });
});
