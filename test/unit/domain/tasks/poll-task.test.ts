import { describe, expect, test } from 'vitest';
import type { CancelResult, Progress } from '../../../../functions/domain/model/provider.ts';
import type { Failure, Processing, Task } from '../../../../functions/domain/model/task.ts';
import {
  CallbackFailed,
  ProviderBusy,
  ProviderRejected,
  ResultUnavailable,
} from '../../../../functions/domain/model/workflow-errors.ts';
import { pollTask, readingKeysMeanwhile } from '../../../../functions/domain/tasks/poll-task.ts';
import {
  memoryStore,
  memoryWorkflow,
  only,
  scriptedProvider,
  settableClock,
} from '../../../support/fakes.ts';
import {
  completed,
  pending,
  processing as processingOne,
  sampleId,
  sampleTime,
} from '../../../support/tasks.ts';
import { thrownBy } from '../../../support/thrown-by.ts';

const deadlineAt = sampleTime + 900_000;
const hour = 3_600_000;
const failure: Failure = { code: 'service_error', message: 'The model broke down.' };
const made: Progress = {
  state: 'succeeded',
  images: [{ url: 'https://provider.example.com/1.png' }, failure],
};

const processing = (more: Partial<Processing> = {}) => processingOne({ n: 2, ...more });

const context = (task: Task, ...poll: readonly (Progress | Error)[]) => contextWith(task, { poll });

type Script = Parameters<typeof scriptedProvider>[0] & { readonly endingFails?: Error };

function contextWith(task: Task, script: Script) {
  const { tasks, put } = memoryStore();
  put(task);
  const clock = settableClock(sampleTime);
  const workflow = memoryWorkflow();
  const provider = scriptedProvider(script);
  const busy: unknown[] = [];
  const unanswered: string[] = [];
  const overdue: string[] = [];
  const failures: unknown[] = [];
  /** How the task was ended, and which waits were kept alive meanwhile. */
  const endings: unknown[] = [];
  const released: unknown[] = [];
  const providerBusy = (taskId: string, cause: ProviderBusy) => void busy.push([taskId, cause]);
  return {
    clock,
    workflow,
    provider,
    busy,
    unanswered,
    overdue,
    endings,
    released,
    failures,
    poll: pollTask({
      tasks,
      workflow,
      releaseSlot: async ({ id, slot }) => void released.push([id, slot]),
      providers: only(provider),
      now: clock.now,
      endTask: async ({ id, outcome }, { isFirst }) => {
        if (script.endingFails) throw script.endingFails;
        endings.push({ ended: id, outcome, isFirst, alive: [...workflow.alive] });
      },
      notifyCaller: async (id) => {
        endings.push({ notified: id, alive: [...workflow.alive] });
      },
      endingFailed: (taskId, cause) => void failures.push([taskId, cause]),
      providerBusy,
      unanswered: ({ id }) => void unanswered.push(id),
      overdue: ({ id }) => void overdue.push(id),
    }),
    find: () => tasks.find(sampleId),
  };
}

describe('a job that is not finished', () => {
  test.each(['queued', 'running'] as const)('%s: the wait goes on', async (state) => {
    const { poll, find, workflow, provider } = context(processing(), { state });

    await poll(sampleId, 'token-1');

    expect(provider.polled).toEqual(['ticket-1']);
    expect(workflow.finished).toEqual([]);
    expect(await find()).toMatchObject({ wakeToken: 'token-1' });
    expect(await find()).not.toHaveProperty('outcome');
  });

  test('a provider that is busy is polled again next time', async () => {
    const error = new ProviderBusy('503');
    const { poll, find, workflow, busy } = context(processing(), error, made);

    await poll(sampleId, 'token-1');
    expect(busy).toEqual([[sampleId, error]]);
    expect(workflow.finished).toEqual([]);

    await poll(sampleId, 'token-2');
    expect(workflow.finished).toEqual(['token-2']);
    expect(await find()).toMatchObject({ outcome: made });
  });
});

