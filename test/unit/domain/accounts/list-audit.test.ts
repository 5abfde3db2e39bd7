import { describe, expect, test } from 'vitest';
import { AuditQuery, listAudit } from '../../../../functions/domain/accounts/list-audit.ts';
import { AuditList } from '../../../../functions/domain/accounts/schemas.ts';
import { type Act, auditDays, auditEntry } from '../../../../functions/domain/model/audit.ts';
import { memoryAudit } from '../../../support/audit.ts';
import { sampleAct, sampleTime } from '../../../support/tasks.ts';

const dayMs = 24 * 60 * 60 * 1000;
const second = sampleTime / 1000;

function context() {
  const audit = memoryAudit();
  const add = (act: Partial<Act>, account = 'studio') =>
    audit.put(auditEntry({ ...sampleAct, ...act }, { account }));
  const list = (query: object = {}) =>
    listAudit({ audit, now: () => sampleTime })(AuditQuery.parse(query));
  return { add, list };
}

describe('what was done', () => {
  test('is listed the newest first, and page by page', async () => {
    const { add, list } = context();
    for (let n = 1; n <= 25; n += 1) await add({ at: sampleTime - n * 1000, requestId: `${n}` });

    const first = await list();
    const second = await list({ cursor: first.next_cursor });

    expect(AuditList.parse(first).data).toHaveLength(20);
    expect([...first.data, ...second.data].map(({ request_id }) => request_id)).toEqual(
      Array.from({ length: 25 }, (_, n) => `${n + 1}`),
    );
    expect(second.next_cursor).toBeNull();
  });

  test.each([
    ['account', { account: 'other' }, ['b']],
    ['actor', { actor: 'key-00000000000000ff' }, ['c']],
    ['operation', { operation: 'deleteKey' }, ['d']],
    ['from, which is included', { from: `${second - 2}` }, ['a', 'b']],
    ['to, which is not', { to: `${second - 2}` }, ['c', 'd']],
    ['from and to', { from: `${second - 3}`, to: `${second - 1}` }, ['b', 'c']],
  ])('is found by %s', async (_, query, expected) => {
    const { add, list } = context();
    await add({ at: sampleTime - 1000, requestId: 'a' });
    await add({ at: sampleTime - 2000, requestId: 'b' }, 'other');
    await add({ at: sampleTime - 3000, requestId: 'c', actorKeyId: 'key-00000000000000ff' });
    await add({ at: sampleTime - 4000, requestId: 'd', operation: 'deleteKey' });

    expect((await list(query)).data.map(({ request_id }) => request_id)).toEqual(expected);
  });

  test('is found behind a thousand other entries, by pages that may be empty', async () => {
    const { add, list } = context();
    for (let n = 0; n < 1000; n += 1) await add({ at: sampleTime - n });
    await add({ at: sampleTime - dayMs, operation: 'createKey' });

    const first = await list({ operation: 'createKey' });
    const second = await list({ operation: 'createKey', cursor: first.next_cursor });

    expect(first.data).toEqual([]);
    expect(second).toMatchObject({ data: [{ operation: 'createKey' }], next_cursor: null });
  });

  test('is not shown any more after its days, though it is deleted later', async () => {
    const { add, list } = context();
    await add({ at: sampleTime - auditDays * dayMs, requestId: 'last day' });
    await add({ at: sampleTime - auditDays * dayMs - 1, requestId: 'too old' });

    const listed = [await list(), await list({ from: '0' })];

    expect(listed.map(({ data }) => data.map(({ request_id }) => request_id))).toEqual([
      ['last day'],
      ['last day'],
    ]);
  });
});

test.each([
  ['account', { account: 'Studio' }],
  ['actor', { actor: 'key-1' }],
  ['operation', { operation: 'getKey' }],
  ['from', { from: '-1' }],
  ['to', { to: '2026-01-01' }],
  ['from', { from: '5', to: '5' }],
  ['limit', { limit: '101' }],
  ['cursor', { cursor: 'x' }],
])('a wrong %s is named: %j', (param, query) => {
  expect(AuditQuery.safeParse(query).error?.issues[0]?.path[0]).toBe(param);
});
