import { expect, test } from 'vitest';
import type { EndedTask } from '../../functions/domain/model/task.ts';
import { completed, failed, keyOf, sampleKey } from '../support/tasks.ts';
import { account, grant, keyId, type MakeStore, openTask, type Store, settle } from './stores.ts';

const day = (name: string) => Date.parse(`${name}T12:00:00Z`);
const model = 'wan2.5-image-to-image';
const image = (n: number) => ({ key: `results/${n}`, contentType: 'image/png', bytes: 1 });

/** Opens a task and ends it like this. */
async function end(store: Store, more: Partial<EndedTask>, made: number): Promise<void> {
  const {
    id,
    account: of,
    keyId: by,
  } = await openTask(store, {
    ...(more.account !== undefined && { account: more.account }),
    ...(more.keyId !== undefined && { keyId: more.keyId }),
  });
  const common = { ...more, id, account: of, keyId: by };
  const images = Array.from({ length: made }, (_, n) => image(n));
  const task =
    made === 0
      ? failed({ ...common, status: 'failed' })
      : completed({ ...common, status: 'completed', images, charged: 400 * made });
  expect(await settle(store, task)).toBeDefined();
}

/** What every ledger guarantees about usage. */
export function usageContract(make: MakeStore): void {
  test('usage counts tasks, images and credits for each day, key and model', async () => {
    const store = await make();
    const other = 'key-fedcba9876543210';
    await grant(store, account, 0);
    await store.apiKeys.add(sampleKey({ keyId: other }));
    await end(store, { finishedAt: day('2026-11-22') }, 2);
    await end(store, { finishedAt: day('2026-11-22') }, 0);
    await end(store, { finishedAt: day('2026-11-22') }, 3);
    await end(store, { finishedAt: day('2026-11-22'), keyId: other }, 1);
    await end(store, { finishedAt: day('2026-11-23') }, 1);

    expect(await store.usage.between(account, '2026-11-22', '2026-11-23')).toEqual([
      { day: '2026-11-22', keyId, model, tasks: 3, failedTasks: 1, images: 5, charged: 2000 },
      {
        day: '2026-11-22',
        keyId: other,
        model,
        tasks: 1,
        failedTasks: 0,
        images: 1,
        charged: 400,
      },
      { day: '2026-11-23', keyId, model, tasks: 1, failedTasks: 0, images: 1, charged: 400 },
    ]);
  });

  test('usage is that of the days that were asked for, and of one account', async () => {
    const store = await make();
    for (const date of ['2026-11-21', '2026-11-22', '2026-11-23']) {
      await end(store, { finishedAt: day(date) }, 1);
    }
    await grant(store, 'studio', 0);
    await end(store, { finishedAt: day('2026-11-22'), account: 'studio' }, 1);

    const days = async (of: string, from: string, to: string) =>
      (await store.usage.between(of, from, to)).map((usage) => [usage.day, usage.keyId]);

    expect(await days(account, '2026-11-22', '2026-11-22')).toEqual([['2026-11-22', keyId]]);
    expect(await days(account, '2026-11-22', '2026-12-31')).toEqual([
      ['2026-11-22', keyId],
      ['2026-11-23', keyId],
    ]);
    expect(await days('studio', '2026-01-01', '2026-12-31')).toEqual([
      ['2026-11-22', keyOf('studio')],
    ]);
    expect(await days('nobody', '2026-01-01', '2026-12-31')).toEqual([]);
  });

  test('a task that is settled twice is counted once', async () => {
    const store = await make();
    const { id } = await openTask(store);
    const finishedAt = day('2026-11-22');

    await settle(store, completed({ id, finishedAt }));
    await settle(store, completed({ id, finishedAt: day('2026-11-23') }));

    expect(await store.usage.between(account, '2026-11-22', '2026-11-23')).toEqual([
      { day: '2026-11-22', keyId, model, tasks: 1, failedTasks: 0, images: 1, charged: 1200 },
    ]);
  });
}
