import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DeleteItemCommand,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
  ListTagsOfResourceCommand,
  PutItemCommand,
  TagResourceCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { describe, expect, onTestFinished, test } from 'vitest';
import { auditRestored, undoneChanges } from '../../cli/restore/compare-tables.ts';
import { makePlan, type Plan, pairsOf, readPlan, writePlan } from '../../cli/restore/plan.ts';
import { inspectRestore, restoreTables } from '../../cli/restore/restore-tables.ts';
import { entryKey } from '../../functions/adapters/aws/dynamodb/entries.ts';
import {
  accountKey,
  accountShardKey,
  keyShardKey,
} from '../../functions/adapters/aws/dynamodb/shards.ts';
import { partKey, parts } from '../../functions/adapters/aws/dynamodb/task-row.ts';
import { testAccountOf } from '../../functions/domain/model/mode.ts';
import { tableArn } from '../../local/aws/template/physical-names.ts';
import { pointInTimeRecovery } from '../support/point-in-time-recovery.ts';
import { completed } from '../support/tasks.ts';
import { dynamoDb, dynamoDbClient } from './dynamodb.ts';
import { storeOf } from './dynamodb-store.ts';
import { account, fundedStore, keyId, openTask, settle } from './stores.ts';
import { tableNames, tables } from './template-resources.ts';

// The steps of a restore that work with tables, against the local DynamoDB. The whole procedure: test/faults/restore.test.ts.

const inUse = {
  Tasks: tableNames.tasks,
  Accounts: tableNames.accounts,
  Keys: tableNames.keys,
  Activity: tableNames.activity,
  Idempotency: tableNames.idempotency,
  Files: tableNames.files,
  Queue: tableNames.queue,
  Audit: tableNames.audit,
};
const outputs = {
  TableNames: JSON.stringify(inUse),
  StateMachine: 'arn:aws:states:us-east-1:000000000000:stateMachine:Machine',
  Reconciler: 'Reconcile',
};
const moment = '2026-12-01T09:30:00.000Z';
const plan = makePlan(outputs, Date.parse(moment));
const names = tables.map(({ TableName }) => TableName);

type Behaviour = Parameters<typeof pointInTimeRecovery>[3];

/** A DynamoDB with backups, and a client that restores from them. Its pauses are recorded and take no time. */
async function setUp(behaviour: Behaviour = {}, covered = names) {
  const { client: direct, url } = await dynamoDb();
  const aws = await pointInTimeRecovery(direct, url, covered, behaviour);
  onTestFinished(aws.close);
  const client = dynamoDbClient(aws.url);
  const pauses: number[] = [];
  const notes: string[] = [];
  const ports = {
    client,
    sleep: async (milliseconds: number) => void pauses.push(milliseconds),
    note: (text: string) => void notes.push(text),
  };
  return { aws, direct, client, ports, pauses, notes };
}

const planTo = (to: string) => makePlan(outputs, Date.parse(to));

