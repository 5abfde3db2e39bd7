import { expect, test } from 'vitest';
import { rejections } from '../../functions/adapters/aws/dynamodb/rejections.ts';
import { settableClock } from '../support/fakes.ts';
import { dynamoDb } from './dynamodb.ts';
import { rowsOf } from './dynamodb-store.ts';
import { tableNames } from './template-resources.ts';

const dayMs = 24 * 60 * 60 * 1000;

async function context() {
  const { client } = await dynamoDb();
  const clock = settableClock(Date.UTC(2026, 10, 30, 12));
  return {
    clock,
    store: rejections(client, tableNames.activity, clock.now),
    rows: () => rowsOf(client, tableNames.activity),
  };
}

test('rejections are counted by day and code, for each provider', async () => {
  const { clock, store } = await context();
  await store.record('dashscope', 'quota_exceeded');
  clock.advance(dayMs);
  await Promise.all(
    Array.from({ length: 5 }, () => store.record('dashscope', 'resource_exhausted')),
  );
  await store.record('dashscope', 'quota_exceeded');
  await store.record('fal', 'service_error');

  expect(await store.recent('dashscope')).toEqual([
    { day: '2026-12-01', code: 'resource_exhausted', count: 5 },
    { day: '2026-12-01', code: 'quota_exceeded', count: 1 },
    { day: '2026-11-30', code: 'quota_exceeded', count: 1 },
  ]);
  expect(await store.recent('fal')).toEqual([
    { day: '2026-12-01', code: 'service_error', count: 1 },
  ]);
  expect(await store.recent('evolink')).toEqual([]);
});

test('days that are over are not shown, and the next rejection removes them', async () => {
  const { clock, store, rows } = await context();
  for (let day = 0; day < 7; day += 1) {
    await store.record('dashscope', 'quota_exceeded');
    clock.advance(dayMs);
  }

  expect((await store.recent('dashscope')).map(({ day }) => day)).toEqual([
    '2026-12-06',
    '2026-12-05',
    '2026-12-04',
    '2026-12-03',
    '2026-12-02',
    '2026-12-01',
  ]);
  clock.advance(3 * dayMs);
  await store.record('dashscope', 'service_error');

  const [row = {}, ...others] = await rows();
  expect(others).toEqual([]);
  expect(Object.keys(row).sort()).toEqual([
    'keyId',
    'rejected_20261204_quota_exceeded',
    'rejected_20261205_quota_exceeded',
    'rejected_20261206_quota_exceeded',
    'rejected_20261210_service_error',
  ]);
});
