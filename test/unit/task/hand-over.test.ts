import { describe, expect, test } from 'vitest';
import { SubmitUnknown } from '../../../functions/task/failures.ts';
import { type ProviderName, providerNames } from '../../../functions/task/provider.ts';
import { pending, sampleId } from '../../support/tasks.ts';
import { thrownBy } from '../provider/upstream.ts';
import { aboutTheJob, aboutUs, busy, ours, type Script, world } from './hand-over-world.ts';

const refused = (code: string) => ({ name: 'TaskRefused', message: code });

describe('the provider that is asked', () => {
  test('is the first that is offered, and none but that one when it takes the job', async () => {
    const { submit, find, askedWhom, signals } = world(pending(), { dashscope: ['ticket-7'] });

    await submit();

    expect(askedWhom()).toEqual(['dashscope']);
    expect(await find()).toMatchObject({ provider: 'dashscope', ticket: 'ticket-7' });
    expect(signals).toEqual([]);
  });

  test('is offered by the model of the task', async () => {
    const models: string[] = [];
    const offered = async (model: string) => {
      models.push(model);
      return ['fal'] as const;
    };
    const { submit, askedWhom } = world(pending(), { fal: ['ticket-7'] }, { offered });

    await submit();

    expect(askedWhom()).toEqual(['fal']);
    expect(models).toEqual(['wan2.5-image-to-image']);
  });

  test.each<[ProviderName, string | undefined]>([
    ['dashscope', undefined],
    ['evolink', `https://api.example.com/evolink/${sampleId}`],
    ['fal', `https://api.example.com/fal/${sampleId}`],
  ])('as %s, is told where to call back if it does', async (name, callbackUrl) => {
    const { submit, asked } = world(pending(), { [name]: ['t'] }, { offered: async () => [name] });

    await submit();

    expect(asked).toEqual([[name, expect.objectContaining({ taskId: sampleId })]]);
    expect(asked[0]?.[1].callbackUrl).toBe(callbackUrl);
  });

  test.each<[ProviderName, number, object]>([
    ['dashscope', 30, { waitSeconds: 20, pollSeconds: 4 }],
    ['evolink', 40, { waitSeconds: 80, pollSeconds: 60 }],
    ['fal', 90, { waitSeconds: 120, pollSeconds: 60 }],
  ])('as %s, decides how long is waited', async (name, expectedSeconds, waits) => {
    const offered = async () => [name];
    const { submit, find } = world(pending(), { [name]: ['ticket-7'] }, { offered });

    expect(await submit()).toEqual(waits);

    expect(await find()).toMatchObject({ provider: name, expectedSeconds });
  });

  test('is waited for by what was usual when it took the job, whatever is usual now', async () => {
    let usual = 100;
    const usualSeconds = async () => usual;
    const { submit } = world(pending(), { dashscope: ['ticket-7'] }, { usualSeconds });
    await submit();
    usual = 10;

    expect(await submit()).toEqual({ waitSeconds: 65, pollSeconds: 10 });
  });
});

