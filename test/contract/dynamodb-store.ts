import { type DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { accountTable } from '../../functions/adapters/aws/dynamodb/account-table.ts';
import { keyTable, knownKeys } from '../../functions/adapters/aws/dynamodb/key-table.ts';
import {
  credits,
  reservations,
  settlements,
} from '../../functions/adapters/aws/dynamodb/ledger.ts';
import { taskHistory } from '../../functions/adapters/aws/dynamodb/task-history.ts';
import { taskTable } from '../../functions/adapters/aws/dynamodb/task-table.ts';
import { sampleTime } from '../support/tasks.ts';
import type { Store } from './stores.ts';
import { tableNames } from './template-resources.ts';

/** The adapters under test, on a DynamoDB that has the tables of the template. */
export function storeOf(client: DynamoDBClient): Store {
  const accounts = accountTable(client, tableNames.accounts);
  return {
    tasks: taskTable(client, tableNames.tasks),
    ledger: {
      ...reservations(client, tableNames),
      ...settlements(client, tableNames),
      ...credits(client, tableNames),
    },
    history: taskHistory(client, tableNames.tasks),
    keys: knownKeys(client, tableNames),
    accounts,
    apiKeys: keyTable(client, tableNames.keys, () => sampleTime),
    funds: async (account) => {
      const found = await accounts.find(account);
      if (!found) throw new Error(`the account ${account} does not exist`);
      const { granted, balance, reserved, used, inFlight, entries } = found;
      return { granted, balance, reserved, used, inFlight, entries };
    },
  };
}

export async function rowsOf(client: DynamoDBClient, TableName: string) {
  const { Items = [] } = await client.send(new ScanCommand({ TableName, ConsistentRead: true }));
  return Items.map((item) => unmarshall(item));
}