describe('a poll without an answer', () => {
  const busy = (retryAfterSeconds?: number) => new ProviderBusy('503', { retryAfterSeconds });

  test.each<[number, number | undefined, { waitSeconds: number; pollSeconds: number }]>([
    [4, undefined, { waitSeconds: 8, pollSeconds: 8 }],
    [8, undefined, { waitSeconds: 16, pollSeconds: 16 }],
    [64, undefined, { waitSeconds: 120, pollSeconds: 120 }],
    [120, undefined, { waitSeconds: 120, pollSeconds: 120 }],
    [4, 3, { waitSeconds: 8, pollSeconds: 8 }],
    [4, 30, { waitSeconds: 30, pollSeconds: 8 }],
    [4, 86_400, { waitSeconds: 300, pollSeconds: 8 }],
  ])(
    'after %i s, with a Retry-After of %s, slows the polls down',
    async (seconds, after, schedule) => {
      const { poll, workflow, find } = context(processing(), busy(after));

      await poll(sampleId, 'token-1', seconds);

      expect(workflow.rescheduled).toEqual([{ token: 'token-1', taskId: sampleId, ...schedule }]);
      expect(workflow.finished).toEqual([]);
      expect(await find()).toMatchObject({ wakeToken: 'token-1', polledAt: sampleTime });
    },
  );

  test.each([
    ['queued', 10, 4],
    ['running', 120, 4],
  ] as const)(
    'is followed by polls at the usual interval when the job is %s: after %i s again every %i s',
    async (state, seconds, usual) => {
      const { poll, workflow, find } = context(processing({ typicalSeconds: 30 }), { state });

      await poll(sampleId, 'token-1', seconds);

      const schedule = { waitSeconds: usual, pollSeconds: usual };
      expect(workflow.rescheduled).toEqual([{ token: 'token-1', taskId: sampleId, ...schedule }]);
      expect(await find()).not.toHaveProperty('outcome');
    },
  );

  test.each([
    ['at the usual interval', 4, 30],
    ['of a task that does not say how long such tasks take', 10, undefined],
  ])('an answer to a poll %s changes nothing', async (_which, seconds, typicalSeconds) => {
    const { poll, workflow } = context(processing({ typicalSeconds }), { state: 'running' });

    await poll(sampleId, 'token-1', seconds);

    expect(workflow.rescheduled).toEqual([]);
  });

  test('leaves the polls of an execution of an older definition as they are', async () => {
    const { poll, workflow } = context(processing(), busy(30));

    await poll(sampleId, 'token-1');

    expect([workflow.rescheduled, workflow.finished]).toEqual([[], []]);
  });
});

test.each([
  [1, 500],
  [2, 1500],
  [4, 3500],
  [60, 59_500],
])(
  'a poll every %i s waits for its answer for %i ms: it is over before the next',
  async (seconds, ms) => {
    const deadlines: unknown[] = [];
    const { tasks, put } = memoryStore();
    put(processing());
    const provider = {
      retentionMs: 1,
      poll: async (_ticket: string, deadlineMs?: number): Promise<Progress> => {
        deadlines.push(deadlineMs);
        return { state: 'running' };
      },
    };
    const unexpected = () => expect.unreachable();

    await pollTask({
      tasks,
      workflow: memoryWorkflow(),
      releaseSlot: async () => undefined,
      providers: only(provider),
      now: () => sampleTime,
      endTask: unexpected,
      notifyCaller: unexpected,
      endingFailed: unexpected,
      providerBusy: unexpected,
      unanswered: unexpected,
      overdue: unexpected,
    })(sampleId, 'token-1', seconds);

    expect(deadlines).toEqual([ms]);
  },
);

