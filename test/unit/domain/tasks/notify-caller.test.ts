import { describe, expect, test } from 'vitest';
import type { TaskRef } from '../../../../functions/domain/model/task.ts';
import {
  type CallbackRecord,
  quickAttempts,
  type TaskState,
} from '../../../../functions/domain/model/task.ts';
import {
  type Callback,
  type Delivery,
  notifyCaller,
} from '../../../../functions/domain/tasks/notify-caller.ts';
import { memoryStore, settableClock } from '../../../support/fakes.ts';
import type { StoredTask } from '../../../support/money.ts';
import {
  completed,
  deleted,
  failed,
  processing,
  sampleId,
  sampleTime,
} from '../../../support/tasks.ts';
import { thrownBy } from '../../../support/thrown-by.ts';

const callbackUrl = 'https://example.com/hook';
const callbackRetryDelays = [60, 600, 3600];
const hungUp = new Error('The receiver hung up.');

function context(task: StoredTask, ...statuses: readonly (number | undefined)[]) {
  const { tasks, put } = memoryStore();
  put(task);
  const clock = settableClock(sampleTime);
  const deliveries: unknown[] = [];
  const givenUp: string[] = [];
  const reasons: unknown[] = [];
  const attempts: unknown[] = [];
  const deps = {
    tasks,
    now: clock.now,
    callbackRetryDelays,
    bodyOf: async ({ id, status }: TaskState) => `${id} is ${status}`,
    secretsOf: async (account: string) => [`secret of ${account}`],
    deliver: async (callback: Callback) => {
      deliveries.push(callback);
      const status = statuses[deliveries.length - 1];
      return status === undefined ? { cause: hungUp } : { status };
    },
    attempted: ({ id }: TaskRef, { state }: CallbackRecord, failure?: Error) => {
      attempts.push([state, failure?.message]);
      if (state !== 'undelivered') return;
      givenUp.push(id);
      reasons.push(failure);
    },
  };
  return {
    tasks,
    clock,
    deliveries,
    givenUp,
    reasons,
    attempts,
    deps,
    notify: notifyCaller(deps),
    find: () => tasks.find(sampleId),
  };
}

const retrying = (attempts: number): CallbackRecord => ({ state: 'retrying', attempts });

test.each([completed({ callbackUrl }), failed({ callbackUrl })])(
  'the callback of a $status task is delivered once, and that is recorded',
  async (task) => {
    const { notify, deliveries, find } = context({ ...task, nextCheckAt: sampleTime }, 204);

    await notify(sampleId);
    await notify(sampleId);

    expect(deliveries).toEqual([
      {
        taskId: sampleId,
        url: callbackUrl,
        body: `${sampleId} is ${task.status}`,
        secrets: ['secret of default'],
      },
    ]);
    expect(await find()).toMatchObject({
      callback: { state: 'delivered', attempts: 1, lastStatus: 204 },
    });
    expect(await find()).not.toHaveProperty('nextCheckAt');
  },
);

describe('a task that was deleted', () => {
  test('has no callback any more, and nothing is sent', async () => {
    const { notify, deliveries, tasks } = context(deleted({ nextCheckAt: 7 }), 204);

    expect(await notify(sampleId)).toBeUndefined();

    expect(deliveries).toEqual([]);
    expect(await tasks.findRecord(sampleId)).toEqual(deleted({ nextCheckAt: 7 }));
  });

  test('while its callback was on its way stays deleted, and has no further attempt', async () => {
    const { tasks, deps, deliveries } = context(completed({ callbackUrl }));
    const slow = notifyCaller({
      ...deps,
      deliver: async (...attempt) => {
        await deps.deliver(...attempt);
        await tasks.recordDeletion(deleted({ nextCheckAt: 7 }));
        return { status: 503 };
      },
    });

    expect(await thrownBy(slow(sampleId))).toMatchObject({ name: 'CallbackFailed' });
    expect(await slow(sampleId)).toBeUndefined();

    expect(deliveries).toHaveLength(1);
    expect(await tasks.findRecord(sampleId)).toEqual(deleted({ nextCheckAt: 7 }));
  });
});

