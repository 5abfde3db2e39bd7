import { expect, test } from 'vitest';
import { checkShard, checkShards } from '../../../../functions/adapters/aws/dynamodb/task-row.ts';
import { isTaskId } from '../../../../functions/domain/model/ids.ts';

test('the ends that a task id can have are spread evenly over all shards', () => {
  const base36 = [...'0123456789abcdefghijklmnopqrstuvwxyz'];
  const ids = base36.flatMap((first) =>
    base36.map((last) => `task-unified-1757156493-imcg5z${first}${last}`),
  );
  const sizes = Map.groupBy(ids, checkShard);

  expect(ids.filter((id) => !isTaskId(id))).toEqual([]);
  expect([...sizes.keys()].sort((a, b) => a - b)).toEqual(
    Array.from({ length: checkShards }, (_, shard) => shard),
  );
  expect(new Set([...sizes.values()].map(({ length }) => length))).toEqual(
    new Set([ids.length / checkShards]),
  );
});