describe('the tables', () => {
  test('get the settings that a restore leaves out: time to live, tags, recovery and protection', async () => {
    const protectedTables = [inUse.Tasks, inUse.Accounts];
    const { aws, client, ports } = await setUp({ protectedTables });
    const ResourceArn = tableArn(inUse.Keys);
    const Tags = [{ Key: 'team', Value: 'pictures' }];
    await client.send(new TagResourceCommand({ ResourceArn, Tags }));
    const to = planTo(await aws.remember());

    await restoreTables(ports, to);

    const timeToLive = await Promise.all(
      pairsOf(to).map(async ({ name, to: TableName }) => {
        const found = await client.send(new DescribeTimeToLiveCommand({ TableName }));
        return [name, found.TimeToLiveDescription?.AttributeName];
      }),
    );
    expect(Object.fromEntries(timeToLive)).toEqual({
      Tasks: 'ttl',
      Accounts: undefined,
      Keys: 'ttl',
      Activity: undefined,
      Idempotency: 'expiresAt',
      Files: 'ttl',
      Queue: undefined,
      Audit: 'ttl',
    });
    const tags = new ListTagsOfResourceCommand({ ResourceArn: tableArn(to.tables.Keys.to) });
    expect((await client.send(tags)).Tags).toEqual(Tags);
    expect(pairsOf(to).map(({ to: table }) => aws.hasBackups(table))).not.toContain(false);
    expect(
      pairsOf(to)
        .filter(({ to: table }) => aws.isProtected(table))
        .map(({ name }) => name),
    ).toEqual(['Tasks', 'Accounts']);
  });

  test('are awaited with growing pauses, and so is the recovery of a new table', async () => {
    const { aws, ports, pauses, notes } = await setUp({ readsUntilActive: 3, rejections: 1 });

    await restoreTables(ports, planTo(await aws.remember()));

    expect(pauses.slice(0, 4)).toEqual([1000, 2000, 4000, 8000]);
    expect(pauses.slice(4)).toEqual(names.map(() => 1000));
    expect(notes).toContain(`restores ${inUse.Tasks} to ${aws.restored[0]}`);
  });

  test('are not changed when they exist already: a second run changes nothing', async () => {
    const { aws, ports, pauses } = await setUp();
    const to = planTo(await aws.remember());
    await restoreTables(ports, to);
    const before = pauses.length;

    await restoreTables(ports, to);

    expect(aws.restored).toHaveLength(names.length);
    expect(pauses).toHaveLength(before);
    expect((await inspectRestore(ports, to)).map(({ state }) => state)).toEqual(
      names.map(() => 'ACTIVE'),
    );
  });

  test('are not restored at all when one of them cannot be', async () => {
    const { aws, ports } = await setUp(
      {},
      names.filter((name) => name !== inUse.Queue),
    );
    const to = planTo(await aws.remember());

    await expect(restoreTables(ports, to)).rejects.toThrow(
      `Nothing was restored. Queue (${inUse.Queue}) has no point-in-time recovery`,
    );
    expect(aws.restored).toEqual([]);
  });

  test.each([-3600, 3600])(
    'are not restored to a moment that the backups do not have: %d seconds away',
    async (seconds) => {
      const { aws, ports } = await setUp();
      const at = Date.parse(await aws.remember()) + seconds * 1000;

      await expect(restoreTables(ports, makePlan(outputs, at))).rejects.toThrow(
        /^Nothing was restored\. Tasks .* can be restored to a moment from .*; Accounts /,
      );
      expect(aws.restored).toEqual([]);
    },
  );
});

describe('the plan', () => {
  test('has new names that end with the moment, also after an earlier restore', () => {
    const again = makePlan(
      { ...outputs, TableNames: JSON.stringify(namesOf(plan)) },
      Date.parse('2026-12-02T00:00:01.700Z'),
    );

    expect(plan.tables.Tasks.to).toBe(`${inUse.Tasks}-at-20261201T093000Z`);
    expect(again.moment).toBe('2026-12-02T00:00:01.000Z');
    expect(again.tables.Tasks).toEqual({
      from: plan.tables.Tasks.to,
      to: `${inUse.Tasks}-at-20261202T000001Z`,
    });
  });

  test('is refused when the tables are already those of that moment, and without the names of the tables', () => {
    const restored = { ...outputs, TableNames: JSON.stringify(namesOf(plan)) };

    expect(() => makePlan(restored, Date.parse(moment))).toThrow('are those of 2026-12-01');
    for (const TableNames of [undefined, '{}', 'none']) {
      expect(() => makePlan({ ...outputs, TableNames }, 0)).toThrow('do not name its tables');
    }
  });

  test('is written once: the same plan may exist already, and another plan is not overwritten', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'darkroom-plan-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const path = join(directory, 'restore.json');
    await writePlan(path, plan);
    await writePlan(path, plan);

    await expect(writePlan(path, planTo('2026-12-01T09:30:01Z'))).rejects.toThrow(
      'is the plan of another restore',
    );
    expect(await readPlan(path)).toEqual(plan);
    await expect(readPlan(join(directory, 'none.json'))).rejects.toThrow('Cannot read the plan');
  });
});

const namesOf = ({ tables: all }: Plan) =>
  Object.fromEntries(Object.entries(all).map(([name, { to }]) => [name, to]));

/** A plan whose restored tables are those of the store. */
const ofStore: Plan = {
  ...plan,
  tables: Object.fromEntries(
    Object.entries(inUse).map(([name, table]) => [name, { from: table, to: table }]),
  ) as Plan['tables'],
};