describe('an attempt', () => {
  test.each([200, 201, 204, 299])('with the response %i is delivered', async (status) => {
    const { notify, find } = context(completed({ callbackUrl }), status);

    await notify(sampleId);

    expect(await find()).toMatchObject({ callback: { state: 'delivered', lastStatus: status } });
  });

  test.each([199, 300, 302, 400, 404, 429, 500, undefined])(
    'with the response %s is not delivered, and throws the error that is retried',
    async (status) => {
      const { notify, find } = context(completed({ callbackUrl }), status);

      expect(await thrownBy(notify(sampleId))).toMatchObject({ name: 'CallbackFailed' });

      expect(await find()).toMatchObject({
        callback: { state: 'retrying', attempts: 1, lastStatus: status },
      });
    },
  );

  test('is counted with the earlier ones', async () => {
    const { notify, find, attempts } = context(completed({ callbackUrl }), 500, undefined, 200);

    await thrownBy(notify(sampleId));
    expect(await thrownBy(notify(sampleId))).toMatchObject({
      message: 'attempt 2 got no response',
      cause: hungUp,
    });
    await notify(sampleId);

    expect(await find()).toMatchObject({
      callback: { state: 'delivered', attempts: 3, lastStatus: 200 },
    });
    expect(attempts).toEqual([
      ['retrying', 'attempt 1 got status 500'],
      ['retrying', 'attempt 2 got no response'],
      ['delivered', undefined],
    ]);
  });

  test('after a redelivery counts from one again', async () => {
    const { notify, tasks, deliveries, find } = context(completed({ callbackUrl }), 204, 500);
    await notify(sampleId);
    await tasks.scheduleCallback(sampleId, sampleTime);

    await thrownBy(notify(sampleId));

    expect(deliveries[1]).toEqual(deliveries[0]); // the same task, and so the same event
    expect(await find()).toMatchObject({ callback: { state: 'retrying', attempts: 1 } });
  });

  test('whose result could not be written is repeated', async () => {
    const { deps, notify, deliveries, find } = context(completed({ callbackUrl }), 204, 204);
    const recordCallbackAttempt = () => Promise.reject(new Error('throttled'));
    const tasks = { ...deps.tasks, recordCallbackAttempt };

    await expect(notifyCaller({ ...deps, tasks })(sampleId)).rejects.toThrow('throttled');
    await notify(sampleId);

    expect(deliveries).toHaveLength(2);
    expect(await find()).toMatchObject({ callback: { state: 'delivered', attempts: 1 } });
  });

  test('that failed does not overwrite one at the same time that was delivered', async () => {
    const { deps, notify, find } = context(completed({ callbackUrl }), 204);
    const deliver = async () => {
      await notify(sampleId);
      return { status: 500 };
    };

    await thrownBy(notifyCaller({ ...deps, deliver })(sampleId));

    expect(await find()).toMatchObject({ callback: { state: 'delivered' } });
    expect(await find()).not.toHaveProperty('nextCheckAt');
  });
});

