import { setTimeout } from 'node:timers/promises';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { queueTable } from '../../functions/adapters/aws/dynamodb/queue-table.ts';
import { providerAdapters } from '../../functions/adapters/providers/registry.ts';
import { defaultModel, type LiveProviderName } from '../../functions/domain/model/catalogue.ts';
import { poolOf } from '../../functions/domain/providers/pools.ts';
import { until } from '../flow/open-stack.ts';
import { type FaultStack, type FaultStackOptions, openFaultStack } from './fault-stack.ts';

const minuteMs = 60_000;
const monthMs = 30 * 24 * 60 * minuteMs;

/** Starts a stack with one provider, whose capacity in the deployment is so many jobs. */
export const openQueueStack = (
  running: number,
  options: Omit<FaultStackOptions, 'parameters'>,
): Promise<FaultStack> =>
  openFaultStack({
    ...options,
    parameters: {
      Providers: 'dashscope',
      DashScopeCapacity: `running=${running},submitsPerSecond=20`,
    },
  });

/** The slots of a provider for the model that tasks have by default: they lie in one row. */
const segmentOf = (provider: LiveProviderName) => ({
  pool: poolOf(provider, defaultModel.id, providerAdapters[provider].capacity).name,
  index: 0,
});
const slotTable = (stack: FaultStack) => queueTable(stack.dynamoDb, stack.tableWithKey('pk'));
const holderId = (number: number): string =>
  `task-unified-1790000000-holder${String(number).padStart(2, '0')}`;

/** The holders of the slots are tasks that do not exist. `since` decides whether the reconciler checks them soon. */
type Holders = {
  readonly since: 'now' | 'in a month';
  readonly providers?: readonly LiveProviderName[];
};

const onlyProvider: readonly LiveProviderName[] = ['dashscope'];

/** Takes all slots of the providers (`slots` of each) for tasks that do not exist. */
export async function takeAllSlots(
  stack: FaultStack,
  slots: number,
  { since, providers = onlyProvider }: Holders,
): Promise<void> {
  const now = stack.clock.now();
  const at = since === 'now' ? now : now + monthMs;
  const lease = { until: at, since: at, held: true, startAt: now };
  for (const segment of providers.map(segmentOf)) {
    for (let number = 1; number <= slots; number += 1) {
      const terms = { slots, now };
      const { done } = await slotTable(stack).takeSlot(segment, holderId(number), lease, terms);
      if (!done) throw new Error('the slots are not free');
    }
  }
}

/** Frees the slots that `takeAllSlots` took. This wakes no task: the reconciler hands the slots out. */
export async function freeSlots(
  stack: FaultStack,
  slots: number,
  providers = onlyProvider,
): Promise<void> {
  for (const segment of providers.map(segmentOf)) {
    for (let number = 1; number <= slots; number += 1) {
      await slotTable(stack).releaseSlot(segment, holderId(number));
    }
  }
}

/** How long nothing has to happen before time passes: longer than any function, and than the wait between two polls. */
const quietMs = 3000;
const lookMs = 250;

/**
 * Lets a minute pass and runs the reconciler whenever executions are open and nothing happens. So a task goes on that
 * waits for a slot which a crash has left taken. The returned function ends this.
 */
export function letTimePass(stack: FaultStack): () => Promise<void> {
  let isOver = false;
  const watch = async () => {
    let quietSince = performance.now();
    let seen = stack.executionEvents.length;
    while (!isOver) {
      await setTimeout(lookMs);
      const isQuiet = stack.lambda.isIdle() && stack.executionEvents.length === seen;
      seen = stack.executionEvents.length;
      if (!isQuiet || stack.taskEvents.runningCount() === 0) quietSince = performance.now();
      if (performance.now() - quietSince < quietMs) continue;
      stack.clock.advance(minuteMs);
      await stack.reconcile();
      quietSince = performance.now();
    }
  };
  const watching = watch();
  return () => {
    isOver = true;
    return watching;
  };
}

/** Enough for every lease to end, and for every slot to be checked. */
const maxRuns = 8;

/** Lets time pass until the queue is empty. Returns the rows that are left if it does not get empty. */
export async function auditQueue(stack: FaultStack): Promise<readonly string[]> {
  await until(stack.isIdle, Boolean);
  for (let run = 0; run < maxRuns; run += 1) {
    if ((await rowsLeft(stack)).length === 0) return [];
    stack.clock.advance(4 * minuteMs);
    await stack.reconcile();
  }
  return rowsLeft(stack);
}

async function rowsLeft(stack: FaultStack): Promise<readonly string[]> {
  const { Items = [] } = await stack.dynamoDb.send(
    new ScanCommand({ TableName: stack.tableWithKey('pk'), ConsistentRead: true }),
  );
  return Items.map((item) => unmarshall(item)).flatMap(({ pk, sk, slots = {}, queued = {} }) => {
    // Each queue has one summary, which the reconciler rewrites.
    if (String(pk).startsWith('summary#')) return [];
    if (!String(pk).startsWith('slots#')) return [`${pk} ${sk} is left`];
    return [
      ...Object.keys(slots)
        .filter((id) => !id.includes('-holder'))
        .map((id) => `${id} has a slot of ${pk}`),
      ...Object.keys(queued).map((name) => `${name} is marked at ${pk}`),
    ];
  });
}