describe('a job that is finished', () => {
  test.each<Progress>([made, { state: 'failed', failure }])(
    'its outcome ($state) is written, the task is ended by it, and then the polling ends',
    async (progress) => {
      const { poll, find, workflow, endings } = context(processing(), progress);

      await poll(sampleId, 'token-1', 4);

      expect(await find()).toMatchObject({ status: 'processing', outcome: progress });
      expect(endings).toEqual([
        { ended: sampleId, outcome: progress, isFirst: true, alive: [['token-1', 4]] },
      ]);
      expect(workflow.finished).toEqual(['token-1']);
      expect(workflow.alive.size).toBe(0);
    },
  );

  test.each([
    new ResultUnavailable('result 1 has status 503'),
    new CallbackFailed('attempt 1 got status 503'),
  ])(
    'the wait fails with $name, for which the state is tried again, and nothing is thrown',
    async (error) => {
      const { poll, workflow, failures } = contextWith(processing(), {
        poll: [made],
        endingFails: error,
      });

      await poll(sampleId, 'token-1', 4);

      expect(workflow.failed).toEqual([{ token: 'token-1', error }]);
      expect([workflow.finished, [...workflow.alive]]).toEqual([[], []]);
      expect(failures).toEqual([[sampleId, error]]);
    },
  );

  test('after another error the wait does not end, and the next attempt is not the first', async () => {
    const error = new Error('throttled');
    const failing = contextWith(processing(), { poll: [made], endingFails: error });

    expect(await thrownBy(failing.poll(sampleId, 'token-1', 4))).toBe(error);

    const { workflow } = failing;
    expect([workflow.finished, workflow.failed, [...workflow.alive]]).toEqual([[], [], []]);
    const task = (await failing.find()) ?? expect.unreachable();
    const { poll, endings, provider } = context(task);
    await poll(sampleId, 'token-2', 4);
    expect(provider.polled).toEqual([]);
    expect(endings).toEqual([
      { ended: sampleId, outcome: made, isFirst: false, alive: [['token-2', 4]] },
    ]);
  });

  test('whose outcome was written by another poll meanwhile is ended by that one, not for the first time', async () => {
    const { tasks, put } = memoryStore();
    put(processing());
    const clock = settableClock(sampleTime);
    const endings: unknown[] = [];
    const other = { state: 'failed', failure } as const;

    await pollTask({
      tasks,
      workflow: memoryWorkflow(),
      releaseSlot: async () => undefined,
      providers: only({
        retentionMs: 1,
        poll: async (): Promise<Progress> => {
          await tasks.recordOutcome(sampleId, other, clock.now());
          clock.advance(1);
          return made;
        },
      }),
      now: clock.now,
      endTask: async ({ outcome }, { isFirst }) => void endings.push({ outcome, isFirst }),
      notifyCaller: async () => expect.unreachable(),
      endingFailed: () => expect.unreachable(),
      providerBusy: () => expect.unreachable(),
      unanswered: () => expect.unreachable(),
      overdue: () => expect.unreachable(),
    })(sampleId, 'token-1', 4);

    expect(endings).toEqual([{ outcome: other, isFirst: false }]);
  });

  test('in an execution of an older definition sends no heartbeats: its state expects none', async () => {
    const { poll, endings } = context(processing(), made);

    await poll(sampleId, 'token-1');

    expect(endings).toEqual([{ ended: sampleId, outcome: made, isFirst: true, alive: [] }]);
  });

  test('never more images than requested are written, and nothing that is too long to be a URL', async () => {
    const images = Array.from({ length: 20_000 }, (_, index) => ({
      url: `https://provider.example.com/${index}.png${index === 1 ? 'x'.repeat(500_000) : ''}`,
    }));
    const { poll, find } = context(processing(), { state: 'succeeded', images });

    await poll(sampleId, 'token-1');

    expect(await find()).toMatchObject({
      outcome: {
        images: [{ url: 'https://provider.example.com/0.png' }, { code: 'service_error' }],
      },
    });
  });

  test.each([
    ['is kept', 8192, { url: 'x'.repeat(8192) }],
    ['is an image that cannot be fetched', 8193, { code: 'service_error' }],
  ])('a link %s when it has %i characters', async (_what, length, image) => {
    const images = [{ url: 'x'.repeat(length) }];
    const { poll, find } = context(processing(), { state: 'succeeded', images });

    await poll(sampleId, 'token-1');

    expect(await find()).toMatchObject({ outcome: { images: [image] } });
  });

  test('images that were generated after the deadline count, too', async () => {
    const { poll, find, clock } = context(processing({ deadlineAt }), made);
    clock.advance(1_000_000);

    await poll(sampleId, 'token-1');

    expect(await find()).toMatchObject({ outcome: made });
  });
});

describe('the slot of a job', () => {
  const slot = 'dashscope#0';

  test('is kept until the outcome is known', async () => {
    const { poll, released } = context(processing({ slot }), { state: 'running' });

    await poll(sampleId, 'token-1');

    expect(released).toEqual([]);
  });

  test.each([
    ['whose outcome this poll finds', processing({ slot })],
    ['whose outcome is known', processing({ slot, outcome: made })],
    ['that has ended: the run before may have crashed after its settlement', completed({ slot })],
  ])('is freed with the end of a task %s', async (_, task) => {
    const { poll, released } = context(task, made);

    await poll(sampleId, 'token-1');

    expect(released).toEqual([[sampleId, slot]]);
  });
});

