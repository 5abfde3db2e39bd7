import type { Capacity, ProviderCapacity } from '../../functions/domain/model/capacity.ts';
import {
  allProviderNames,
  defaultModel,
  type ProviderName,
} from '../../functions/domain/model/catalogue.ts';
import { type Pool, poolOf } from '../../functions/domain/providers/pools.ts';
import { providerSlots, type SlotDeps } from '../../functions/domain/providers/slots.ts';
import { memoryQueue } from './memory-queue.ts';
import { memoryTasks } from './memory-tasks.ts';

type Options = Partial<Pick<SlotDeps, 'queue' | 'now' | 'wake' | 'tasks' | 'grantExpired'>> & {
  /** The limits of providers; a provider that is left out has none. */
  readonly capacities?: Readonly<Record<string, Capacity>>;
};

const unlimited: ProviderCapacity = { countedBy: 'provider' };

/** The slots of the providers, and the queue in front of them, in memory. */
export function memorySlots({
  capacities = {},
  queue = memoryQueue(),
  now = Date.now,
  wake = async () => undefined,
  tasks = memoryTasks({ tasks: new Map(), attempts: new Map() }),
  grantExpired = () => undefined,
}: Options = {}) {
  const pool = (provider: ProviderName, model: string): Pool =>
    poolOf(provider, model, {
      ...unlimited,
      capacity: capacities[provider],
    });
  let calls = 0;
  return providerSlots({
    queue,
    tasks,
    wake,
    now,
    uniqueId: () => `id-${++calls}`,
    grantExpired,
    poolOf: pool,
    pools: allProviderNames.map((name) => pool(name, defaultModel.id)),
  });
}
