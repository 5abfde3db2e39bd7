import { describe, expect, test } from 'vitest';
import type { LiveProviderName } from '../../../../functions/domain/model/catalogue.ts';
import { SubmitUnknown } from '../../../../functions/domain/model/workflow-errors.ts';
import { pending, sampleId } from '../../../support/tasks.ts';
import { thrownBy } from '../../../support/thrown-by.ts';
import {
  busy,
  context,
  jobRejected,
  operatorFailure,
  operatorRejected,
  type Script,
} from './submit-context.ts';

const taskFailed = (code: string) => ({ name: 'TaskFailed', message: code });

describe('the provider that is tried', () => {
  test('is the first available one, and only that one when it accepts the job', async () => {
    const { submit, find, submittedTo, signals } = context(pending(), {
      dashscope: ['ticket-7'],
    });

    await submit();

    expect(submittedTo()).toEqual(['dashscope']);
    expect(await find()).toMatchObject({ provider: 'dashscope', ticket: 'ticket-7' });
    expect(signals).toEqual([]);
  });

  test('is one that is available for the model of the task', async () => {
    const models: string[] = [];
    const availableProviders = async (model: string) => {
      models.push(model);
      return ['fal'] as const;
    };
    const { submit, submittedTo } = context(
      pending(),
      { fal: ['ticket-7'] },
      { availableProviders },
    );

    await submit();

    expect(submittedTo()).toEqual(['fal']);
    expect(models).toEqual(['wan2.5-image-to-image']);
  });

  test.each<[LiveProviderName, string | undefined]>([
    ['dashscope', undefined],
    ['evolink', `https://api.example.com/evolink/${sampleId}`],
    ['fal', `https://api.example.com/fal/${sampleId}`],
  ])('as %s, gets a webhook URL if it supports webhooks', async (name, callbackUrl) => {
    const { submit, submitted } = context(
      pending(),
      { [name]: ['t'] },
      { availableProviders: async () => [name] },
    );

    await submit();

    expect(submitted).toEqual([[name, expect.objectContaining({ taskId: sampleId })]]);
    expect(submitted[0]?.[1].webhookUrl).toBe(callbackUrl);
  });

  test.each<[LiveProviderName, number, object]>([
    ['dashscope', 30, { waitSeconds: 20, pollSeconds: 4 }],
    ['evolink', 40, { waitSeconds: 80, pollSeconds: 60 }],
    ['fal', 90, { waitSeconds: 120, pollSeconds: 60 }],
  ])('as %s, decides the poll schedule', async (name, typicalSeconds, waits) => {
    const availableProviders = async () => [name];
    const { submit, find } = context(pending(), { [name]: ['ticket-7'] }, { availableProviders });

    expect(await submit()).toEqual(waits);

    expect(await find()).toMatchObject({ provider: name, typicalSeconds });
  });

  test('is polled by what was typical when it accepted the job, whatever is typical now', async () => {
    let typical = 100;
    const typicalSeconds = async () => typical;
    const { submit } = context(pending(), { dashscope: ['ticket-7'] }, { typicalSeconds });
    await submit();
    typical = 10;

    expect(await submit()).toEqual({ waitSeconds: 65, pollSeconds: 10 });
  });
});

