import { describe, expect, test } from 'vitest';
import { newTaskId } from '../../../../functions/domain/model/ids.ts';
import type { CallbackRecord } from '../../../../functions/domain/model/task.ts';
import {
  DeliveriesQuery,
  listDeliveries,
} from '../../../../functions/domain/tasks/list-deliveries.ts';
import { DeliveryList } from '../../../../functions/domain/wire/story-schemas.ts';
import { memoryStore } from '../../../support/fakes.ts';
import { completed, processing, sampleTime } from '../../../support/tasks.ts';

const callbackUrl = 'https://user-shop.example.com/done?token=secret';

function context() {
  const store = memoryStore();
  /** A task that ended so many seconds after the first one, and what became of its callback. */
  const add = async (second: number, record?: CallbackRecord, more: object = {}) => {
    const createdAt = sampleTime + second * 1000;
    const task = completed({ id: newTaskId(createdAt), createdAt, callbackUrl, ...more });
    store.put(task);
    if (record) {
      const attempt = { at: createdAt + 500, milliseconds: 84, status: record.lastStatus };
      const next = record.state === 'retrying' ? createdAt + 60_000 : undefined;
      await store.tasks.recordCallbackAttempt(task, attempt, record, next);
    }
    return task.id;
  };
  const list = async (query: object = {}, account = 'default') =>
    DeliveryList.parse(
      await listDeliveries({ history: store.history, now: () => sampleTime })(
        DeliveriesQuery.parse(query),
        account,
      ),
    );
  const idsIn = async (query: object = {}, account?: string) =>
    (await list(query, account)).data.map(({ task_id }) => task_id);
  return { store, add, list, idsIn };
}

const delivered = { state: 'delivered', attempts: 1, lastStatus: 200 } as const;
const retrying = { state: 'retrying', attempts: 1, lastStatus: 503 } as const;
const undelivered = { state: 'undelivered', attempts: 7, lastStatus: 404 } as const;

describe('the callbacks of an account', () => {
  test('are listed the newest first, with the last attempt and the next one, without the query of the address', async () => {
    const { add, list } = context();
    const first = await add(0, retrying);
    const second = await add(1);

    const { data } = await list();

    expect(data).toEqual([
      expect.objectContaining({
        task_id: second,
        status: 'pending',
        attempt_count: 0,
        last_attempt: null,
        next_attempt_at: null,
      }),
      {
        object: 'webhook_delivery',
        task_id: first,
        event_id: expect.stringContaining(first),
        status: 'retrying',
        url: 'https://user-shop.example.com/done',
        task_created_at: sampleTime / 1000,
        task_completed_at: expect.any(Number),
        attempt_count: 1,
        last_attempt: {
          at: sampleTime / 1000 + 0.5,
          ms: 84,
          status: 503,
          reason: expect.stringContaining('503'),
          response_text: null,
        },
        next_attempt_at: sampleTime / 1000 + 60,
      },
    ]);
    expect(JSON.stringify(data)).not.toContain('secret');
  });

  test('leave out tasks that have not ended, have no callback or are of another account', async () => {
    const { store, add, idsIn } = context();
    store.put(processing({ id: newTaskId(sampleTime), callbackUrl }));
    await add(1, undefined, { callbackUrl: undefined });
    await add(2, undelivered, { account: 'other' });

    expect(await idsIn()).toEqual([]);
    expect(await idsIn({ status: 'undelivered' })).toEqual([]);
    expect(await idsIn({}, 'other')).toHaveLength(1);
  });

  test.each(['pending', 'retrying', 'delivered', 'undelivered'] as const)(
    'are found by the status %s',
    async (status) => {
      const { add, idsIn } = context();
      const ids = {
        pending: await add(0),
        retrying: await add(1, retrying),
        delivered: await add(2, delivered),
        undelivered: await add(3, undelivered),
      };

      expect(await idsIn({ status })).toEqual([ids[status]]);
    },
  );

  test('are found by the time of the create, and undelivered ones by the time when they were given up', async () => {
    const { add, idsIn } = context();
    const start = sampleTime / 1000;
    const ids: string[] = [];
    for (let second = 0; second < 5; second += 1) ids.unshift(await add(second, undelivered));

    const range = { since: `${start + 1}`, until: `${start + 3}` };

    expect(await idsIn(range)).toEqual(ids.slice(2, 4));
    // The callbacks were given up half a second after that.
    expect(await idsIn({ ...range, status: 'undelivered' })).toEqual(ids.slice(2, 4));
  });

  test.each([undefined, 'undelivered'] as const)(
    'come page by page, each once: %s',
    async (status) => {
      const { add, list } = context();
      const ids: string[] = [];
      for (let second = 0; second < 130; second += 1) ids.unshift(await add(second, undelivered));
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await list({ limit: '40', status, cursor });
        expect(page.data.length).toBeLessThanOrEqual(40);
        seen.push(...page.data.map(({ task_id }) => task_id));
        cursor = page.next_cursor ?? undefined;
      } while (cursor !== undefined);

      expect(seen).toEqual(ids);
    },
  );

  test('that are rare are found behind many others, by pages that may be empty', async () => {
    const { add, list } = context();
    const rare = await add(0, retrying);
    for (let second = 1; second <= 450; second += 1) await add(second, delivered);

    const first = await list({ status: 'retrying' });
    const second = await list({ status: 'retrying', cursor: first.next_cursor });

    expect(first.data).toEqual([]);
    expect(second.data.map(({ task_id }) => task_id)).toEqual([rare]);
    expect(second.next_cursor).toBeNull();
  });
});

test.each([
  ['status', { status: 'failing' }],
  ['since', { since: '-1' }],
  ['until', { until: '2026-01-01' }],
  ['since', { since: '5', until: '5' }],
  ['cursor', { cursor: 'x' }],
  ['limit', { limit: '0' }],
])('a wrong %s is named: %j', (param, query) => {
  expect(DeliveriesQuery.safeParse(query).error?.issues[0]?.path[0]).toBe(param);
});
