import { expect, test } from 'vitest';
import { auditTable } from '../../functions/adapters/aws/dynamodb/audit-table.ts';
import {
  type Act,
  type AuditEntry,
  auditDays,
  auditEntry,
} from '../../functions/domain/model/audit.ts';
import type { CursorKey } from '../../functions/domain/model/ids.ts';
import { completed, sampleAct, sampleKey, sampleTime } from '../support/tasks.ts';
import { dynamoDb } from './dynamodb.ts';
import { rowsOf, storeOf } from './dynamodb-store.ts';
import { findTask, fundedStore, keyId, openTask, recordAttempt, settle } from './stores.ts';
import { tableNames } from './template-resources.ts';

// An act and the entry about it are written together, or neither is.

const dayMs = 24 * 60 * 60 * 1000;
const about = (act: Partial<Act> = {}, account = 'default') =>
  auditEntry({ ...sampleAct, ...act }, { account });

async function context() {
  const { client } = await dynamoDb();
  const store = await fundedStore(async () => storeOf(client), 5000);
  return { client, store, entries: () => rowsOf(client, tableNames.audit) };
}

/** The acts and their writes: on the account, on its key, and on a task. */
const acts: Readonly<
  Record<
    string,
    (store: ReturnType<typeof storeOf>, entry: AuditEntry, id: string) => Promise<unknown>
  >
> = {
  'a new account': ({ accounts }, entry) =>
    accounts.add(
      { account: 'new', userGroup: 'default', limits: {}, webhookSecret: 'w', createdAt: 1 },
      entry,
    ),
  'a changed account': ({ accounts }, entry) =>
    accounts.change('default', { userGroup: 'vip' }, () => entry),
  'a changed budget': ({ accounts }, entry) =>
    accounts.change('default', { dailyBudget: 5 }, () => entry),
  'a new secret': ({ accounts }, entry) => accounts.rotateSecret('default', 'second', 7, entry),
  'a grant': ({ ledger }, entry) =>
    ledger.credit({ account: 'default', amount: 5, at: sampleTime }, undefined, () => entry),
  'a new key': ({ apiKeys }, entry) =>
    apiKeys.add(sampleKey({ keyId: 'key-00000000000000aa' }), entry),
  'a changed key': async ({ apiKeys }, entry) =>
    apiKeys.change(keyId, { name: 'other' }, await apiKeys.find(keyId), entry),
  'a changed limit': async ({ apiKeys }, entry) =>
    apiKeys.change(keyId, { totalLimit: 7 }, await apiKeys.find(keyId), entry),
  'a deleted key': async ({ apiKeys }, entry) =>
    apiKeys.remove(keyId, await apiKeys.find(keyId), entry),
  'a cancelled task': ({ tasks }, entry, id) => tasks.requestCancel(id, 1, 2, entry),
};

async function prepared() {
  const { client, store, entries } = await context();
  const { id } = await openTask(store);
  const rows = async () =>
    Promise.all(
      [tableNames.accounts, tableNames.keys, tableNames.tasks].map((table) =>
        rowsOf(client, table),
      ),
    );
  return { store, id, entries, rows };
}

test.each(Object.keys(acts))('%s is written with its entry', async (name) => {
  const { store, id, entries, rows } = await prepared();
  const before = await rows();
  const entry = about();

  await acts[name]?.(store, entry, id);

  expect(await rows()).not.toEqual(before);
  expect(await entries()).toEqual([expect.objectContaining({ id: entry.id })]);
});

test.each(Object.keys(acts))('%s is not written when its entry cannot be', async (name) => {
  const { store, id, entries, rows } = await prepared();
  const before = await rows();
  // DynamoDB refuses an item of this size.
  const entry = { ...about(), before: { tooMuch: 'x'.repeat(500_000) } };

  await expect(acts[name]?.(store, entry, id)).rejects.toThrow();

  expect(await rows()).toEqual(before);
  expect(await entries()).toEqual([]);
});

test('an act that is refused has no entry', async () => {
  const { store, id, entries } = await prepared();
  const { accounts, apiKeys, tasks, ledger } = store;
  const account = { userGroup: 'x', limits: {}, webhookSecret: 'w', createdAt: 1 };
  const stale = await apiKeys.find(keyId);
  await apiKeys.change(keyId, { name: 'changed meanwhile' });
  await tasks.requestCancel(id, 1, 2);

  const refused = [
    await accounts.add({ account: 'default', ...account }, about()),
    await accounts.change('nobody', { userGroup: 'vip' }, () => about()),
    await accounts.change('nobody', { dailyBudget: 5 }, () => about()),
    await accounts.rotateSecret('nobody', 'second', 7, about()),
    (await ledger.credit({ account: 'default', amount: -9999, at: 1 }, undefined, () => about()))
      .state,
    await apiKeys.change(keyId, { name: 'mine' }, stale, about()),
    await apiKeys.change(keyId, { totalLimit: 7 }, stale, about()),
    await apiKeys.remove(keyId, stale, about()),
    await apiKeys.remove('key-00000000000000aa', undefined, about()),
    (await tasks.requestCancel(id, 5, 6, about()))?.cancelledAt,
    await tasks.scheduleCallback('task-unified-1-aaaaaaaa', 5, about()),
  ];

  expect(refused).toEqual([
    false,
    undefined,
    undefined,
    false,
    'insufficient',
    'changed_meanwhile',
    'changed_meanwhile',
    'changed_meanwhile',
    false,
    1,
    false,
  ]);
  expect(await entries()).toEqual([]);
});