describe('when the next attempt is due', () => {
  test.each([1, 2, 3])(
    'after attempt %i the state machine makes it, and the reconciler checks after a minute',
    async (nth) => {
      const { notify, find } = context(
        completed({ callbackUrl, callback: retrying(nth - 1) }),
        500,
      );

      expect(await thrownBy(notify(sampleId))).toMatchObject({ name: 'CallbackFailed' });

      expect(await find()).toMatchObject({
        callback: { state: 'retrying', attempts: nth },
        nextCheckAt: sampleTime + 60_000,
      });
    },
  );

  test.each([
    [4, 60],
    [5, 600],
    [6, 3600],
  ])('after attempt %i the reconciler makes it, %i s later', async (nth, seconds) => {
    const { notify, find, givenUp } = context(
      completed({ callbackUrl, callback: retrying(nth - 1) }),
      500,
    );

    await notify(sampleId);

    expect(await find()).toMatchObject({
      callback: { state: 'retrying', attempts: nth },
      nextCheckAt: sampleTime + seconds * 1000,
    });
    expect(givenUp).toEqual([]);
  });

  test('after the last attempt there is none, and the undelivered callback is reported to the operator', async () => {
    const task = failed({ callbackUrl, callback: retrying(6), nextCheckAt: sampleTime });
    const { notify, find, givenUp, reasons } = context(task, 503);

    await notify(sampleId);

    expect(await find()).toMatchObject({
      callback: { state: 'undelivered', attempts: 7, lastStatus: 503 },
    });
    expect(await find()).not.toHaveProperty('nextCheckAt');
    expect(givenUp).toEqual([sampleId]);
    expect(reasons).toMatchObject([{ message: 'attempt 7 got status 503' }]);
  });

  test.each([
    ['was given up', { state: 'undelivered', attempts: 7, lastStatus: 503 }],
    ['the receiver wants no more of', { state: 'undelivered', attempts: 1, lastStatus: 410 }],
    ['was delivered', { state: 'delivered', attempts: 1, lastStatus: 200 }],
  ] as const)(
    'a callback that %s is not sent by a state that is repeated',
    async (_what, callback) => {
      const { notify, find, deliveries } = context(completed({ callbackUrl, callback }), 204);

      expect(await notify(sampleId)).toBeUndefined();

      expect(deliveries).toEqual([]);
      expect(await find()).toMatchObject({ callback });
    },
  );

  test('the last one may be delivered like any other', async () => {
    const { notify, find, givenUp } = context(
      completed({ callbackUrl, callback: retrying(6) }),
      204,
    );

    await notify(sampleId);

    expect(await find()).toMatchObject({ callback: { state: 'delivered', attempts: 7 } });
    expect(givenUp).toEqual([]);
  });

  test('without further delays there are only the four attempts of the contract', async () => {
    const task = completed({ callbackUrl, callback: retrying(quickAttempts - 1) });
    const { deps, find, givenUp } = context(task, 500);

    await notifyCaller({ ...deps, callbackRetryDelays: [] })(sampleId);

    expect(await find()).toMatchObject({ callback: { state: 'undelivered', attempts: 4 } });
    expect(givenUp).toEqual([sampleId]);
  });
});

test('a task without a callback_url has no callback', async () => {
  const { notify, deliveries, find } = context(completed());

  await notify(sampleId);

  expect(deliveries).toEqual([]);
  expect(await find()).not.toHaveProperty('callback');
});

test('no callback is sent for a task that is still running', async () => {
  const { notify, deliveries } = context(processing({ callbackUrl }));

  await expect(notify(sampleId)).rejects.toThrow('has not ended');
  expect(deliveries).toEqual([]);
});

test('no callback is sent for a task that has expired', async () => {
  const { notify, deliveries } = context(completed({ callbackUrl }));

  expect(await notify('task-unified-1-00000000')).toBeUndefined();
  expect(deliveries).toEqual([]);
});

test.each([
  [204, { status: 204 }],
  [500, { status: 500 }],
  [undefined, { reason: hungUp.message }],
])('an attempt that got %s is stored with its time and its length', async (status, result) => {
  const { clock, tasks, deps } = context(completed({ callbackUrl }), status);
  const slow = notifyCaller({
    ...deps,
    deliver: async (...attempt) => {
      clock.advance(250);
      return deps.deliver(...attempt);
    },
  });
  const at = clock.now();

  await slow(sampleId).catch(() => {});

  expect(await tasks.findStory(sampleId)).toMatchObject({
    attempts: [{ at, milliseconds: 250, ...result }],
  });
});