describe('the next provider', () => {
  test('is tried at once when the one before rejects the operator, who is notified', async () => {
    const { submit, find, submittedTo, signals } = context(pending(), {
      dashscope: [operatorRejected()],
      evolink: ['ticket-7'],
    });

    await submit();

    expect(submittedTo()).toEqual(['dashscope', 'evolink']);
    expect(await find()).toMatchObject({ provider: 'evolink', ticket: 'ticket-7' });
    expect(signals).toEqual([
      ['operator', sampleId, operatorFailure.code],
      ['fallback', sampleId, 'dashscope', 'ProviderRejected'],
    ]);
  });

  test('is tried only at the third try when the one before is busy: waiting is cheaper', async () => {
    const { submit, submittedTo, signals } = context(pending(), {
      dashscope: [busy(), busy(), busy()],
      evolink: ['ticket-7'],
    });

    for (const submitted of [1, 2]) {
      expect(await thrownBy(submit())).toMatchObject({ name: 'ProviderBusy' });
      expect(submittedTo()).toEqual(Array(submitted).fill('dashscope'));
    }
    expect(signals).toEqual([]);

    await submit();
    expect(submittedTo()).toEqual(['dashscope', 'dashscope', 'dashscope', 'evolink']);
    expect(signals).toEqual([['fallback', sampleId, 'dashscope', 'ProviderBusy']]);
  });

  test('is tried after rejections, each of which is counted by its code; an acceptance is not counted', async () => {
    const { submit, rejections } = context(pending({ busyCount: 9 }), {
      dashscope: [operatorRejected()],
      evolink: [busy()],
      fal: ['ticket-7'],
    });

    await submit();

    expect(rejections).toEqual([
      ['dashscope', operatorFailure.code],
      ['evolink', 'resource_exhausted'],
    ]);
  });

  test.each([
    ['rejects the job', jobRejected(), [['dashscope', 'content_policy_violation']]],
    ['does not say', new SubmitUnknown('timed out'), []],
  ])(
    'a response is counted only if it says why: the provider %s',
    async (_what, error, expected) => {
      const { submit, rejections } = context(pending(), { dashscope: [error] });

      await thrownBy(submit());

      expect(rejections).toEqual(expected);
    },
  );

  test('is tried at the third busy answer also when another provider rejects the operator each time', async () => {
    const { submit, submittedTo } = context(pending(), {
      dashscope: [operatorRejected(), operatorRejected(), operatorRejected()],
      evolink: [busy(), busy(), busy()],
      fal: ['ticket-7'],
    });

    for (const _attempt of [1, 2]) {
      expect(await thrownBy(submit())).toMatchObject({ name: 'ProviderBusy' });
      expect(submittedTo()).not.toContain('fal');
    }

    await submit();
    expect(submittedTo().slice(-3)).toEqual(['dashscope', 'evolink', 'fal']);
  });

  test.each([
    ['rejects the job itself', jobRejected(), 'content_policy_violation', []],
    ['does not say', new SubmitUnknown('timed out'), 'service_error', [['unknown', sampleId]]],
  ])('is not tried when the one before %s', async (_what, error, code, expectedSignals) => {
    const { submit, submittedTo, signals } = context(pending({ busyCount: 9 }), {
      dashscope: [error],
      evolink: ['ticket-7'],
    });

    expect(await thrownBy(submit())).toMatchObject(taskFailed(code));

    expect(submittedTo()).toEqual(['dashscope']);
    expect(signals).toEqual(expectedSignals);
  });

  test('is not tried after an error that is not a response of the provider', async () => {
    const bug = new TypeError('undefined is not a function');
    const { submit, find, submittedTo } = context(pending(), {
      dashscope: [bug],
      evolink: ['ticket-7'],
    });

    expect(await thrownBy(submit())).toBe(bug);

    expect(submittedTo()).toEqual(['dashscope']);
    expect(await find()).toHaveProperty('submitLockedAt');
  });

  test('is not tried once the task is cancelled', async () => {
    const { submit, tasks, submittedTo, clock } = context(
      pending(),
      { dashscope: [operatorRejected()], evolink: ['ticket-7'] },
      { onFallback: () => void tasks.requestCancel(sampleId, clock.now(), clock.now() + 60_000) },
    );

    expect(await thrownBy(submit())).toMatchObject(taskFailed('request_cancelled'));

    expect(submittedTo()).toEqual(['dashscope']);
  });
});

describe('when no provider accepts the job', () => {
  test.each<[string, Script, string]>([
    [
      'and all reject the operator, the task fails with the last reason',
      { dashscope: [operatorRejected()], evolink: [operatorRejected()], fal: [operatorRejected()] },
      'TaskFailed service_unavailable',
    ],
    [
      'because the first is busy and the others reject the operator, the task waits for it',
      { evolink: [operatorRejected()], fal: [operatorRejected()] },
      `NoFreeSlot ${sampleId}`,
    ],
    [
      'because the last is busy and the others reject the operator, the task waits for it',
      { dashscope: [operatorRejected()], evolink: [operatorRejected()], fal: [busy()] },
      `NoFreeSlot ${sampleId}`,
    ],
  ])('%s, and the submit lock is released', async (_what, script, expected) => {
    const task = pending({ busyCount: 2 });
    const { submit, find } = context(task, { dashscope: [busy()], ...script });

    const thrown = await thrownBy(submit());

    expect(thrown instanceof Error && `${thrown.name} ${thrown.message}`).toBe(expected);
    expect(await find()).not.toHaveProperty('submitLockedAt');
  });

  test('no fallback is reported after the last provider', async () => {
    const { submit, signals } = context(
      pending(),
      { fal: [operatorRejected()] },
      { availableProviders },
    );

    await thrownBy(submit());

    expect(signals).toEqual([['operator', sampleId, operatorFailure.code]]);
  });

  test('because none has an API key, the task fails and the operator is notified', async () => {
    const { submit, find, signals } = context(
      pending(),
      {},
      { availableProviders: async () => [] },
    );

    expect(await thrownBy(submit())).toMatchObject(taskFailed('service_unavailable'));

    expect(await find()).toMatchObject({
      outcome: { failure: { message: expect.stringContaining('no provider that offers it') } },
    });
    expect(signals).toEqual([['operator', sampleId, 'service_unavailable']]);
  });

  const availableProviders = async () => ['fal'] as const;
});

test.each(['dashscope', 'evolink', 'fal'] as const)(
  'an error before the submit to %s leaves no submit lock',
  async (name) => {
    const broken = () => Promise.reject(new Error('throttled'));
    const availableProviders = async () => [name];
    const ways = [
      { typicalSeconds: broken },
      { inputs: { link: broken } },
      ...(name === 'dashscope' ? [] : [{ webhookUrl: broken }]),
      { availableProviders: broken },
    ];
    for (const way of ways) {
      const task = pending();
      const { submit, find, submitted } = context(
        task,
        { [name]: ['ticket-7'] },
        { availableProviders, ...way },
      );

      await expect(submit()).rejects.toThrow('throttled');

      expect(await find()).toEqual(task);
      expect(submitted).toEqual([]);
    }
  },
);