test('a callback that is sent again has an entry, and none while it is on its way', async () => {
  const { store, id, entries } = await prepared();
  await settle(store, completed({ id, callbackUrl: 'https://example.com' }));
  await recordAttempt(store.tasks, id, { state: 'undelivered', attempts: 7 });

  const scheduled = [
    await store.tasks.scheduleCallback(id, 5, about()),
    await store.tasks.scheduleCallback(id, 5, about()),
  ];

  expect(scheduled).toEqual([true, false]);
  expect(await findTask(store, id)).toMatchObject({ callback: { state: 'pending' } });
  expect(await entries()).toHaveLength(1);
});

test('the entry about a change has the values that were really there before, also when others change the account meanwhile', async () => {
  const { store, entries } = await prepared();
  const groups = Array.from({ length: 8 }, (_, n) => `group-${n}`);

  await Promise.all(
    groups.map((userGroup) =>
      store.accounts.change('default', { userGroup }, (before, change) => ({
        ...about(),
        before: { user_group: before.userGroup },
        after: { user_group: change.userGroup ?? null },
      })),
    ),
  );

  const steps = new Map((await entries()).map(({ before, after }) => [before.user_group, after]));
  expect(steps.size).toBe(8);
  let group = 'default';
  for (let step = 0; step < 8; step += 1) group = steps.get(group)?.user_group;
  expect(group).toBe((await store.accounts.find('default'))?.userGroup);
});

test('a budget and another change in one request have an entry each', async () => {
  const { store, entries } = await prepared();

  await store.accounts.change('default', { dailyBudget: 5, userGroup: 'vip' }, (_, part) => ({
    ...about(),
    after: {
      part: Object.keys(part)
        .filter((name) => part[name as keyof typeof part])
        .join(),
    },
  }));

  expect((await entries()).map(({ after }) => after.part).sort()).toEqual([
    'dailyBudget',
    'userGroup',
  ]);
});

test('an entry expires after its days, and the entry with the result replaces the first one', async () => {
  const { client, entries } = await context();
  const entry = { ...about(), after: { result: null } };

  await auditTable(client, tableNames.audit).put(entry);
  await auditTable(client, tableNames.audit).put({ ...entry, after: { result: 'woken' } });

  expect(await entries()).toEqual([
    expect.objectContaining({
      after: { result: 'woken' },
      ttl: Math.ceil(sampleTime / 1000) + auditDays * 86_400,
    }),
  ]);
});

test('entries are read the newest first over accounts and months, each once, and by account', async () => {
  const { client } = await context();
  const log = auditTable(client, tableNames.audit);
  const accounts = ['a', 'b', 'c', 'd', 'e', 'f'];
  const all: AuditEntry[] = [];
  for (let n = 0; n < 60; n += 1) {
    // Two at a time at the same millisecond, three days apart: half a year.
    const entry = about({ at: sampleTime - Math.floor(n / 2) * 6 * dayMs }, accounts[n % 6]);
    all.push(entry);
    await log.put(entry);
  }
  const read = async (limit: number, account?: string) => {
    const found: AuditEntry[] = [];
    let after: CursorKey | undefined;
    do {
      const range = { account, from: sampleTime - 200 * dayMs, to: sampleTime };
      const page = await log.read({ ...range, after, limit });
      expect(page.entries.length).toBeLessThanOrEqual(limit);
      found.push(...page.entries);
      after = page.next;
    } while (after);
    return found;
  };
  const sorted = (entries: readonly AuditEntry[]) =>
    entries.toSorted((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1)).map(({ id }) => id);

  expect((await read(7)).map(({ id }) => id)).toEqual(sorted(all));
  expect((await read(100)).map(({ id }) => id)).toEqual(sorted(all));
  expect((await read(3, 'c')).map(({ id }) => id)).toEqual(
    sorted(all.filter(({ account }) => account === 'c')),
  );
  const inRange = { from: sampleTime - 40 * dayMs, to: sampleTime - 10 * dayMs, limit: 100 };
  expect((await log.read(inRange)).entries.map(({ id }) => id)).toEqual(
    sorted(all.filter(({ at }) => at >= inRange.from && at <= inRange.to)),
  );
});