describe('what a receiver answers', () => {
  const answering = async (task: StoredTask, delivery: Delivery) => {
    const made = context(task);
    const error = await notifyCaller({ ...made.deps, deliver: async () => delivery })(
      sampleId,
    ).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    const { task: after, attempts } =
      (await made.tasks.findStory(sampleId)) ?? expect.unreachable();
    return { after, attempts, error, givenUp: made.givenUp };
  };
  const afterAttempts = (attempts: number) =>
    completed({ callbackUrl, callback: retrying(attempts), nextCheckAt: sampleTime });

  test.each([0, 3, 5])(
    'a 410 after %i attempts ends them: none follows, and the operator sees it',
    async (before) => {
      const { after, error, givenUp } = await answering(afterAttempts(before), { status: 410 });

      expect(error).toBeUndefined();
      expect(after).toMatchObject({ callback: { state: 'undelivered', lastStatus: 410 } });
      expect(after).not.toHaveProperty('nextCheckAt');
      expect(givenUp).toEqual([sampleId]);
    },
  );

  test.each<[before: number, retryAfterSeconds: number, nextSeconds: number, atOnce: boolean]>([
    [0, 0, 60, true],
    [0, 1, 60, true],
    [2, 4, 60, true],
    [0, 2, 2, false],
    [0, 30, 30, false],
    [2, 120, 120, false],
    [3, 20, 60, false],
    [3, 90, 90, false],
    [4, 90, 600, false],
    [0, 3600, 3600, false],
    [0, 999_999_999, 3600, false],
    [5, 999_999_999, 3600, false],
  ])(
    'after %i attempts and a Retry-After of %i s the next one is due after %i s, or at once: %s',
    async (before, retryAfterSeconds, nextSeconds, atOnce) => {
      const delivery = { status: 503, retryAfterSeconds };

      const { after, error } = await answering(afterAttempts(before), delivery);

      expect(after).toMatchObject({
        callback: { state: 'retrying', attempts: before + 1 },
        nextCheckAt: sampleTime + nextSeconds * 1000,
      });
      expect(error !== undefined).toBe(atOnce);
    },
  );

  test('a Retry-After adds no attempt to those that are made', async () => {
    const { after } = await answering(afterAttempts(6), { status: 503, retryAfterSeconds: 60 });

    expect(after).toMatchObject({ callback: { state: 'undelivered', attempts: 7 } });
  });

  test('a 2xx with a Retry-After is delivered', async () => {
    const { after } = await answering(afterAttempts(0), { status: 202, retryAfterSeconds: 60 });

    expect(after).toMatchObject({ callback: { state: 'delivered' } });
  });

  test.each<[string, string | undefined]>([
    ['thanks', 'thanks'],
    ['<script>alert(1)</script>', '<script>alert(1)</script>'],
    ['two\r\nlines\tand\u0000\u001b[31m red', 'two lines and[31m red'],
    ['a\u202eb\u2066c\u200b', 'abc'],
    ['x'.repeat(10_000), 'x'.repeat(200)],
    ['🌌'.repeat(300), '🌌'.repeat(200)],
    [' \u0007 ', undefined],
  ])('the text %j is stored as one short line', async (text, stored) => {
    const { attempts } = await answering(afterAttempts(0), { status: 200, text });

    expect(attempts.map((attempt) => attempt.text)).toEqual([stored]);
  });

  test.each([
    [499, 'no'],
    [500, undefined],
    [503, undefined],
  ])(
    'the text of a %i is stored as %j: a server that fails may send a stack trace',
    async (status, stored) => {
      const { attempts } = await answering(afterAttempts(0), { status, text: 'no' });

      expect(attempts.map((attempt) => attempt.text)).toEqual([stored]);
    },
  );

  test('what a receiver says is in no error', async () => {
    const { error } = await answering(afterAttempts(0), { status: 404, text: 'secret words' });

    expect(error).toMatchObject({ message: 'attempt 1 got status 404' });
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('secret words');
  });
});
