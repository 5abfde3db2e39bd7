import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { queueTable } from '../functions/adapters/aws/dynamodb/queue-table.ts';
import { flowOf } from '../functions/domain/providers/fair-order.ts';
import { grantSlots } from '../functions/domain/providers/grant-slots.ts';
import type { Pool } from '../functions/domain/providers/pools.ts';
import { reconcileSlots } from '../functions/domain/providers/reconcile-slots.ts';
import { providerSlots } from '../functions/domain/providers/slots.ts';
import { startDynamoDb } from '../local/aws/dynamodb/start-dynamodb.ts';
import { pending } from '../test/support/tasks.ts';
import { startMeter } from './dynamodb-meter.ts';
import { printTable } from './print-table.ts';
import { sum } from './statistics.ts';

// What one step of the queue costs while many tasks wait: the queue's own functions, on the local database.

const table = {
  TableName: 'Queue',
  KeySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' },
    { AttributeName: 'sk', KeyType: 'RANGE' },
  ],
  AttributeDefinitions: [
    { AttributeName: 'pk', AttributeType: 'S' },
    { AttributeName: 'sk', AttributeType: 'S' },
  ],
  BillingMode: 'PAY_PER_REQUEST',
} as const;
const anybody = {
  region: 'us-east-1',
  credentials: {
    accessKeyId: 'bench',
    secretAccessKey: 'bench',
  },
};
const lengths = [100, 10_000];
const now = 1_790_000_000_000;
const segment = { pool: 'dashscope/model', index: 0, slots: 6, submitIntervalMs: 200 };
const pool: Pool = {
  name: segment.pool,
  provider: 'dashscope',
  isLimited: true,
  segments: [segment],
};

/** Measures and prints; returns the rows. */
export async function benchQueueRows(): Promise<readonly object[]> {
  const rows = [];
  for (const length of lengths) rows.push(...(await measure(length)));
  printTable('The queue with so many waiting tasks', rows);
  return rows;
}

const idOf = (number: number): string =>
  `task-unified-1790000000-${number.toString(36).padStart(8, '0')}`;

async function measure(length: number) {
  const database = await startDynamoDb({ tables: [table] });
  const client = new DynamoDBClient({ ...anybody, endpoint: database.url });
  const meter = await startMeter({ url: database.url, client, tables: [table] });
  const metered = new DynamoDBClient({ ...anybody, endpoint: meter.url });
  let time = now;
  const taskOf = (id: string) =>
    pending({ id, account: 'busy', queue: { pools: [pool.name], since: now }, wakeToken: 'token' });
  const deps = {
    queue: queueTable(metered, table.TableName),
    tasks: { findRecord: async (id: string) => taskOf(id), recordQueued: async () => undefined },
    wake: async () => undefined,
    now: () => time,
    uniqueId: () => `mark-${Math.random()}`,
    grantExpired: () => undefined,
    poolOf: () => pool,
    pools: [pool],
  };
  try {
    await fill(queueTable(client, table.TableName), length);
    const slots = providerSlots(deps);
    const step = async (name: string, act: () => Promise<unknown>) => {
      meter.units.write.clear();
      meter.units.read = 0;
      time += 1000;
      const started = performance.now();
      await act();
      return {
        waiting: length,
        step: name,
        'write units': sum([...meter.units.write.values()]),
        'read units': meter.units.read,
        ms: (performance.now() - started).toFixed(0),
      };
    };
    return [
      await step('a task enters', () => slots.enter(taskOf(idOf(length + 1)))),
      await step('a slot is handed on', () => slots.free(idOf(-1), `${pool.name}#0`)),
      await step('nothing is free', () => grantSlots(deps)(segment, 3)),
      await step('a minute of the reconciler', () =>
        reconcileSlots({ ...deps, reclaimed: () => undefined })(),
      ),
    ];
  } finally {
    for (const one of [client, metered]) one.destroy();
    await meter.close();
    await database.close();
  }
}

/** Takes all slots, and lets so many tasks of one account wait. */
async function fill(queue: ReturnType<typeof queueTable>, length: number): Promise<void> {
  for (let number = 1; number <= segment.slots; number += 1) {
    const lease = { until: now + 1_200_000, since: now, held: true, startAt: now };
    await queue.takeSlot(segment, idOf(-number), lease, { slots: segment.slots, now });
  }
  const flow = { queue: pool.name, flow: flowOf('busy') };
  await queue.enterFlow(flow, 0, 'first');
  await queue.markQueued(segment, pool.name, 'first');
  const numbers = Array(length).keys();
  const work = async () => {
    for (const number of numbers) {
      await queue.addWaiting({ ...flow, since: now + number, taskId: idOf(number), cost: 1000 });
    }
  };
  await Promise.all(Array.from({ length: 20 }, work));
}
