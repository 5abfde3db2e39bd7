import { describe, expect, test } from 'vitest';
import { ProviderBusy, ProviderRefused, SubmitUnknown } from '../../../functions/task/failures.ts';
import { submitTask } from '../../../functions/task/submit-task.ts';
import type { Failure, Task } from '../../../functions/task/task.ts';
import { memoryInputs, memoryStore, scriptedProvider } from '../../support/fakes.ts';
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
    ...{ tasks, inputs: memoryInputs(), provider, providerName: 'dashscope', now: () => now },
    usualSeconds: () => 30,
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

    expect(await submit(sampleId)).toEqual({ waitSeconds: 24, pollSeconds: 3 });

    expect(await find()).toMatchObject({
      ...{ status: 'processing', ticket: 'ticket-7', submittedAt: now },
      ...{ submittingAt: now, provider: 'dashscope' },
    });
  });

  test('is not handed over again when the state is entered again', async () => {
    const { submit, provider } = world(pending(), 'ticket-7');
    await submit(sampleId);

    expect(await submit(sampleId)).toEqual({ waitSeconds: 24, pollSeconds: 3 });

    expect(provider.jobs).toHaveLength(1);
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

    await submitTask({ ...needs, provider })(sampleId);

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
