import { describe, expect, test } from 'vitest';
import type { Task } from '../../../../functions/domain/model/task.ts';
import { batchTasks } from '../../../../functions/domain/tasks/batch-tasks.ts';
import {
  BatchRequest,
  ListRequest,
  listTasks,
} from '../../../../functions/domain/tasks/list-tasks.ts';
import { formatCursorKey } from '../../../../functions/domain/wire/cursor.ts';
import { memoryHistory } from '../../../support/history.ts';
import {
  completed,
  failed,
  pending,
  processing,
  sampleId,
  sampleTime,
} from '../../../support/tasks.ts';

const listing = (...tasks: readonly Task[]) =>
  listTasks({
    history: memoryHistory(() => tasks),
    now: () => sampleTime + 15_000,
    typicalSeconds: () => 30,
  });
const idOf = (n: number) => `task-unified-1757156493-0000000${n}`;

describe('the list', () => {
  test('shows the progress and the cost of each task, and nothing of its content', async () => {
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
        ...common,
        id: idOf(4),
        status: 'completed',
        progress: 100,
        duration: 21,
        created_at: created + 4,
        has_results: true,
        result_count: 1,
        has_error: false,
        credits_used: 1.2,
      },
      {
        ...common,
        id: idOf(3),
        status: 'failed',
        progress: 0,
        duration: 2,
        has_error: true,
        created_at: created + 3,
        has_results: false,
        result_count: 0,
        credits_used: 0,
      },
      {
        ...common,
        ...unfinished,
        id: idOf(2),
        status: 'processing',
        progress: 50,
        created_at: created + 2,
        credits_used: null,
      },
      {
        ...common,
        ...unfinished,
        id: idOf(1),
        status: 'pending',
        progress: 0,
        created_at: created + 1,
        credits_used: null,
      },
    ]);
  });

  test('continues after its cursor, and the last page has none', async () => {
    const tasks = [1, 2, 3].map((n) => pending({ id: idOf(n), createdAt: sampleTime + n }));
    const list = listing(...tasks);

    const first = await list(ListRequest.parse({ limit: '2' }), 'default');
    const cursor = first.next_cursor ?? '';
    const second = await list(ListRequest.parse({ limit: '2', cursor }), 'default');

    expect(first.data.map(({ id }) => id)).toEqual([idOf(3), idOf(2)]);
    expect(second).toMatchObject({ data: [{ id: idOf(1) }], next_cursor: null });
  });

  test('leaves out a task that has expired, whose record may still be there', async () => {
    const expiresAt = sampleTime + 15_000; // now
    const tasks = [
      completed({ id: idOf(1), expiresAt: expiresAt + 1 }),
      completed({ id: idOf(2), expiresAt }),
      failed({ id: idOf(3), expiresAt: expiresAt - 1 }),
    ];

    const { data } = await listing(...tasks)(ListRequest.parse({}), 'default');

    expect(data.map(({ id }) => id)).toEqual([idOf(1)]);
  });

  test('reads at most 500 tasks for a page of rare ones, which may be empty, and its cursor continues', async () => {
    const tasks = Array.from({ length: 501 }, (_, n) =>
      pending({ id: `task-unified-1757156493-${String(n).padStart(8, '0')}`, createdAt: n }),
    );
    const [oldest, ...others] = tasks;
    if (!oldest) throw new Error('there are no tasks');
    const rare = failed({ id: oldest.id, createdAt: oldest.createdAt });
    const list = listing(rare, ...others);

    const first = await list(ListRequest.parse({ status: 'failed' }), 'default');
    const cursor = first.next_cursor ?? '';
    const second = await list(ListRequest.parse({ status: 'failed', cursor }), 'default');

    expect(first).toMatchObject({ data: [], next_cursor: expect.any(String) });
    expect(second).toMatchObject({ data: [{ id: rare.id }], next_cursor: null });
  });

  test('has its times in whole seconds: from the first on, and before the second', async () => {
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

  test('may be empty, and unknown parameters are ignored', () => {
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
  ])('with %j is rejected', (query, message) => {
    const [param] = Object.keys(query);

    expect(ListRequest.safeParse(query).error?.issues[0]).toMatchObject({ message, path: [param] });
  });

  test('a cursor is parsed to the key it was made from', () => {
    const position = { id: sampleId, createdAt: sampleTime };

    expect(ListRequest.parse({ cursor: formatCursorKey(position) }).cursor).toEqual(position);
  });
});

describe('the batch', () => {
  const mine = [pending({ id: idOf(1) }), completed({ id: idOf(2) })];
  const foreign = pending({ id: idOf(3), account: 'somebody-else' });
  const expired = completed({ id: idOf(4), expiresAt: sampleTime });
  const batch = batchTasks({
    history: memoryHistory(() => [...mine, foreign, expired]),
    now: () => sampleTime,
  });

  test('is in the order of the request, each task once, without missing tasks, expired ones and those of other accounts', async () => {
    const task_ids = [idOf(2), idOf(9), idOf(3), 'no-id', idOf(1), idOf(2), idOf(4)];

    const tasks = await batch({ task_ids }, 'default');

    expect(tasks.map(({ id }) => id)).toEqual([idOf(2), idOf(1)]);
  });

  test.each([
    [{}],
    [{ task_ids: [] }],
    [{ task_ids: idOf(1) }],
    [{ task_ids: [7] }],
    [{ task_ids: Array.from({ length: 51 }, () => idOf(1)) }],
  ])('with %j is rejected', (body) => {
    expect(BatchRequest.safeParse(body).error?.issues[0]).toMatchObject({
      message: 'task_ids must be a list of 1 to 50 task ids',
    });
  });
});
