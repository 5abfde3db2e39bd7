import { describe, expect, test } from 'vitest';
import {
  type Failure,
  maxQueueMs,
  type Pending,
  type Processing,
  type Task,
  type TaskRef,
} from '../../../../functions/domain/model/task.ts';
import {
  ProviderBusy,
  ProviderRejected,
  SubmitUnknown,
} from '../../../../functions/domain/model/workflow-errors.ts';
import type { TaskStore } from '../../../../functions/domain/tasks/ports.ts';
import { submitTask } from '../../../../functions/domain/tasks/submit-task.ts';
import { memoryInputs, memoryStore, only, scriptedProvider } from '../../../support/fakes.ts';
import { memorySlots } from '../../../support/slots.ts';
import { failed, pending, processing, sampleId, sampleTime } from '../../../support/tasks.ts';
import { thrownBy } from '../../../support/thrown-by.ts';

const now = sampleTime + 5000;
const rejection: Failure = { code: 'content_policy_violation', message: 'The prompt was refused.' };
const unknown: Failure = {
  code: 'service_error',
  message:
    'The provider did not say whether it took the job. Nothing was charged; send the task again.',
};

function context(task: Task, ...responses: readonly (string | Error)[]) {
  const { tasks, put } = memoryStore();
  put(task);
  const provider = scriptedProvider({ submit: responses });
  const signals: unknown[] = [];
  const pauses: number[] = [];
  const deps = {
    tasks,
    inputs: memoryInputs(),
    providers: only(provider),
    now: () => now,
    pause: async (milliseconds: number) => void pauses.push(milliseconds),
    availableProviders: async () => ['dashscope'] as const,
    webhookUrl: async () => 'https://api.example.com/called',
    expectedWait: async () => undefined,
    typicalSeconds: async () => 30,
    slots: memorySlots({ now: () => now }),
    onFallback: () => undefined,
    recordRejection: async () => undefined,
    onAccepted: () => undefined,
    onDeferred: ({ id }: TaskRef, name: string) => void signals.push(['deferred', id, name]),
    outcomeUnknown: ({ id }: TaskRef) => void signals.push(['unknown', id]),
    operatorMustAct: ({ id: taskId }: TaskRef, cause: ProviderRejected) =>
      void signals.push(['operator', taskId, cause]),
  };
  return {
    deps,
    tasks,
    provider,
    signals,
    pauses,
    submit: submitTask(deps),
    find: () => tasks.find(sampleId),
  };
}

test('a job of a model that left the catalogue is not submitted, and its task is not locked', async () => {
  const { submit, provider, find } = context(pending({ model: 'wan1' }), 'ticket-7');

  await expect(submit(sampleId)).rejects.toThrow('has no model wan1 at dashscope any more');

  expect(provider.jobs).toEqual([]);
  expect(await find()).not.toHaveProperty('submitLockedAt');
});

describe('a job that is accepted', () => {
  test('is submitted with everything the provider needs', async () => {
    const options = { seed: 7, watermark: false };
    const inputs = [
      { kind: 'url', url: 'https://example.com/cat.png' },
      { kind: 'upload', contentType: 'image/png' },
    ] as const;
    const { submit, provider } = context(pending({ n: 2, options, inputs }), 'ticket-7');

    await submit(sampleId);

    expect(provider.jobs).toEqual([
      {
        taskId: sampleId,
        model: 'wan2.5-i2i-preview',
        prompt: 'Replace the background with a starry sky',
        n: 2,
        options,
        images: [0, 1].map((index) => `https://inputs.example.com/${sampleId}/${index}`),
      },
    ]);
  });

  test('leaves its ticket on the task and returns the poll schedule', async () => {
    const { submit, find } = context(pending(), 'ticket-7');

    expect(await submit(sampleId)).toEqual({ waitSeconds: 20, pollSeconds: 4 });

    expect(await find()).toMatchObject({
      status: 'processing',
      ticket: 'ticket-7',
      submittedAt: now,
      submitLockedAt: now,
      provider: 'dashscope',
    });
  });

  test('is not submitted again when the state runs again', async () => {
    const { submit, provider } = context(pending(), 'ticket-7');
    await submit(sampleId);

    expect(await submit(sampleId)).toEqual({ waitSeconds: 20, pollSeconds: 4 });

    expect(provider.jobs).toHaveLength(1);
  });
});

