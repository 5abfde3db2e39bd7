import { describe, expect, test } from 'vitest';
import { ProviderBusy, ProviderRefused, SubmitUnknown } from '../../../functions/task/failures.ts';
import { submitTask } from '../../../functions/task/submit-task.ts';
import type { Failure, Pending, Processing, Task } from '../../../functions/task/task.ts';
import { memoryInputs, memoryStore, only, scriptedProvider } from '../../support/fakes.ts';
import { failed, pending, processing, sampleId, sampleTime } from '../../support/tasks.ts';
import { thrownBy } from '../provider/upstream.ts';

const now = sampleTime + 5000;
const refusal: Failure = { code: 'content_policy_violation', message: 'The prompt was refused.' };
const unknown: Failure = {
  code: 'service_error',
  message: 'The provider did not say whether it took the job. Nothing was charged; send it again.',
};

function world(task: Task, ...answers: readonly (string | Error)[]) {
  const { tasks, put } = memoryStore();
  put(task);
  const provider = scriptedProvider({ submit: answers });
  const signals: unknown[] = [];
  const needs = {
    ...{ tasks, inputs: memoryInputs(), providers: only(provider), now: () => now },
    offered: async () => ['dashscope'] as const,
    callbackUrl: async () => 'https://api.example.com/called',
    usualSeconds: async () => 30,
    passedOver: () => undefined,
    outcomeUnknown: (taskId: string) => void signals.push(['unknown', taskId]),
    operatorMustAct: (taskId: string, cause: ProviderRefused) =>
      void signals.push(['operator', taskId, cause]),
  };
  return {
    ...{ needs, tasks, provider, signals },
    submit: submitTask(needs),
    find: () => tasks.find(sampleId),
  };
}

describe('a job that is taken', () => {
  test('is handed over with everything the provider needs', async () => {
    const options = { seed: 7, watermark: false };
    const inputs = [
      { kind: 'url', url: 'https://example.com/cat.png' },
      { kind: 'upload', contentType: 'image/png' },
    ] as const;
    const { submit, provider } = world(pending({ n: 2, options, inputs }), 'ticket-7');

    await submit(sampleId);

    expect(provider.jobs).toEqual([
      {
        ...{ taskId: sampleId, prompt: 'Replace the background with a starry sky', n: 2, options },
        images: [0, 1].map((index) => `https://inputs.example.com/${sampleId}/${index}`),
      },
    ]);
  });

  test('leaves its ticket on the task and says how long to wait', async () => {
    const { submit, find } = world(pending(), 'ticket-7');

    expect(await submit(sampleId)).toEqual({ waitSeconds: 20, pollSeconds: 4 });

    expect(await find()).toMatchObject({
      ...{ status: 'processing', ticket: 'ticket-7', submittedAt: now },
      ...{ submittingAt: now, provider: 'dashscope' },
    });
  });

  test('is not handed over again when the state is entered again', async () => {
    const { submit, provider } = world(pending(), 'ticket-7');
    await submit(sampleId);

    expect(await submit(sampleId)).toEqual({ waitSeconds: 20, pollSeconds: 4 });

    expect(provider.jobs).toHaveLength(1);
  });
});

describe('a job that the provider has, by an execution before', () => {
  test.each([
    ['was just taken', now, 20],
    ['was taken 10 s ago', now - 10_000, 10],
    ['is usually done by now', now - 30_000, 1],
    ['is overdue', now - 600_000, 1],
  ])('and that %s is waited for so much shorter', async (_what, submittedAt, waitSeconds) => {
    const task = processing({ submittingAt: submittedAt - 500, submittedAt });
    const { submit, find, provider } = world(task, 'ticket-7');

    expect(await submit(sampleId)).toEqual({ waitSeconds, pollSeconds: 4 });

    expect(provider.jobs).toEqual([]);
    expect(await find()).toEqual(task);
  });

  test.each<[string, Partial<Processing>]>([
    ['cancelled', { cancelledAt: 1 }],
    ['late', { deadlineAt: 1 }],
  ])('is asked about also when it is %s: it may be there', async (_what, more) => {
    const { submit, find } = world(processing(more), 'ticket-7');

    expect(await submit(sampleId)).toMatchObject({ pollSeconds: 4 });

    expect(await find()).not.toHaveProperty('outcome');
  });
});

describe('a job that is not wanted any more, or not in time', () => {
  const cancelled: Failure = {
    code: 'request_cancelled',
    message: 'The task was cancelled. Nothing was charged.',
  };
  const late: Failure = {
    code: 'generation_timeout',
    message: 'It took too long to get to the provider. Nothing was charged; send the task again.',
  };

  test.each<[string, Partial<Pending>, Failure]>([
    ['is cancelled', { cancelledAt: now - 1, deadlineAt: now + 1 }, cancelled],
    ['is past its deadline', { deadlineAt: now }, late],
    ['is both', { cancelledAt: now - 1, deadlineAt: now - 1 }, cancelled],
    ['was begun, and nobody knows,', { cancelledAt: 2, submittingAt: 1 }, unknown],
  ])('a task that %s is refused without a question', async (_what, more, failure) => {
    const { submit, find, provider, signals } = world(pending(more), 'ticket-7');

    expect(await thrownBy(submit(sampleId))).toMatchObject({
      ...{ name: 'TaskRefused', message: failure.code },
    });

    expect(await find()).toMatchObject({ outcome: { state: 'failed', failure } });
    expect(provider.jobs).toEqual([]);
    expect(signals).toEqual(failure === unknown ? [['unknown', sampleId]] : []);
  });

  test('before its deadline a task is handed over', async () => {
    const { submit, provider } = world(pending({ deadlineAt: now + 1 }), 'ticket-7');

    await submit(sampleId);

    expect(provider.jobs).toHaveLength(1);
  });

  test('cancelled while the provider is asked, it keeps its ticket: the first poll sees it', async () => {
    const { needs, find } = world(pending());
    const provider = {
      submit: async () => {
        await needs.tasks.cancelled(sampleId, now);
        return 'ticket-7';
      },
    };

    await submitTask({ ...needs, providers: only(provider) })(sampleId);

    expect(await find()).toMatchObject({
      ...{ status: 'processing', ticket: 'ticket-7', cancelledAt: now },
    });
  });

  test('cancelled while a busy provider is tried again, it is not asked once more', async () => {
    const { submit, tasks, provider, find } = world(pending(), new ProviderBusy('429'), 'ticket-7');
    await thrownBy(submit(sampleId));
    await tasks.cancelled(sampleId, now);

    expect(await thrownBy(submit(sampleId))).toMatchObject({ message: 'request_cancelled' });

    expect(provider.jobs).toHaveLength(1);
    expect(await find()).toMatchObject({ outcome: { failure: cancelled } });
  });
});