describe('the next provider', () => {
  test('is asked at once when the one before refuses the operator, who is called', async () => {
    const { submit, find, askedWhom, signals } = world(pending(), {
      ...{ dashscope: [aboutUs()], evolink: ['ticket-7'] },
    });

    await submit();

    expect(askedWhom()).toEqual(['dashscope', 'evolink']);
    expect(await find()).toMatchObject({ provider: 'evolink', ticket: 'ticket-7' });
    expect(signals).toEqual([
      ['operator', sampleId, ours.code],
      ['passed over', sampleId, 'dashscope', 'ProviderRefused'],
    ]);
  });

  test('is asked only at the third try when the one before is busy: waiting is cheaper', async () => {
    const { submit, askedWhom, signals } = world(pending(), {
      ...{ dashscope: [busy(), busy(), busy()], evolink: ['ticket-7'] },
    });

    for (const asked of [1, 2]) {
      expect(await thrownBy(submit())).toMatchObject({ name: 'ProviderBusy' });
      expect(askedWhom()).toEqual(Array(asked).fill('dashscope'));
    }
    expect(signals).toEqual([]);

    await submit();
    expect(askedWhom()).toEqual(['dashscope', 'dashscope', 'dashscope', 'evolink']);
    expect(signals).toEqual([['passed over', sampleId, 'dashscope', 'ProviderBusy']]);
  });

  test.each([
    ['refuses the job itself', aboutTheJob(), 'content_policy_violation', []],
    ['does not say', new SubmitUnknown('timed out'), 'service_error', [['unknown', sampleId]]],
  ])('is not asked when the one before %s', async (_what, error, code, told) => {
    const { submit, askedWhom, signals } = world(pending({ refusals: 9 }), {
      ...{ dashscope: [error], evolink: ['ticket-7'] },
    });

    expect(await thrownBy(submit())).toMatchObject(refused(code));

    expect(askedWhom()).toEqual(['dashscope']);
    expect(signals).toEqual(told);
  });

  test('is not asked when what went wrong is no word of the provider', async () => {
    const bug = new TypeError('undefined is not a function');
    const { submit, find, askedWhom } = world(pending(), {
      ...{ dashscope: [bug], evolink: ['ticket-7'] },
    });

    expect(await thrownBy(submit())).toBe(bug);

    expect(askedWhom()).toEqual(['dashscope']);
    expect(await find()).toHaveProperty('submittingAt');
  });

  test('is not asked once the task is cancelled', async () => {
    const { submit, tasks, askedWhom, clock } = world(
      pending(),
      { dashscope: [aboutUs()], evolink: ['ticket-7'] },
      { passedOver: () => void tasks.cancelled(sampleId, clock.now()) },
    );

    expect(await thrownBy(submit())).toMatchObject(refused('request_cancelled'));

    expect(askedWhom()).toEqual(['dashscope']);
  });
});

describe('when no provider takes the job', () => {
  test.each<[string, Script, string]>([
    [
      'all refuse the operator: it fails with the last reason',
      { dashscope: [aboutUs()], evolink: [aboutUs()], fal: [aboutUs()] },
      'TaskRefused service_unavailable',
    ],
    [
      'the first is busy and the others refuse: it is tried again',
      { evolink: [aboutUs()], fal: [aboutUs()] },
      'ProviderBusy 429',
    ],
    [
      'the last is busy and the others refuse: it is tried again',
      { dashscope: [aboutUs()], evolink: [aboutUs()], fal: [busy()] },
      'ProviderBusy 429',
    ],
  ])('%s', async (_what, script, expected) => {
    const task = pending({ refusals: 2 });
    const { submit, find } = world(task, { dashscope: [busy()], ...script });

    const thrown = await thrownBy(submit());

    expect(thrown instanceof Error && `${thrown.name} ${thrown.message}`).toBe(expected);
    expect(await find()).not.toHaveProperty('submittingAt');
  });

  test('nobody is passed over for nobody', async () => {
    const { submit, signals } = world(pending(), { fal: [aboutUs()] }, { offered });

    await thrownBy(submit());

    expect(signals).toEqual([['operator', sampleId, ours.code]]);
  });

  test('since none has a key, it fails, and the operator is called', async () => {
    const { submit, find, signals } = world(pending(), {}, { offered: async () => [] });

    expect(await thrownBy(submit())).toMatchObject(refused('service_unavailable'));

    expect(await find()).toMatchObject({
      outcome: { failure: { message: expect.stringContaining('no provider that paints it') } },
    });
    expect(signals).toEqual([['operator', sampleId, 'service_unavailable']]);
  });

  const offered = async () => ['fal'] as const;
});

test.each<ProviderName>([...providerNames])(
  'what fails before %s is asked leaves no mark',
  async (name) => {
    const broken = () => Promise.reject(new Error('throttled'));
    const offered = async () => [name];
    const ways = [
      { usualSeconds: broken },
      { inputs: { link: broken } },
      ...(name === 'dashscope' ? [] : [{ callbackUrl: broken }]),
      { offered: broken },
    ];
    for (const way of ways) {
      const task = pending();
      const { submit, find, asked } = world(task, { [name]: ['ticket-7'] }, { offered, ...way });

      await expect(submit()).rejects.toThrow('throttled');

      expect(await find()).toEqual(task);
      expect(asked).toEqual([]);
    }
  },
);
