import { describe, expect, test } from 'vitest';
import { ProviderList } from '../../../../functions/api/list-providers/response.ts';
import {
  type ProviderCapacity,
  sandboxCapacity,
} from '../../../../functions/domain/model/capacity.ts';
import {
  defaultModel,
  type LiveProviderName,
  type ProviderName,
  providerNames,
} from '../../../../functions/domain/model/catalogue.ts';
import { listProviders } from '../../../../functions/domain/providers/list-providers.ts';
import { reconcilerRun } from '../../../../functions/domain/providers/queue-store.ts';
import { pageResponse } from '../../../../functions/domain/wire/cursor.ts';
import { only } from '../../../support/fakes.ts';
import { memoryQueue } from '../../../support/memory-queue.ts';
import { sampleTime } from '../../../support/tasks.ts';

const capacities: Readonly<Record<ProviderName, ProviderCapacity>> = {
  ...only({ countedBy: 'provider' }),
  dashscope: {
    capacity: { running: 100, submitsPerSecond: 5, ahead: 20 },
    countedBy: 'model',
  },
  fal: { capacity: { running: 2 }, countedBy: 'provider' },
  sandbox: sandboxCapacity,
};
const dashscope = 'dashscope/wan2.5-i2i-preview';

function context(order: readonly LiveProviderName[] = ['fal', 'dashscope']) {
  const queue = memoryQueue();
  const list = listProviders({
    order,
    capacities,
    withKey: async () => new Set(['fal']),
    typicalSeconds: async (_model, provider) => (provider === 'fal' ? 90 : 27.5),
    rejections: {
      recent: async (provider) =>
        provider === 'fal' ? [{ day: '2026-11-30', code: 'quota_exceeded', count: 3 }] : [],
    },
    queue,
    now: () => sampleTime,
  });
  const lease = { until: sampleTime + 1, since: sampleTime, held: true, startAt: sampleTime };
  const take = (pool: string, index: number, id: string) =>
    queue.takeSlot({ pool, index }, id, lease, { slots: 9, now: sampleTime });
  return { queue, list, take };
}

type List = ReturnType<typeof context>['list'];
const listed = async (list: List) => {
  const { providers, reconciledAt } = await list();
  const body = { ...pageResponse(providers, undefined), reconciled_at: reconciledAt };
  return ProviderList.parse(body).data;
};
/** Finds a pool of slots by its name. */
const poolsIn = async (list: List) => {
  const pools = (await listed(list)).flatMap(({ slots }) => slots);
  return (wanted: string) => pools.find(({ name }) => name === wanted);
};
const providersIn = async (list: List) => new Map((await listed(list)).map((one) => [one.id, one]));

describe('the providers', () => {
  test('come in their order, those that are not offered last, with whether each has a key', async () => {
    const data = await listed(context().list);

    const notOffered = providerNames.filter((name) => !['fal', 'dashscope'].includes(name));
    expect(notOffered).toContain('evolink');
    expect(data.map(({ id, position, has_key }) => [id, position, has_key])).toEqual([
      ['fal', 1, true],
      ['dashscope', 2, false],
      ...notOffered.map((name) => [name, null, false]),
    ]);
  });

  test('say their capacity, how long a job takes, and what they have rejected', async () => {
    const providers = await providersIn(context().list);

    expect(providers.get('fal')).toMatchObject({
      capacity: { running: 2, submits_per_second: null, ahead: 0 },
      models: expect.arrayContaining([
        expect.objectContaining({ id: defaultModel.id, typical_seconds: 90 }),
      ]),
      rejections: [{ day: '2026-11-30', code: 'quota_exceeded', count: 3 }],
    });
    expect(providers.get('dashscope')).toMatchObject({
      capacity: { running: 100, submits_per_second: 5, ahead: 20 },
    });
    expect(providers.get('evolink')).toMatchObject({ capacity: null });
  });

  test('say how many of their slots are taken, in all segments, and when their pause ends', async () => {
    const { list, take, queue } = context();
    await take(dashscope, 0, 'a');
    await take(dashscope, 0, 'b');
    await take(dashscope, 1, 'c');
    await take('evolink', 0, 'd');
    await queue.pause({ pool: 'fal', index: 0 }, sampleTime + 4500);

    const poolNamed = await poolsIn(list);

    expect(['fal', dashscope, 'evolink'].map(poolNamed)).toEqual([
      {
        name: 'fal',
        total: 2,
        taken: 0,
        waiting: 0,
        oldest_waiting_since: null,
        paused_until: Math.ceil((sampleTime + 4500) / 1000),
      },
      {
        name: dashscope,
        total: 120,
        taken: 3,
        waiting: 0,
        oldest_waiting_since: null,
        paused_until: null,
      },
      {
        name: 'evolink',
        total: null,
        taken: 1,
        waiting: 0,
        oldest_waiting_since: null,
        paused_until: null,
      },
    ]);
  });
});

describe('how many wait', () => {
  /** Three tasks of two accounts that wait for a slot of both providers. */
  async function waiting() {
    const { list, queue } = context();
    const name = `fal+${dashscope}`;
    for (const [flow, taskId] of [
      ['a', '1'],
      ['a', '2'],
      ['b', '3'],
    ] as const) {
      await queue.addWaiting({ queue: name, flow, taskId, since: sampleTime, cost: 1000 });
      await queue.enterFlow({ queue: name, flow }, 0, 'mark');
    }
    for (const pool of ['fal', dashscope]) await queue.markQueued({ pool, index: 0 }, name, 'mark');
    const pools = async () => ['fal', dashscope, 'evolink'].map(await poolsIn(list));
    const counts = async () => (await pools()).map((pool) => pool?.waiting);
    const oldest = async () => (await pools()).map((pool) => pool?.oldest_waiting_since);
    return { queue, name, counts, oldest };
  }

  test('is counted at each provider that may have them', async () => {
    const { counts } = await waiting();

    expect(await counts()).toEqual([3, 3, 0]);
  });

  test('is what the reconciler has counted, as long as that is not old', async () => {
    const { queue, name, counts } = await waiting();

    await queue.writeSummary(name, { takenAt: sampleTime - 60_000, flows: [], waiting: 5000 });
    expect(await counts()).toEqual([5000, 5000, 0]);
    await queue.writeSummary(name, { takenAt: sampleTime - 600_000, flows: [], waiting: 5000 });
    expect(await counts()).toEqual([3, 3, 0]);
  });

  test('comes with the time since when the oldest task waits', async () => {
    const { queue, name, oldest } = await waiting();
    const seconds = Math.floor(sampleTime / 1000);

    expect(await oldest()).toEqual([seconds, seconds, null]);
    const takenAt = sampleTime - 60_000;
    await queue.writeSummary(name, {
      takenAt,
      flows: [],
      waiting: 1,
      oldestSince: sampleTime - 3_600_000,
    });
    expect(await oldest()).toEqual([seconds - 3600, seconds - 3600, null]);
  });

  test('come with the time of the last run of the reconciler, and with none before its first run', async () => {
    const { queue, list } = context();

    const before = await list();
    await queue.writeSummary(reconcilerRun, { takenAt: sampleTime, flows: [] });
    const after = await list();

    expect([before.reconciledAt, after.reconciledAt]).toEqual([null, sampleTime / 1000]);
  });
});