describe('the mark', () => {
  test('is on the task before the provider is asked', async () => {
    const { needs, find } = world(pending());
    let before: Task | undefined;
    const provider = {
      submit: async () => {
        before = await find();
        return 'ticket-7';
      },
    };

    await submitTask({ ...needs, providers: only(provider) })(sampleId);

    expect(before).toMatchObject({ status: 'pending', submittingAt: now, provider: 'dashscope' });
  });

  test('without a ticket beside it means that nobody knows: the provider is not asked again', async () => {
    const { submit, find, provider, signals } = world(pending({ submittingAt: 1 }), 'ticket-7');

    expect(await thrownBy(submit(sampleId))).toMatchObject({
      ...{ name: 'TaskRefused', message: 'service_error' },
    });

    expect(await find()).toMatchObject({ outcome: { state: 'failed', failure: unknown } });
    expect(provider.jobs).toEqual([]);
    expect(signals).toEqual([['unknown', sampleId]]);
  });

  test('goes when the provider says clearly no for now, so that asking again is allowed', async () => {
    const busy = new ProviderBusy('429');
    const { submit, find, provider } = world(pending(), busy, 'ticket-7');

    expect(await thrownBy(submit(sampleId))).toBe(busy);
    expect(await find()).not.toHaveProperty('submittingAt');
    expect(await find()).not.toHaveProperty('outcome');

    await submit(sampleId);
    expect(provider.jobs).toHaveLength(2);
    expect(await find()).toMatchObject({ ticket: 'ticket-7' });
  });

  test('goes when the links could not be made, since nobody was asked yet', async () => {
    const { needs, find, provider } = world(pending(), 'ticket-7');
    const link = () => Promise.reject(new Error('no credentials'));

    await expect(submitTask({ ...needs, inputs: { link } })(sampleId)).rejects.toThrow(
      'no credentials',
    );

    expect(await find()).not.toHaveProperty('submittingAt');
    expect(provider.jobs).toEqual([]);
  });

  test('stays when the ticket could not be written: asking again would pay twice', async () => {
    const { needs, find, submit, provider } = world(pending(), 'ticket-7', 'ticket-8');
    const submitted = () => Promise.reject(new Error('throttled'));
    const tasks = { ...needs.tasks, submitted };
    await expect(submitTask({ ...needs, tasks })(sampleId)).rejects.toThrow('throttled');
    expect(await find()).toMatchObject({ submittingAt: now });

    await thrownBy(submit(sampleId));

    expect(provider.jobs).toHaveLength(1);
    expect(await find()).toMatchObject({ outcome: { failure: unknown } });
  });
});

describe('a job that is not taken', () => {
  test('fails the task with the reason of the provider', async () => {
    const { submit, find, signals } = world(pending(), new ProviderRefused(refusal));

    expect(await thrownBy(submit(sampleId))).toMatchObject({
      ...{ name: 'TaskRefused', message: 'content_policy_violation' },
    });

    expect(await find()).toMatchObject({ outcome: { state: 'failed', failure: refusal } });
    expect(signals).toEqual([]);
  });

  test('calls the operator when it is he who was refused', async () => {
    const cause = new ProviderRefused(refusal, { operatorMustAct: true });
    const { submit, find, signals } = world(pending(), cause);

    await thrownBy(submit(sampleId));

    expect(signals).toEqual([['operator', sampleId, cause]]);
    expect(await find()).toMatchObject({ outcome: { state: 'failed', failure: refusal } });
  });

  test('calls somebody and fails the task when nobody can tell', async () => {
    const { submit, find, signals } = world(pending(), new SubmitUnknown('timed out'));

    expect(await thrownBy(submit(sampleId))).toMatchObject({ name: 'TaskRefused' });

    expect(await find()).toMatchObject({ outcome: { state: 'failed', failure: unknown } });
    expect(signals).toEqual([['unknown', sampleId]]);
  });
});

test.each<[string, Task]>([
  ['has ended', failed()],
  ['has its outcome', pending({ outcome: { state: 'failed', failure: refusal } })],
  [
    'has its outcome already from the provider',
    processing({ outcome: { state: 'succeeded', images: [] } }),
  ],
])('a task that %s is not handed over', async (_what, task) => {
  const { submit, provider } = world(task, 'ticket-7');

  expect(await thrownBy(submit(sampleId))).toMatchObject({ name: 'TaskRefused' });

  expect(provider.jobs).toEqual([]);
});
