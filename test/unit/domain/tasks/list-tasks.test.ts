import { describe, expect, test } from 'vitest';
import { models } from '../../../../functions/domain/model/catalogue.ts';
import type { Task } from '../../../../functions/domain/model/task.ts';
import {
  BatchRequest,
  batchTasks,
  ListRequest,
  listRequest,
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
  test('shows the progress and the cost of each task, its key and the beginning of its prompt', async () => {
    const tasks = [
      completed({ id: idOf(4), createdAt: sampleTime + 4000, finishedAt: sampleTime + 24_600 }),
      failed({ id: idOf(3), createdAt: sampleTime + 3000, finishedAt: sampleTime + 5000 }),
      processing({ id: idOf(2), createdAt: sampleTime + 2000, submittedAt: sampleTime }),
      pending({ id: idOf(1), createdAt: sampleTime + 1000 }),
    ];

    const { data } = await listing(...tasks)(ListRequest.parse({}), 'default');

    const common = {
      model: 'wan2.5-image-to-image',
      type: 'image',
      credits_reserved: 1.2,
      livemode: true,
      prompt_start: 'Replace the background with a starry sky',
      key: { id: 'key-0123456789abcdef', name: null },
    };
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

  test('shows 120 characters of a prompt as they are, and the metadata and the name of the key', async () => {
    const prompt = `<b>🌌</b>\u202e${'🌌'.repeat(500)}`;
    const task = pending({ prompt, metadata: { order: '7' }, keyName: 'shop' });

    const { data } = await listing(task)(ListRequest.parse({}), 'default');

    expect(data).toMatchObject([
      {
        prompt_start: `<b>🌌</b>\u202e${'🌌'.repeat(111)}`,
        metadata: { order: '7' },
        key: { name: 'shop' },
      },
    ]);
  });

  test('reads the requests only of the tasks on its page, and leaves out a task that was deleted meanwhile', async () => {
    const tasks = [1, 2, 3, 4].map((n) => pending({ id: idOf(n), createdAt: sampleTime + n }));
    const history = memoryHistory(() => tasks);
    const read: (readonly string[])[] = [];
    const list = listTasks({
      history: {
        ...history,
        findRequests: async (ids) => {
          read.push(ids);
          const found = new Map(await history.findRequests(ids));
          found.delete(idOf(3));
          return found;
        },
      },
      now: () => sampleTime,
      typicalSeconds: () => 30,
    });

    const { data } = await list(ListRequest.parse({ limit: '2' }), 'default');

    expect(read).toEqual([[idOf(4), idOf(3)]]);
    expect(data.map(({ id }) => id)).toEqual([idOf(4)]);
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

  test.each([
    ['processing', [idOf(2), idOf(1)]],
    ['pending', [idOf(1)]],
    ['completed', [idOf(4)]],
    ['cancelled', []],
  ])(
    'with status=%s has the tasks that clients of the published API expect',
    async (status, ids) => {
      const tasks = [
        completed({ id: idOf(4), createdAt: sampleTime + 4 }),
        failed({ id: idOf(3), createdAt: sampleTime + 3 }),
        processing({ id: idOf(2), createdAt: sampleTime + 2 }),
        pending({ id: idOf(1), createdAt: sampleTime + 1 }),
      ];

      const { data } = await listing(...tasks)(ListRequest.parse({ status }), 'default');

      expect(data.map(({ id }) => id)).toEqual(ids);
    },
  );

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

  test('reads at most 500 prompts for a page with a text, each once, and its cursor continues', async () => {
    const tasks = Array.from({ length: 501 }, (_, n) =>
      pending({
        id: `task-unified-1757156493-${String(n).padStart(8, '0')}`,
        createdAt: n,
        prompt: n === 0 ? 'Snow' : 'Rain',
      }),
    );
    const history = memoryHistory(() => tasks);
    const read: string[] = [];
    const list = listTasks({
      history: {
        ...history,
        findRequests: async (ids) => {
          read.push(...ids);
          return history.findRequests(ids);
        },
      },
      now: () => sampleTime,
      typicalSeconds: () => 30,
    });

    const first = await list(ListRequest.parse({ text: 'sNOW' }), 'default');
    expect(first).toMatchObject({ data: [], next_cursor: expect.any(String) });
    expect(read).toHaveLength(500);

    const cursor = first.next_cursor ?? '';
    const second = await list(ListRequest.parse({ text: 'sNOW', cursor }), 'default');
    expect(second).toMatchObject({ data: [{ prompt_start: 'Snow' }], next_cursor: null });
    expect(read).toHaveLength(501);
  });

  test('does not read the prompts of tasks that the other filters leave out', async () => {
    const history = memoryHistory(() => [
      pending({ id: idOf(1), keyId: 'key-00000000000000aa' }),
      pending({ id: idOf(2), keyId: 'key-00000000000000bb' }),
    ]);
    const read: (readonly string[])[] = [];
    const list = listTasks({
      history: {
        ...history,
        findRequests: async (ids) => {
          read.push(ids);
          return history.findRequests(ids);
        },
      },
      now: () => sampleTime,
      typicalSeconds: () => 30,
    });
    const query = { key: 'key-00000000000000bb', text: 'sky' };

    expect(await list(ListRequest.parse(query), 'default')).toMatchObject({
      data: [{ id: idOf(2) }],
    });
    expect(read).toEqual([[idOf(2)]]);
  });

  test('has its times in whole seconds: created_after is included, and created_before is not', async () => {
    const tasks = [1000, 2000, 2999, 3000].map((createdAt, n) =>
      pending({ id: idOf(n), createdAt }),
    );
    const request = ListRequest.parse({ created_after: '2', created_before: '3' });

    const { data } = await listing(...tasks)(request, 'default');

    expect(data.map(({ id }) => id)).toEqual([idOf(2), idOf(1)]);
  });
});

describe('the list by the number of a page', () => {
  const count = 250;
  const id = (n: number) => `task-unified-1757156493-${String(n).padStart(8, '0')}`;
  const tasks = Array.from({ length: count }, (_, n) =>
    n % 5 === 0
      ? failed({ id: id(n), createdAt: n, failure: { code: 'request_cancelled', message: 'Yes.' } })
      : pending({ id: id(n), createdAt: n }),
  );
  const list = listing(...tasks);
  const page = (query: object) => list(ListRequest.parse(query), 'default');

  test.each([{}, { status: 'cancelled' }])(
    'has every task of %j once, and ends by its total, by an empty page and by its cursor',
    async (filter) => {
      const byCursor: string[] = [];
      for (let cursor: string | null | undefined; cursor !== null; ) {
        const read = await page({ ...filter, limit: '7', ...(cursor && { cursor }) });
        byCursor.push(...read.data.map((task) => task.id));
        cursor = read.next_cursor;
      }
      const byNumber: string[] = [];
      let number = 1;
      for (let total = 1; byNumber.length < total; number += 1) {
        const read = await page({ ...filter, page: String(number), page_size: '7' });
        byNumber.push(...read.data.map((task) => task.id));
        total = 'total' in read ? read.total : 0;
      }

      expect(byNumber).toEqual(byCursor);
      expect(new Set(byNumber).size).toBe('status' in filter ? count / 5 : count);
      expect(await page({ ...filter, page: String(number), page_size: '7' })).toMatchObject({
        data: [],
        next_cursor: null,
        page: number,
        page_size: 7,
        total: byNumber.length,
      });
    },
  );

  /** So many tasks, of which only the one at this place, counted from the newest, has failed. */
  const withRare = (size: number, place: number) =>
    listing(
      ...Array.from({ length: size }, (_, n) =>
        n === size - place
          ? failed({ id: id(n), createdAt: n })
          : pending({ id: id(n), createdAt: n }),
      ),
    );

  test.each([501, 1000, 1400])(
    'has a rare task that is the %i. of all: a client that only counts pages finds it',
    async (place) => {
      const rare = withRare(1500, place);
      const failedOnes = ListRequest.parse({ status: 'failed', page: '1' });

      expect(await rare(failedOnes, 'default')).toMatchObject({ data: { length: 1 }, total: 1 });
    },
  );

  test('announces no next page that would read the same tasks, and its cursor leads to the older ones', async () => {
    const rare = withRare(1500, 1401);
    const read = (query: object) =>
      rare(ListRequest.parse({ status: 'failed', ...query }), 'default');

    const first = await read({ page: '1' });
    expect(first).toMatchObject({ data: [], total: 0, next_cursor: expect.any(String) });
    expect(await read({ cursor: first.next_cursor })).toMatchObject({ data: { length: 1 } });
  });

  test('goes on by the cursor of a page', async () => {
    const first = await page({ page: '1', page_size: '100' });
    const next = await page({ limit: '100', cursor: first.next_cursor ?? '' });

    expect(next.data[0]?.id).toBe(id(count - 101));
  });

  test('a list by cursor has no number and no total', async () => {
    expect(Object.keys(await page({}))).toEqual(['object', 'data', 'next_cursor']);
  });

  test('there are no tasks of another type than image', async () => {
    expect(await page({ type: 'image' })).toMatchObject({ data: { length: 20 } });
    expect(await page({ type: 'video', page: '1' })).toMatchObject({ data: [], total: 0 });
  });
});

describe('the query of the list', () => {
  const limit = 'limit must be a whole number from 1 to 100';
  const cursor = 'cursor must be the next_cursor of an earlier response';

  test('may be empty', () => {
    expect(ListRequest.parse({})).toMatchObject({ type: 'image', size: 20, page: undefined });
  });

  test('may name a page and its size', () => {
    expect(ListRequest.parse({ page: '2' })).toMatchObject({ page: 2, size: 20 });
    expect(ListRequest.parse({ page_size: '50' })).toMatchObject({ page: 1, size: 50 });
  });

  test('may use any name of a model', () => {
    const model = 'wan2.5-image-to-image';
    expect(ListRequest.parse({ model: 'wan2.5-i2i-preview' })).toMatchObject({ model });
    expect(listRequest({ ours: model }).parse({ model: 'ours' })).toMatchObject({ model });
  });

  test('may not have an unknown parameter', () => {
    expect(ListRequest.safeParse({ pageSize: '5' }).error?.issues[0]).toMatchObject({
      code: 'unrecognized_keys',
      keys: ['pageSize'],
    });
  });

  const somewhere = formatCursorKey({ id: sampleId, createdAt: sampleTime });

  test.each([
    [
      { page: '11', page_size: '100' },
      'page',
      'page times page_size must be at most 1000: read on with cursor, the next_cursor of the page before',
    ],
    [{ page: '51' }, 'page', expect.stringContaining('cursor')],
    [{ page: '0' }, 'page', 'page must be a whole number from 1 on'],
    [{ page: '1', cursor: somewhere }, 'cursor', expect.stringContaining('exclude each other')],
    [{ page_size: '5', limit: '5' }, 'limit', expect.stringContaining('are the same')],
    [{ page_size: '101' }, 'page_size', 'page_size must be a whole number from 1 to 100'],
  ])('with %j is rejected, and the message says how to go on', (query, param, message) => {
    expect(ListRequest.safeParse(query).error?.issues[0]).toMatchObject({ message, path: [param] });
  });

  test('may name the last of the first thousand tasks', () => {
    expect(ListRequest.parse({ page: '1000', page_size: '1' })).toMatchObject({ page: 1000 });
    expect(ListRequest.parse({ page: '10', page_size: '100' })).toMatchObject({ page: 10 });
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
    [
      { status: 'canceled' },
      'status must be one of: pending, processing, completed, failed, cancelled',
    ],
    [{ type: 'music' }, 'type must be one of: text, image, audio, video'],
    [{ model: 'dall-e' }, `model must be one of: ${models.map(({ id }) => id).join(', ')}`],
    [{ key: 'sk-dr-something' }, 'key must be the id of an API key'],
    [{ key: '' }, 'key must be the id of an API key'],
    [{ text: '' }, 'text must be a text of 1 to 200 characters'],
    [{ text: 'a'.repeat(201) }, 'text must be a text of 1 to 200 characters'],
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