describe('past the deadline', () => {
  const late = {
    code: 'generation_timeout',
    message: 'The task took too long. Nothing was charged; send the task again.',
  };

  test.each(['queued', 'running'] as const)('a job that is still %s fails', async (state) => {
    const { poll, find, workflow, clock, unanswered } = context(processing({ deadlineAt }), {
      state,
    });
    clock.advance(900_000);

    await poll(sampleId, 'token-1');

    expect(await find()).toMatchObject({ outcome: { state: 'failed', failure: late } });
    expect(workflow.finished).toEqual(['token-1']);
    expect(unanswered).toEqual([]);
  });

  test.each<[Progress['state'], boolean | undefined, readonly string[]]>([
    ['queued', true, ['ticket-1']],
    ['queued', undefined, []],
    ['running', true, []],
  ])(
    'a job that is still %s (can be cancelled: %s) is cancelled at the provider: %j',
    async (state, cancellable, cancelled) => {
      const task = processing({ deadlineAt, cancellable });
      const { poll, find, clock, provider } = contextWith(task, {
        cancel: ['cancelled'],
        poll: [state === 'queued' ? { state } : { state: 'running' }],
      });
      clock.advance(900_000);

      await poll(sampleId, 'token-1');

      expect(provider.cancelled).toEqual(cancelled);
      expect(await find()).toMatchObject({ outcome: { state: 'failed', failure: late } });
    },
  );

  test('a job is cancelled also when its task cannot be ended at once', async () => {
    const { poll, clock, provider, find } = contextWith(
      processing({ deadlineAt, cancellable: true }),
      { cancel: ['cancelled'], poll: [{ state: 'queued' }], endingFails: new Error('throttled') },
    );
    clock.advance(900_000);

    await thrownBy(poll(sampleId, 'token-1'));

    expect(provider.cancelled).toEqual(['ticket-1']);
    expect(await find()).toMatchObject({ outcome: { state: 'failed', failure: late } });
  });

  test('a job whose cancellation breaks has failed all the same', async () => {
    const { poll, find, clock, workflow } = contextWith(
      processing({ deadlineAt, cancellable: true }),
      { cancel: [new Error('broken')], poll: [{ state: 'queued' }] },
    );
    clock.advance(900_000);

    await thrownBy(poll(sampleId, 'token-1'));
    await poll(sampleId, 'token-2');

    expect(await find()).toMatchObject({ outcome: { state: 'failed', failure: late } });
    expect(workflow.finished).toEqual(['token-1', 'token-2']);
  });

  test('a job of which the provider says nothing is asked for again, and completes if it is finished', async () => {
    const silence = new ProviderBusy('503');
    const { poll, find, workflow, clock } = context(
      processing({ deadlineAt }),
      silence,
      silence,
      made,
    );
    clock.advance(900_000);
    await poll(sampleId, 'token-1');
    clock.advance(22 * hour);
    await poll(sampleId, 'token-2');

    expect(await find()).not.toHaveProperty('outcome');
    expect(workflow.finished).toEqual([]);
    await poll(sampleId, 'token-3');
    expect(await find()).toMatchObject({ outcome: made });
  });

  test.each([
    [-1, []],
    [0, [sampleId]],
  ])(
    'a job of which the provider says nothing fails a day after its submit, when the provider forgets it: %i ms from then',
    async (ms, expected) => {
      const task = processing({ deadlineAt });
      const { poll, find, clock, unanswered } = context(task, new ProviderBusy('503'));
      clock.advance(task.submittedAt + 24 * hour + ms - sampleTime);

      await poll(sampleId, 'token-1');

      expect(unanswered).toEqual(expected);
      const failed = expect.objectContaining({ outcome: { state: 'failed', failure: late } });
      expect([await find()]).toEqual(
        expected.length > 0
          ? [failed]
          : [expect.not.objectContaining({ outcome: expect.anything() })],
      );
    },
  );

  test.each([
    [60_000, new ProviderBusy('503'), []],
    [60_001, new ProviderBusy('503'), [sampleId]],
    [60_001, { state: 'queued' as const }, []],
  ])(
    'a task of which the provider says nothing is reported, from a minute on: %i ms, %j',
    async (ms, response, reported) => {
      const { poll, clock, overdue } = context(processing({ deadlineAt }), response);
      clock.advance(900_000 + ms);

      await poll(sampleId, 'token-1', 4);

      expect(overdue).toEqual(reported);
    },
  );

  test('is not reached a millisecond before it', async () => {
    const { poll, workflow, clock } = context(processing({ deadlineAt }), { state: 'running' });
    clock.advance(899_999);

    await poll(sampleId, 'token-1');

    expect(workflow.finished).toEqual([]);
  });

  test('is a task without a deadline, too', async () => {
    const { poll, find } = context(processing({ deadlineAt: undefined }), { state: 'running' });

    await poll(sampleId, 'token-1');

    expect(await find()).toMatchObject({ outcome: { failure: { code: 'generation_timeout' } } });
  });
});

