import { marshall } from '@aws-sdk/util-dynamodb';
import { expect, test } from 'vitest';
import { sizeOf } from '../../bench/capacity.ts';
import { writeAll } from '../../functions/adapters/aws/dynamodb/transaction.ts';
import { addUsage } from '../../functions/adapters/aws/dynamodb/usage.ts';
import { durationBuckets } from '../../functions/domain/billing/duration-histogram.ts';
import { completed, sampleTime } from '../support/tasks.ts';
import { dynamoDb } from './dynamodb.ts';
import { rowsOf } from './dynamodb-store.ts';
import { tableNames } from './template-resources.ts';

// A write costs a unit for each kilobyte of the row, so counting costs the same for ever only if a row stays below one.

const keys = ['key-0000000000000001', 'key-0000000000000002', 'key-0000000000000003'];
const models = [
  'wan2.5-image-to-image',
  'a-model-with-a-name-that-is-sixty-four-characters-long-or-so-abc',
];
const account = 'a'.repeat(63);

test('a row of usage stays below a kilobyte, with every duration, many keys and models, and ten million tasks in each', async () => {
  const { client } = await dynamoDb();
  for (const keyId of keys) {
    for (const model of models) {
      for (let bucket = 0; bucket < durationBuckets; bucket += 1) {
        const task = completed({
          account,
          keyId,
          model,
          startedAt: sampleTime - Math.floor(1000 * 2 ** (bucket / 4)),
          finishedAt: sampleTime,
          charged: 1200,
        });
        const usage = addUsage(tableNames.accounts, { account, shard: 63 }, task);
        expect(await writeAll(client, { usage })).toEqual({ state: 'written' });
      }
    }
  }

  const rows = await rowsOf(client, tableNames.accounts);
  expect(rows).toHaveLength(keys.length * models.length);
  for (const row of rows) {
    // The row as it is after ten million tasks.
    const large = Object.entries(row).map(([name, value]) =>
      typeof value === 'number' ? [name, value * 10_000_019] : [name, value],
    );
    expect(Object.keys(row).filter((name) => /^s\d+$/.test(name))).toHaveLength(durationBuckets);
    expect(sizeOf(marshall(Object.fromEntries(large)))).toBeLessThan(1024);
  }
});