describe('a job that the provider has from an earlier execution', () => {
  test.each([
    ['was just accepted', now, 20],
    ['was accepted 10 s ago', now - 10_000, 10],
    ['is typically done by now', now - 30_000, 1],
    ['is overdue', now - 600_000, 1],
  ])(
    'and that %s has a wait that is shorter by that time',
    async (_what, submittedAt, waitSeconds) => {
      const task = processing({ submitLockedAt: submittedAt - 500, submittedAt });
      const { submit, find, provider } = context(task, 'ticket-7');

      expect(await submit(sampleId)).toEqual({ waitSeconds, pollSeconds: 4 });

      expect(provider.jobs).toEqual([]);
      expect(await find()).toEqual(task);
    },
  );

  test.each<[string, Partial<Processing>]>([
    ['cancelled', { cancelledAt: 1 }],
    ['late', { deadlineAt: 1 }],
  ])('is polled also when it is %s: the images may be there', async (_what, more) => {
    const { submit, find } = context(processing(more), 'ticket-7');

    expect(await submit(sampleId)).toMatchObject({ pollSeconds: 4 });

    expect(await find()).not.toHaveProperty('outcome');
  });
});

describe('a job that is cancelled', () => {
  const cancelled: Failure = {
    code: 'request_cancelled',
    message: 'The task was cancelled. Nothing was charged.',
  };

  test.each<[string, Partial<Pending>, Failure]>([
    ['is cancelled', { cancelledAt: now - 1 }, cancelled],
    ['was begun, with an unknown outcome,', { cancelledAt: 2, submitLockedAt: 1 }, unknown],
  ])('a task that %s fails without asking the provider', async (_what, more, failure) => {
    const { submit, find, provider, signals } = context(pending(more), 'ticket-7');

    expect(await thrownBy(submit(sampleId))).toMatchObject({
      name: 'TaskFailed',
      message: failure.code,
    });

    expect(await find()).toMatchObject({ outcome: { state: 'failed', failure } });
    expect(provider.jobs).toEqual([]);
    expect(signals).toEqual(failure === unknown ? [['unknown', sampleId]] : []);
  });

  test('that is cancelled during the submit keeps its ticket: the first poll cancels it', async () => {
    const { deps, find } = context(pending());
    const provider = {
      submit: async () => {
        await deps.tasks.requestCancel(sampleId, now, now + 60_000);
        return 'ticket-7';
      },
      cancel: async () => 'cancelled' as const,
    };

    await submitTask({ ...deps, providers: only(provider) })(sampleId);

    expect(await find()).toMatchObject({
      status: 'processing',
      ticket: 'ticket-7',
      cancelledAt: now,
      cancellable: true,
    });
  });

  test('that is cancelled between two tries of a busy provider is not submitted again', async () => {
    const { submit, tasks, provider, find } = context(
      pending(),
      new ProviderBusy('429'),
      'ticket-7',
    );
    await thrownBy(submit(sampleId));
    await tasks.requestCancel(sampleId, now, now + 60_000);

    expect(await thrownBy(submit(sampleId))).toMatchObject({ message: 'request_cancelled' });

    expect(provider.jobs).toHaveLength(1);
    expect(await find()).toMatchObject({ outcome: { failure: cancelled } });
  });
});

describe('the submit lock', () => {
  test('is on the task before the submit', async () => {
    const { deps, find } = context(pending());
    let before: Task | undefined;
    const provider = {
      submit: async () => {
        before = await find();
        return 'ticket-7';
      },
    };

    await submitTask({ ...deps, providers: only(provider) })(sampleId);

    expect(before).toMatchObject({ status: 'pending', submitLockedAt: now, provider: 'dashscope' });
  });

  test('without a ticket means that the outcome is unknown: the submit is not repeated', async () => {
    const { submit, find, provider, signals } = context(pending({ submitLockedAt: 1 }), 'ticket-7');

    expect(await thrownBy(submit(sampleId))).toMatchObject({
      name: 'TaskFailed',
      message: 'service_error',
    });

    expect(await find()).toMatchObject({ outcome: { state: 'failed', failure: unknown } });
    expect(provider.jobs).toEqual([]);
    expect(signals).toEqual([['unknown', sampleId]]);
  });

  test('is released when the provider is busy, so that submitting again is allowed', async () => {
    const busy = new ProviderBusy('429');
    const { submit, find, provider } = context(pending(), busy, 'ticket-7');

    expect(await thrownBy(submit(sampleId))).toBe(busy);
    expect(await find()).not.toHaveProperty('submitLockedAt');
    expect(await find()).not.toHaveProperty('outcome');

    await submit(sampleId);
    expect(provider.jobs).toHaveLength(2);
    expect(await find()).toMatchObject({ ticket: 'ticket-7' });
  });

  test('is not set when the links could not be made, since nothing was submitted', async () => {
    const { deps, find, provider } = context(pending(), 'ticket-7');
    const link = () => Promise.reject(new Error('no credentials'));

    await expect(submitTask({ ...deps, inputs: { link } })(sampleId)).rejects.toThrow(
      'no credentials',
    );

    expect(await find()).not.toHaveProperty('submitLockedAt');
    expect(provider.jobs).toEqual([]);
  });

  test('does not matter when the ticket can be written within some seconds', async () => {
    const { deps, find, pauses } = context(pending(), 'ticket-7');
    let failures = 5;
    const tasks: TaskStore = {
      ...deps.tasks,
      recordSubmitted: (...written) => {
        failures -= 1;
        if (failures >= 0) return Promise.reject(new Error('throttled'));
        return deps.tasks.recordSubmitted(...written);
      },
    };

    await submitTask({ ...deps, tasks })(sampleId);

    expect(await find()).toMatchObject({ status: 'processing', ticket: 'ticket-7' });
    expect(pauses).toEqual([200, 500, 1000, 2000, 4000]);
  });

  test('stays when the ticket could not be written: submitting again would pay twice', async () => {
    const { deps, find, submit, provider } = context(pending(), 'ticket-7', 'ticket-8');
    const recordSubmitted = () => Promise.reject(new Error('throttled'));
    const tasks = { ...deps.tasks, recordSubmitted };
    await expect(submitTask({ ...deps, tasks })(sampleId)).rejects.toThrow('throttled');
    expect(await find()).toMatchObject({ submitLockedAt: now });

    await thrownBy(submit(sampleId));

    expect(provider.jobs).toHaveLength(1);
    expect(await find()).toMatchObject({ outcome: { failure: unknown } });
  });
});

