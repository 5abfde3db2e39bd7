import { expect, test } from 'vitest';
import type { EndedTask } from '../../functions/domain/model/task.ts';
import { completed, failed, keyOf, sampleKey } from '../support/tasks.ts';
import { pagesOf } from './pages.ts';
import { account, grant, keyId, type MakeStore, openTask, type Store, settle } from './stores.ts';

const day = (name: string) => Date.parse(`${name}T12:00:00Z`);
const model = 'wan2.5-image-to-image';
const image = (n: number) => ({ key: `results/${n}`, contentType: 'image/png', bytes: 1 });

/** Opens a task and ends it with these values. */
async function end(store: Store, more: Partial<EndedTask>, made: number): Promise<void> {
  const {
    id,
    account: of,
    keyId: by,
  } = await openTask(store, {
    ...(more.account !== undefined && { account: more.account }),
    ...(more.keyId !== undefined && { keyId: more.keyId }),
  });
  const { finishedAt = 0 } = more;
  const common = { startedAt: finishedAt - 20_000, ...more, id, account: of, keyId: by };
  const images = Array.from({ length: made }, (_, n) => image(n));
  const task =
    made === 0
      ? failed({ ...common, status: 'failed' })
      : completed({ ...common, status: 'completed', images, charged: 400 * made });
  expect(await settle(store, task)).toBeDefined();
}

/** All usage of an account on these days, read in pages of one or two rows. */
async function usageOf({ usage }: Store, of: string, from: string, to: string) {
  const pages = await pagesOf(async (next: string | undefined) => {
    const page = await usage.page(of, { from: next ?? from, to, limit: 2 });
    return { items: page.rows, next: page.next };
  });
  return pages.flat();
}

/** What a task of 20 seconds with so many images adds to the usage; the price of its provider is not known. */
const counted = (images: number, more: object = {}) => ({
  tasks: 1,
  failedTasks: 0,
  images,
  charged: 400 * images,
  providerCost: 0,
  unpricedImages: images,
  seconds: { 18: 1 },
  ...more,
});

/** What every ledger guarantees about usage. */
export function usageContract(make: MakeStore): void {
  test('usage counts tasks, images and credits for each day, key and model', async () => {
    const store = await make();
    const other = 'key-fedcba9876543210';
    await grant(store, account, 0);
    await store.apiKeys.add(sampleKey({ keyId: other }));
    await end(store, { finishedAt: day('2026-11-22') }, 2);
    await end(store, { finishedAt: day('2026-11-22') }, 0);
    await end(store, { finishedAt: day('2026-11-22'), startedAt: day('2026-11-22') - 60_000 }, 3);
    await end(store, { finishedAt: day('2026-11-22'), keyId: other }, 1);
    await end(store, { finishedAt: day('2026-11-23') }, 1);

    expect(await usageOf(store, account, '2026-11-22', '2026-11-23')).toEqual([
      {
        day: '2026-11-22',
        keyId,
        model,
        ...counted(5, { tasks: 3, failedTasks: 1, seconds: { 18: 1, 24: 1 } }),
      },
      { day: '2026-11-22', keyId: other, model, ...counted(1) },
      { day: '2026-11-23', keyId, model, ...counted(1) },
    ]);
  });

  test('usage is read for the given days and for one account', async () => {
    const store = await make();
    for (const date of ['2026-11-21', '2026-11-22', '2026-11-23']) {
      await end(store, { finishedAt: day(date) }, 1);
    }
    await grant(store, 'studio', 0);
    await end(store, { finishedAt: day('2026-11-22'), account: 'studio' }, 1);

    const days = async (of: string, from: string, to: string) =>
      (await usageOf(store, of, from, to)).map((usage) => [usage.day, usage.keyId]);

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

    await settle(store, completed({ id, finishedAt, startedAt: finishedAt - 20_000 }));
    await settle(store, completed({ id, finishedAt: day('2026-11-23') }));

    expect(await usageOf(store, account, '2026-11-22', '2026-11-23')).toEqual([
      { day: '2026-11-22', keyId, model, ...counted(1, { charged: 1200 }) },
    ]);
  });
}