describe('the list of what a restore undoes', () => {
  const at = Date.parse(moment);
  const key = (number: number, more: object = {}) => ({
    keyId: `key-${String(number).padStart(16, '0')}`,
    account,
    name: `key ${number}`,
    enabled: true,
    ...more,
  });
  const grant = (whose: string, id: string) => ({
    ...entryKey({ account: whose, shard: 0 }, id),
    id,
    kind: 'grant',
    at: at + 1000,
    amount: 7000,
  });

  test('has keys and credits, and nothing that ends or refills by itself', async () => {
    const { aws, direct, client, ports } = await setUp();
    const put = (TableName: string, row: object) =>
      direct.send(new PutItemCommand({ TableName, Item: marshall(row) }));
    const remove = (row: { readonly keyId: string }) =>
      direct.send(
        new DeleteItemCommand({ TableName: inUse.Keys, Key: marshall({ keyId: row.keyId }) }),
      );
    const expired = { expiresAt: at };
    const [disabled, ended, session] = [key(1), key(2, expired), key(3, { isSession: true })];
    const code = { keyId: 'code-0123456789abcdef', name: 'somebody', ...expired };
    for (const row of [disabled, ended, session, code]) await put(inUse.Keys, row);
    const to = planTo(await aws.remember());

    await put(inUse.Keys, { ...disabled, enabled: false });
    for (const row of [ended, session, code]) await remove(row);
    await put(inUse.Keys, key(4));
    await put(inUse.Keys, key(5, { isSession: true }));
    await put(inUse.Keys, { ...code, keyId: 'code-fedcba9876543210' });
    await put(inUse.Accounts, grant(account, 'granted'));
    await put(inUse.Accounts, grant(testAccountOf(account), 'refilled'));
    await put(inUse.Accounts, accountKey(testAccountOf('late')));
    await restoreTables(ports, to);

    expect(await undoneChanges(client, { ...to, moment }, at + 5000)).toEqual([
      { account, change: 'key works again', id: disabled.keyId, name: 'key 1', credits: null },
      { account, change: 'key is gone', id: key(4).keyId, name: 'key 4', credits: null },
      { account, change: 'credits are undone', id: 'granted', name: null, credits: 7 },
    ]);
  });
});

describe('the audit', () => {
  /** An account with a task that has ended and one that is open. */
  async function accountWithTasks(client: DynamoDBClient) {
    const store = await fundedStore(async () => storeOf(client), 10_000, { totalLimit: 9000 });
    const { id: endedId } = await openTask(store);
    await settle(store, completed({ id: endedId, charged: 800 }));
    const { id } = await openTask(store);
    return { id };
  }

  test('finds nothing in an account as the ledger writes it', async () => {
    const { client } = await dynamoDb();
    await accountWithTasks(client);

    expect(await auditRestored(client, ofStore, Date.parse(moment))).toEqual([]);
  });

  type Damage = readonly [TableName: string, Key: (id: string) => object, update: string];
  const shard = () => accountShardKey(account, 0);
  test.each<readonly [rule: string, of: string, ...Damage]>([
    [
      'granted = balance + reserved + used',
      account,
      tableNames.accounts,
      shard,
      'SET used = used + :one',
    ],
    [
      'granted = balance + reserved + used',
      `${keyId}#0`,
      tableNames.keys,
      () => keyShardKey(keyId, 0),
      'SET balance = balance + :one',
    ],
    [
      'balance = the sum of all entries',
      account,
      tableNames.accounts,
      shard,
      'SET balance = balance + :one, granted = granted + :one',
    ],
    [
      'reserved = what its open tasks have reserved',
      account,
      tableNames.tasks,
      (id) => partKey(id, parts.state),
      'SET reserved = reserved + :one',
    ],
    [
      'in flight = how many open tasks it has',
      account,
      tableNames.accounts,
      shard,
      'SET inFlight = inFlight + :one',
    ],
  ])('finds that "%s" does not hold for %s', async (rule, of, TableName, keyFor, update) => {
    const { client } = await dynamoDb();
    const { id } = await accountWithTasks(client);
    await client.send(
      new UpdateItemCommand({
        TableName,
        Key: marshall(keyFor(id)),
        UpdateExpression: update,
        ExpressionAttributeValues: marshall({ ':one': 1 }),
      }),
    );

    const found = await auditRestored(client, ofStore, Date.parse(moment));
    expect(found.map((one) => [one.rule, one.of])).toEqual([[rule, of]]);
    expect(Math.abs((found[0]?.expected ?? 0) - (found[0]?.found ?? 0))).toBe(1);
  });

  test('finds a task that a settlement has ended in one table and not in the other', async () => {
    const { client } = await dynamoDb();
    const { id } = await accountWithTasks(client);
    await client.send(
      new UpdateItemCommand({
        TableName: tableNames.tasks,
        Key: marshall(partKey(id, parts.state)),
        UpdateExpression: 'SET #status = :ended',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: marshall({ ':ended': 'completed' }),
      }),
    );

    expect(
      (await auditRestored(client, ofStore, Date.parse(moment))).map(({ rule }) => rule),
    ).toEqual([
      'reserved = what its open tasks have reserved',
      'in flight = how many open tasks it has',
    ]);
  });
});
