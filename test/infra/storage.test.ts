import { globSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { StageName } from '../../infra/stage.ts';
import { ofType, propertiesOf, stageNames, synthesised } from './synthesised.ts';

const key = (hash: string, range?: string) => [
  { AttributeName: hash, KeyType: 'HASH' },
  ...(range ? [{ AttributeName: range, KeyType: 'RANGE' }] : []),
];

describe.each(stageNames)('the tables of %s', (name) => {
  const stage = synthesised(name);
  const table = (tableName: string) => propertiesOf(stage, 'AWS::DynamoDB::GlobalTable', tableName);
  const all = ofType(stage, 'AWS::DynamoDB::GlobalTable');

  test('are these eight, each with its keys', () => {
    const keys = all.map(({ name: tableName, Properties }) => [tableName, Properties['KeySchema']]);

    expect(Object.fromEntries(keys)).toEqual({
      Tasks: key('id', 'part'),
      Accounts: key('account', 'entry'),
      Keys: key('keyId'),
      Activity: key('keyId'),
      Idempotency: key('id'),
      Files: key('partition', 'row'),
      Queue: key('pk', 'sk'),
      Audit: key('monthShard', 'position'),
    });
  });

  test('have indexes for the tasks whose next check is due, for those of an account, for those of a day, and for undelivered callbacks', () => {
    expect(table('Tasks')['GlobalSecondaryIndexes']).toEqual([
      {
        IndexName: 'nextCheck',
        KeySchema: key('checkShard', 'nextCheckAt'),
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
      {
        IndexName: 'byAccount',
        KeySchema: key('listShard', 'listPosition'),
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
      {
        IndexName: 'byDay',
        KeySchema: key('dayShard', 'listPosition'),
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
      {
        IndexName: 'undelivered',
        KeySchema: key('undeliveredShard', 'undeliveredPosition'),
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
    ]);
  });

  test('have an index for the accounts without their ledgers, which is not written when the balance changes', () => {
    expect(table('Accounts')['GlobalSecondaryIndexes']).toEqual([
      {
        IndexName: 'listed',
        KeySchema: key('listed', 'account'),
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
    ]);
  });

  test('have an index for the API keys of an account by their age', () => {
    expect(table('Keys')['GlobalSecondaryIndexes']).toEqual([
      {
        IndexName: 'byAccount',
        KeySchema: key('account', 'createdAt'),
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
    ]);
  });

  test('have no other index', () => {
    const indexed = all.filter(({ Properties }) => Properties['GlobalSecondaryIndexes']);

    expect(indexed.map(({ name: tableName }) => tableName)).toEqual(['Tasks', 'Accounts', 'Keys']);
  });

  test('delete by themselves idempotency records, tasks, files and audit entries that have expired, and what keys have spent on days that are over; nothing else', () => {
    const timeToLive = Object.fromEntries(
      all.flatMap(({ name: tableName, Properties }) =>
        Properties['TimeToLiveSpecification']
          ? [[tableName, Properties['TimeToLiveSpecification']]]
          : [],
      ),
    );

    expect(timeToLive).toEqual({
      Tasks: { AttributeName: 'ttl', Enabled: true },
      Keys: { AttributeName: 'ttl', Enabled: true },
      Idempotency: { AttributeName: 'expiresAt', Enabled: true },
      Files: { AttributeName: 'ttl', Enabled: true },
      Audit: { AttributeName: 'ttl', Enabled: true },
    });
  });

  test('are billed by request', () => {
    expect(all).toHaveLength(8);
    for (const { Properties } of all) expect(Properties['BillingMode']).toBe('PAY_PER_REQUEST');
  });
});

test('only in production are tables protected, retained and restorable', () => {
  const protectionIn = (name: StageName) =>
    ofType(synthesised(name), 'AWS::DynamoDB::GlobalTable').map((resource) => [
      resource.DeletionPolicy,
      resource['UpdateReplacePolicy'],
      resource.Properties['SSESpecification'],
      resource.Properties['Replicas'],
    ]);
  const protection = (isProtected: boolean) =>
    Array.from({ length: 8 }, () => [
      isProtected ? 'Retain' : 'Delete',
      isProtected ? 'Retain' : 'Delete',
      expect.objectContaining({ SSEEnabled: isProtected }), // otherwise DynamoDB encrypts with a key that it owns
      [
        expect.objectContaining({
          DeletionProtectionEnabled: isProtected,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: isProtected },
        }),
      ],
    ]);

  expect(protectionIn('prod')).toEqual(protection(true));
  expect(protectionIn('dev')).toEqual(protection(false));
  expect(protectionIn('local')).toEqual(protection(false));
});

test('the names of key attributes that mean nothing else are written in one file', () => {
  const own = ['checkShard', 'listShard', 'listPosition', 'dayShard', 'undeliveredShard'];
  const names = [...own, 'undeliveredPosition', 'monthShard', 'ttl'];
  const written = new RegExp(
    `'(${names.join('|')})'|#(${names.join('|')})\\b|\\b(${names.join('|')}): `,
  );
  const files = ['functions', 'infra']
    .flatMap((folder) => globSync(`${folder}/**/*.ts`))
    .filter((path) => written.test(readFileSync(path, 'utf8')));

  expect(files).toEqual(['functions/domain/model/storage-names.ts']);
});
