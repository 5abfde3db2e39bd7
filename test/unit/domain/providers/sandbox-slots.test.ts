import { expect, test } from 'vitest';
import {
  type ProviderCapacity,
  sandboxCapacity,
} from '../../../../functions/domain/model/capacity.ts';
import { defaultModel, type ProviderName } from '../../../../functions/domain/model/catalogue.ts';
import { testAccountOf } from '../../../../functions/domain/model/mode.ts';
import { poolOf, poolsOf } from '../../../../functions/domain/providers/pools.ts';
import { reconcileSlots } from '../../../../functions/domain/providers/reconcile-slots.ts';
import { providerSlots } from '../../../../functions/domain/providers/slots.ts';
import { memoryStore, only } from '../../../support/fakes.ts';
import { memoryQueue } from '../../../support/memory-queue.ts';
import { pending, sampleId, sampleTime } from '../../../support/tasks.ts';

const unlimited: ProviderCapacity = { countedBy: 'provider' };
const capacities: Readonly<Record<ProviderName, ProviderCapacity>> = {
  ...only(unlimited),
  fal: { capacity: { running: 3 }, countedBy: 'provider' },
  sandbox: sandboxCapacity,
};

function context() {
  const { tasks, put } = memoryStore();
  let ids = 0;
  const deps = {
    queue: memoryQueue(),
    tasks,
    wake: async () => undefined,
    now: () => sampleTime,
    uniqueId: () => `id-${++ids}`,
    grantExpired: () => undefined,
    poolOf: (provider: ProviderName, model: string) =>
      poolOf(provider, model, capacities[provider]),
    pools: poolsOf(capacities),
  };
  const state = reconcileSlots({ ...deps, reclaimed: () => undefined });
  return { put, slots: providerSlots(deps), state };
}

test('the one slot of the sandbox, and who waits for it, are not in the numbers of the queue', async () => {
  const { put, slots, state } = context();
  const account = testAccountOf('default');
  const first = pending({ account });
  const second = pending({
    id: sampleId.replace(/.$/, '0'),
    account,
    queue: { pools: slots.poolsFor(defaultModel.id, ['sandbox']), since: sampleTime },
  });
  for (const task of [first, second]) put(task);

  expect(await slots.take(first, ['sandbox'])).toMatchObject({ slot: 'sandbox#0' });
  expect(await slots.take({ ...first, id: second.id }, ['sandbox'])).toBeUndefined();
  expect(await slots.enter(second)).toBe(false);

  expect(await state()).toEqual({ slots: 3, taken: 0, waiting: 0 });
});