describe('a job that is not accepted', () => {
  test('fails the task with the reason of the provider', async () => {
    const { submit, find, signals } = context(pending(), new ProviderRejected(rejection));

    expect(await thrownBy(submit(sampleId))).toMatchObject({
      name: 'TaskFailed',
      message: 'content_policy_violation',
    });

    expect(await find()).toMatchObject({ outcome: { state: 'failed', failure: rejection } });
    expect(signals).toEqual([]);
  });

  test('notifies the operator when the provider rejects the operator', async () => {
    const cause = new ProviderRejected(rejection, { operatorMustAct: true });
    const { submit, find, signals } = context(pending(), cause);

    await thrownBy(submit(sampleId));

    expect(signals).toEqual([['operator', sampleId, cause]]);
    expect(await find()).toMatchObject({ outcome: { state: 'failed', failure: rejection } });
  });

  test('notifies the operator and fails the task when the outcome is unknown', async () => {
    const { submit, find, signals } = context(pending(), new SubmitUnknown('timed out'));

    expect(await thrownBy(submit(sampleId))).toMatchObject({ name: 'TaskFailed' });

    expect(await find()).toMatchObject({ outcome: { state: 'failed', failure: unknown } });
    expect(signals).toEqual([['unknown', sampleId]]);
  });
});

describe('a task that waits for a slot', () => {
  const waitingFor = (waitedMs: number) =>
    context(pending({ queue: { pools: ['dashscope'], since: now - waitedMs } }), 'ticket-7');

  test('fails when it has waited for a day, with resource_exhausted, and is not submitted', async () => {
    const { submit, provider, find } = waitingFor(24 * 60 * 60 * 1000);

    expect(await thrownBy(submit(sampleId))).toMatchObject({
      name: 'TaskFailed',
      message: 'resource_exhausted',
    });

    expect(await find()).toMatchObject({
      outcome: { state: 'failed', failure: { code: 'resource_exhausted' } },
    });
    expect(provider.jobs).toEqual([]);
  });

  test('waits on until then', async () => {
    expect(maxQueueMs).toBe(24 * 60 * 60 * 1000);
    const { submit, find } = waitingFor(maxQueueMs - 1);

    expect(await thrownBy(submit(sampleId))).toMatchObject({ name: 'NoFreeSlot' });

    expect(await find()).toMatchObject({ queue: { since: now - (maxQueueMs - 1) } });
    expect(await find()).not.toHaveProperty('outcome');
  });
});

test.each<[string, Task]>([
  ['has ended', failed()],
  ['has its outcome', pending({ outcome: { state: 'failed', failure: rejection } })],
  [
    'has an outcome that the provider reported',
    processing({ outcome: { state: 'succeeded', images: [] } }),
  ],
])('a task that %s is not submitted', async (_what, task) => {
  const { submit, provider } = context(task, 'ticket-7');

  expect(await thrownBy(submit(sampleId))).toMatchObject({ name: 'TaskFailed' });

  expect(provider.jobs).toEqual([]);
});
