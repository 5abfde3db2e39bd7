import { describe, expect, test } from 'vitest';
import { batchTasks } from '../../../functions/task/batch-tasks.ts';
import { placeCursor } from '../../../functions/task/cursor.ts';
import { BatchRequest, ListRequest } from '../../../functions/task/list-request.ts';
import { listTasks } from '../../../functions/task/list-tasks.ts';
import type { Task } from '../../../functions/task/task.ts';
import { memoryHistory } from '../../support/history.ts';
import {
  completed,
  failed,
  pending,
  processing,
  sampleId,
  sampleTime,
} from '../../support/tasks.ts';

const listing = (...tasks: readonly Task[]) =>
  listTasks({
    history: memoryHistory(() => tasks),
    now: () => sampleTime + 15_000,
    usualSeconds: () => 30,
  });
const idOf = (n: number) => `task-unified-1757156493-0000000${n}`;

describe('the list', () => {
  test('says of each task how far it is and what it cost, and nothing of what is in it', async () => {
    const tasks = [
      completed({ id: idOf(4), createdAt: sampleTime + 4000, finishedAt: sampleTime + 24_600 }),
      failed({ id: idOf(3), createdAt: sampleTime + 3000, finishedAt: sampleTime + 5000 }),
      processing({ id: idOf(2), createdAt: sampleTime + 2000, submittedAt: sampleTime }),
      pending({ id: idOf(1), createdAt: sampleTime + 1000 }),
    ];

    const { data } = await listing(...tasks)(ListRequest.parse({}), 'default');

    const common = { model: 'wan2.5-image-to-image', type: 'image' };
    const created = Math.floor(sampleTime / 1000);
    const unfinished = { duration: null, has_results: false, result_count: 0, has_error: false };
    expect(data).toEqual([
      {
        ...{ ...common, id: idOf(4), status: 'completed', progress: 100, duration: 21 },
        ...{ created_at: created + 4, has_results: true, result_count: 1, has_error: false },
        credits_used: 1.2,
      },
      {
        ...{ ...common, id: idOf(3), status: 'failed', progress: 0, duration: 2, has_error: true },
        ...{ created_at: created + 3, has_results: false, result_count: 0, credits_used: 0 },
      },
      {
        ...{ ...common, ...unfinished, id: idOf(2), status: 'processing', progress: 50 },
        ...{ created_at: created + 2, credits_used: null },
      },
      {
        ...{ ...common, ...unfinished, id: idOf(1), status: 'pending', progress: 0 },
        ...{ created_at: created + 1, credits_used: null },
      },
    ]);
  });

  test('goes on where its cursor says, and ends with none', async () => {
    const tasks = [1, 2, 3].map((n) => pending({ id: idOf(n), createdAt: sampleTime + n }));
    const list = listing(...tasks);

    const first = await list(ListRequest.parse({ limit: '2' }), 'default');
    const cursor = first.next_cursor ?? '';
    const second = await list(ListRequest.parse({ limit: '2', cursor }), 'default');

    expect(first.data.map(({ id }) => id)).toEqual([idOf(3), idOf(2)]);
    expect(second).toMatchObject({ data: [{ id: idOf(1) }], next_cursor: null });
  });

  test('takes its times in whole seconds: from the first on, and before the second', async () => {
    const tasks = [1000, 2000, 2999, 3000].map((createdAt, n) =>
      pending({ id: idOf(n), createdAt }),
    );
    const request = ListRequest.parse({ created_after: '2', created_before: '3' });

    const { data } = await listing(...tasks)(request, 'default');

    expect(data.map(({ id }) => id)).toEqual([idOf(2), idOf(1)]);
  });
});

describe('the query of the list', () => {
  const limit = 'limit must be a whole number from 1 to 100';
  const cursor = 'cursor must be the next_cursor of an earlier answer';

  test('may be empty, and ignores what it does not know', () => {
    expect(ListRequest.parse({ page: '2' })).toEqual({ limit: 20 });
  });

  test.each([
    [{ limit: '0' }, limit],
    [{ limit: '101' }, limit],
    [{ limit: '-1' }, limit],
    [{ limit: '1.5' }, limit],
    [{ limit: '' }, limit],
    [{ cursor: '' }, cursor],
    [{ cursor: 'garbage' }, cursor],
    [{ cursor: Buffer.from('[1,"DROP"]').toString('base64url') }, cursor],
    [{ cursor: Buffer.from(`[-1,"${sampleId}"]`).toString('base64url') }, cursor],
    [{ cursor: 'A'.repeat(301) }, cursor],
    [{ status: 'cancelled' }, 'status must be one of: pending, processing, completed, failed'],
    [{ model: 'dall-e' }, 'model must be one of: wan2.5-image-to-image'],
    [{ created_after: 'yesterday' }, 'created_after must be a time in unix seconds'],
    [{ created_before: '123456789012' }, 'created_before must be a time in unix seconds'],
  ])('refuses %j', (query, message) => {
    const [param] = Object.keys(query);

    expect(ListRequest.safeParse(query).error?.issues[0]).toMatchObject({ message, path: [param] });
  });

  test('a cursor leads back to the place it was made from', () => {
    const place = { id: sampleId, createdAt: sampleTime };

    expect(ListRequest.parse({ cursor: placeCursor(place) }).cursor).toEqual(place);
  });
});

describe('the batch', () => {
  const mine = [pending({ id: idOf(1) }), completed({ id: idOf(2) })];
  const foreign = pending({ id: idOf(3), account: 'somebody-else' });
  const batch = batchTasks({ history: memoryHistory(() => [...mine, foreign]) });

  test("is in the order asked for, each once, without what is not there or not the caller's", async () => {
    const task_ids = [idOf(2), idOf(9), idOf(3), 'no-id', idOf(1), idOf(2)];

    const tasks = await batch({ task_ids }, 'default');

    expect(tasks.map(({ id }) => id)).toEqual([idOf(2), idOf(1)]);
  });

  test.each([
    [{}],
    [{ task_ids: [] }],
    [{ task_ids: idOf(1) }],
    [{ task_ids: [7] }],
    [{ task_ids: Array.from({ length: 51 }, () => idOf(1)) }],
  ])('refuses %j', (body) => {
    expect(BatchRequest.safeParse(body).error?.issues[0]).toMatchObject({
      message: 'task_ids must be a list of 1 to 50 task ids',
    });
  });
});
