import { describe, expect, test } from 'vitest';
import type { StageName } from '../../infra/stage.ts';
import { ofType, propertiesOf, stageNames, synthesised } from './synthesised.ts';

const key = (hash: string, range?: string) => [
  { AttributeName: hash, KeyType: 'HASH' },
  ...(range ? [{ AttributeName: range, KeyType: 'RANGE' }] : []),
];

describe.each(stageNames)('the tables of %s', (name) => {
  const stage = synthesised(name);
  const table = (called: string) => propertiesOf(stage, 'AWS::DynamoDB::GlobalTable', called);
  const all = ofType(stage, 'AWS::DynamoDB::GlobalTable');

  test('are these five, each with its keys', () => {
    const keys = all.map(({ name: called, Properties }) => [called, Properties['KeySchema']]);

    expect(Object.fromEntries(keys)).toEqual({
      Tasks: key('id'),
      Accounts: key('account', 'entry'),
      Keys: key('keyId'),
      Activity: key('keyId'),
      Idempotency: key('id'),
    });
  });

  test('find the tasks that are due without reading others, and the tasks of an account', () => {
    expect(table('Tasks')['GlobalSecondaryIndexes']).toEqual([
      {
        IndexName: 'due',
        KeySchema: key('dueShard', 'dueAt'),
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
      {
        IndexName: 'byAccount',
        KeySchema: key('account', 'createdAt'),
        Projection: {
          ProjectionType: 'INCLUDE',
          NonKeyAttributes: [
            ...['model', 'status', 'submittedAt', 'expectedSeconds'],
            ...['finishedAt', 'images', 'charged'],
          ],
        },
      },
    ]);
  });

  test('list the accounts without their ledgers, and write nothing there when money moves', () => {
    expect(table('Accounts')['GlobalSecondaryIndexes']).toEqual([
      {
        IndexName: 'listed',
        KeySchema: key('listed', 'account'),
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
    ]);
  });

  test('list the keys of an account by their age', () => {
    expect(table('Keys')['GlobalSecondaryIndexes']).toEqual([
      {
        IndexName: 'byAccount',
        KeySchema: key('account', 'createdAt'),
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
    ]);
  });

  test('have no index but these', () => {
    const indexed = all.filter(({ Properties }) => Properties['GlobalSecondaryIndexes']);

    expect(indexed.map(({ name: called }) => called)).toEqual(['Tasks', 'Accounts', 'Keys']);
  });

  test('forget what may be repeated, and nothing else', () => {
    expect(table('Idempotency')['TimeToLiveSpecification']).toEqual({
      AttributeName: 'expiresAt',
      Enabled: true,
    });
    expect(all.filter(({ Properties }) => Properties['TimeToLiveSpecification'])).toHaveLength(1);
  });

  test('cost only what is used', () => {
    for (const { Properties } of all) expect(Properties['BillingMode']).toBe('PAY_PER_REQUEST');
  });
});

test('tables are protected, kept, and can be brought back in production, and only there', () => {
  const kept = (name: StageName) =>
    ofType(synthesised(name), 'AWS::DynamoDB::GlobalTable').map((resource) => [
      resource.DeletionPolicy,
      resource['UpdateReplacePolicy'],
      resource.Properties['SSESpecification'],
      resource.Properties['Replicas'],
    ]);
  const kind = (yes: boolean) =>
    Array.from({ length: 5 }, () => [
      yes ? 'Retain' : 'Delete',
      yes ? 'Retain' : 'Delete',
      expect.objectContaining({ SSEEnabled: yes }), // without: by a key of DynamoDB's own
      [
        expect.objectContaining({
          DeletionProtectionEnabled: yes,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: yes },
        }),
      ],
    ]);

  expect(kept('prod')).toEqual(kind(true));
  expect(kept('dev')).toEqual(kind(false));
  expect(kept('local')).toEqual(kind(false));
});
