import { type DynamoDBClient, ScanCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { accountTable } from '../../functions/adapters/aws/dynamodb/account-table.ts';
import { credits } from '../../functions/adapters/aws/dynamodb/credits.ts';
import { keyTable, knownKeys } from '../../functions/adapters/aws/dynamodb/key-table.ts';
import { playCredits } from '../../functions/adapters/aws/dynamodb/play-credits.ts';
import { reservations } from '../../functions/adapters/aws/dynamodb/reservations.ts';
import type { Row } from '../../functions/adapters/aws/dynamodb/rows.ts';
import { settlements } from '../../functions/adapters/aws/dynamodb/settlements.ts';
import { accountKey } from '../../functions/adapters/aws/dynamodb/shards.ts';
import { taskHistory } from '../../functions/adapters/aws/dynamodb/task-history.ts';
import { taskTable } from '../../functions/adapters/aws/dynamodb/task-table.ts';
import { usageTable } from '../../functions/adapters/aws/dynamodb/usage.ts';
import { sampleTime } from '../support/tasks.ts';
import type { Store } from './stores.ts';
import { tableNames } from './template-resources.ts';

/** The adapters under test, on a DynamoDB that has the tables of the template. */
export function storeOf(client: DynamoDBClient): Store {
  const accounts = accountTable(client, tableNames.accounts, tableNames.audit);
  return {
    tasks: taskTable(client, tableNames.tasks, tableNames.audit),
    ledger: {
      ...reservations(client, tableNames),
      ...settlements(client, tableNames),
      ...credits(client, tableNames),
      ...playCredits(client, tableNames.accounts),
    },
    history: taskHistory(client, tableNames.tasks),
    keys: knownKeys(client, tableNames),
    accounts,
    usage: usageTable(client, tableNames.accounts),
    apiKeys: keyTable(client, tableNames, () => sampleTime),
    attemptCount: async (taskId) =>
      (await rowsOf(client, tableNames.tasks)).filter(
        ({ id, part }) => id === taskId && String(part).startsWith('attempt#'),
      ).length,
    shards: async (account) => {
      const ids = (await rowsOf(client, tableNames.keys))
        .filter((row) => row['account'] === account)
        .map(({ keyId }) => `${keyId}#`);
      const isShard = (row: Row) =>
        row['entry'] === 'shard'
          ? String(row['account']).startsWith(`${account}#`)
          : ids.some((id) => String(row['keyId']).replace(/\d+$/, '') === id);
      const rows = [
        ...(await rowsOf(client, tableNames.accounts)),
        ...(await rowsOf(client, tableNames.keys)),
      ];
      return rows.filter(isShard).map(({ granted = 0, balance = 0, reserved = 0, used = 0 }) => ({
        granted,
        balance,
        reserved,
        used,
      }));
    },
  };
}

/** The same adapters, but new accounts are spread over so many shards. */
export function withShards(client: DynamoDBClient, shards: number): Store {
  const store = storeOf(client);
  return {
    ...store,
    accounts: {
      ...store.accounts,
      add: async (account) => {
        const added = await store.accounts.add(account);
        await client.send(
          new UpdateItemCommand({
            TableName: tableNames.accounts,
            Key: marshall(accountKey(account.account)),
            UpdateExpression: 'SET shards = :shards',
            ExpressionAttributeValues: marshall({ ':shards': shards }),
          }),
        );
        return added;
      },
    },
  };
}

/** All rows of a table, or all entries of one of its indexes. */
export async function rowsOf(client: DynamoDBClient, TableName: string, IndexName?: string) {
  const { Items = [] } = await client.send(
    new ScanCommand({ TableName, IndexName, ConsistentRead: IndexName === undefined }),
  );
  return Items.map((item) => unmarshall(item));
}