describe('a task that the caller has cancelled', () => {
  const task = processing({ cancelledAt: sampleTime, cancellable: true });
  const queued: Progress = { state: 'queued' };
  const cancelledThere: Progress = {
    state: 'failed',
    failure: { code: 'request_cancelled', message: 'It was cancelled.' },
  };

  test.each<CancelResult>(['cancelled', 'requested', 'refused'])(
    'fails when the provider says after its answer "%s" that the job is cancelled',
    async (answer) => {
      const { poll, find, workflow, provider } = contextWith(task, {
        cancel: [answer],
        poll: [queued, cancelledThere],
      });

      await poll(sampleId, 'token-1');

      expect([provider.cancelled, provider.polled]).toEqual([
        ['ticket-1'],
        ['ticket-1', 'ticket-1'],
      ]);
      expect(await find()).toMatchObject({ outcome: cancelledThere });
      expect(workflow.finished).toEqual(['token-1']);
    },
  );

  test.each<CancelResult>(['cancelled', 'requested', 'refused'])(
    'goes on when the provider answers "%s" and says later that it made the images: it is asked once',
    async (answer) => {
      const { poll, find, provider } = contextWith(task, {
        cancel: [answer],
        poll: [queued, queued, queued, { state: 'running' }, made],
      });

      for (const token of ['token-1', 'token-2', 'token-3']) await poll(sampleId, token);
      expect(await find()).not.toHaveProperty('outcome');
      await poll(sampleId, 'token-4');

      expect(provider.cancelled).toEqual(['ticket-1']);
      expect(await find()).toMatchObject({ outcome: made, cancelledAt: sampleTime });
    },
  );

  test('asks the provider again only when its answer was not clear', async () => {
    const { poll, find, provider } = contextWith(task, {
      cancel: ['unknown', 'cancelled'],
      poll: [queued, queued, cancelledThere],
    });

    await poll(sampleId, 'token-1');
    expect(await find()).not.toHaveProperty('outcome');
    await poll(sampleId, 'token-2');

    expect(provider.cancelled).toEqual(['ticket-1', 'ticket-1']);
    expect(await find()).toMatchObject({ outcome: cancelledThere });
  });

  test.each<[string, readonly CancelResult[] | undefined, Task, Progress | Error]>([
    ['runs already', ['cancelled'], task, { state: 'running' }],
    ['is not known', ['cancelled'], task, new ProviderBusy('503')],
    [
      'is queued, and the provider cannot cancel',
      undefined,
      processing({ cancelledAt: sampleTime }),
      queued,
    ],
  ])('whose job %s goes on, and nothing is asked for', async (_what, cancel, before, response) => {
    const { poll, find, workflow, provider } = contextWith(before, { cancel, poll: [response] });

    await poll(sampleId, 'token-1');

    expect(provider.cancelled).toEqual([]);
    expect(await find()).not.toHaveProperty('outcome');
    expect(workflow.finished).toEqual([]);
  });

  test.each<Progress>([made, { state: 'failed', failure }])(
    'and whose job has $state keeps the outcome of the job',
    async (progress) => {
      const { poll, find, provider } = contextWith(task, {
        cancel: ['cancelled'],
        poll: [progress],
      });

      await poll(sampleId, 'token-1');

      expect(await find()).toMatchObject({ outcome: progress });
      expect(provider.cancelled).toEqual([]);
    },
  );

  test.each([
    // How long each answer takes; the deadlines of the requests that are sent; whether it may still be cancelled.
    [[0, 0, 0], [3500, 3500, 3500], undefined],
    [[1000, 2000, 0], [3500, 2500, 500], undefined],
    [[1000, 2400, 0], [3500, 2500], undefined],
    [[3300, 0, 0], [3500], true],
  ] as const)(
    'its requests take no longer than one poll may: with answers after %j ms they wait for %j ms',
    async (durations, deadlines, cancellable) => {
      const { tasks, put } = memoryStore();
      put(task);
      const clock = settableClock(sampleTime);
      const sent: unknown[] = [];
      const request = async <T>(deadlineMs: number | undefined, answer: T): Promise<T> => {
        clock.advance(durations[sent.push(deadlineMs) - 1] ?? 0);
        return answer;
      };
      const unexpected = () => expect.unreachable();

      await pollTask({
        tasks,
        workflow: memoryWorkflow(),
        releaseSlot: async () => undefined,
        providers: only({
          retentionMs: 1,
          poll: (_ticket: string, deadlineMs?: number) => request(deadlineMs, queued),
          cancel: (_ticket: string, deadlineMs?: number) =>
            request<CancelResult>(deadlineMs, 'requested'),
        }),
        now: clock.now,
        endTask: unexpected,
        notifyCaller: unexpected,
        endingFailed: unexpected,
        providerBusy: unexpected,
        unanswered: unexpected,
        overdue: unexpected,
      })(sampleId, 'token-1', 4);

      expect(sent).toEqual(deadlines);
      expect(Object(await tasks.find(sampleId)).cancellable).toBe(cancellable);
    },
  );

  test('a poll that throws is repeated, with nothing written', async () => {
    const error = new Error('broken');
    const { poll, find, workflow } = contextWith(task, {
      cancel: [error, 'cancelled'],
      poll: [queued, queued, cancelledThere],
    });

    expect(await thrownBy(poll(sampleId, 'token-1'))).toBe(error);
    expect(await find()).not.toHaveProperty('outcome');
    expect(workflow.finished).toEqual([]);

    await poll(sampleId, 'token-2');
    expect(await find()).toMatchObject({ outcome: cancelledThere });
  });
});

