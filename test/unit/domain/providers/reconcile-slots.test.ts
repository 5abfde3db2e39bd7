import { expect, test } from 'vitest';
import type { ProviderName } from '../../../../functions/domain/model/catalogue.ts';
import { poolOf } from '../../../../functions/domain/providers/pools.ts';
import { reconcileSlots } from '../../../../functions/domain/providers/reconcile-slots.ts';
import { providerSlots } from '../../../../functions/domain/providers/slots.ts';
import { memoryStore, settableClock } from '../../../support/fakes.ts';
import { memoryQueue } from '../../../support/memory-queue.ts';
import { failed, pending, sampleId, sampleTime } from '../../../support/tasks.ts';

const minuteMs = 60_000;

function context() {
  const { tasks, put } = memoryStore();
  const clock = settableClock(sampleTime);
  const queue = memoryQueue();
  const pool = (provider: ProviderName, model: string) =>
    poolOf(provider, model, { capacity: { running: 2 }, countedBy: 'provider' });
  const reclaimed: string[] = [];
  const deps = {
    queue,
    tasks,
    wake: async () => undefined,
    now: clock.now,
    uniqueId: () => 'id',
    grantExpired: () => undefined,
    poolOf: pool,
    pools: [pool('fal', 'any')],
    reclaimed: (taskId: string) => void reclaimed.push(taskId),
  };
  const taken = async () => [...(await queue.readSlots({ pool: 'fal', index: 0 })).leases.keys()];
  return { put, clock, slots: providerSlots(deps), run: reconcileSlots(deps), reclaimed, taken };
}

test('a slot that is kept for a submit with an unknown outcome ends at its time, and does not count as a forgotten slot', async () => {
  const { put, clock, slots, run, reclaimed, taken } = context();
  const task = pending();
  put(task);
  const { slot } = (await slots.take(task, ['fal'])) ?? {};
  await slots.keep({ ...task, slot }, 90);
  put(failed({ slot }));
  await slots.release(failed({ slot }));

  clock.advance(3 * minuteMs);
  await run();
  expect(await taken()).toEqual([sampleId]);
  clock.advance(minuteMs);
  await run();

  expect(await taken()).toEqual([]);
  expect(reclaimed).toEqual([]);
});

test('a slot of a task that ended without freeing it is freed and counted', async () => {
  const { put, clock, slots, run, reclaimed, taken } = context();
  const task = pending();
  put(task);
  const { slot } = (await slots.take(task, ['fal'])) ?? {};
  put(failed({ slot }));

  clock.advance(3 * minuteMs);
  await run();

  expect(await taken()).toEqual([]);
  expect(reclaimed).toEqual([sampleId]);
});