test.each([
  ['queued', true],
  ['running', undefined],
] as const)(
  'a job that is %s can be cancelled, as far as is known: %s',
  async (state, cancellable) => {
    const { poll, find } = context(processing({ cancellable: true }), { state });

    await poll(sampleId, 'token-1');

    expect(Object(await find()).cancellable).toBe(cancellable);
  },
);

test.each<[string, Task, object]>([
  [
    'has its outcome is ended',
    processing({ outcome: { state: 'failed', failure } }),
    { ended: sampleId, outcome: { state: 'failed', failure }, isFirst: false },
  ],
  ['has ended has its caller notified', completed(), { notified: sampleId }],
])('a task that %s without a request to the provider', async (_what, task, ending) => {
  const { poll, workflow, provider, endings } = context(task, made);

  await poll(sampleId, 'token-1', 4);

  expect(endings).toEqual([{ ...ending, alive: [['token-1', 4]] }]);
  expect(workflow.finished).toEqual(['token-1']);
  expect(provider.polled).toEqual([]);
});

test('a task that was never submitted cannot be polled', async () => {
  const { poll, workflow } = context(pending(), made);

  await expect(poll(sampleId, 'token-1')).rejects.toThrow('is polled without a ticket');
  expect(workflow.finished).toEqual([]);
});

test('any error but ProviderBusy is thrown', async () => {
  const error = new ProviderRejected(failure);
  const { poll, workflow } = context(processing(), error);

  await expect(poll(sampleId, 'token-1')).rejects.toBe(error);
  expect(workflow.finished).toEqual([]);
});

describe('while the keys of the providers are read', () => {
  test('the poll begins already', async () => {
    const started: string[] = [];
    const poll = readingKeysMeanwhile(
      () => {
        started.push('keys');
        return new Promise(() => undefined); // never read
      },
      async (taskId: string) => {
        started.push(taskId);
        return 'polled';
      },
    );

    expect(await poll(sampleId)).toBe('polled');
    expect(started).toEqual(['keys', sampleId]);
  });

  test('a failure to read them fails the poll only where it uses a key', async () => {
    const poll = readingKeysMeanwhile(
      () => Promise.reject(new Error('the secret cannot be read')),
      async () => 'polled',
    );

    expect(await poll()).toBe('polled');
  });
});
