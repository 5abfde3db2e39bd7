import { type DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { accountTable } from '../../functions/aws/account-table.ts';
import { knownKeys } from '../../functions/aws/callers.ts';
import { credits } from '../../functions/aws/credits.ts';
import { keyTable } from '../../functions/aws/key-table.ts';
import { openings, settlements } from '../../functions/aws/ledger.ts';
import { taskHistory } from '../../functions/aws/task-history.ts';
import { taskTable } from '../../functions/aws/task-table.ts';
import { sampleTime } from '../support/tasks.ts';
import { tableOf } from './stage.ts';
import type { Store } from './stores.ts';

/** The product's own adapters over a DynamoDB that has the tables of the template. */
export function storeOf(client: DynamoDBClient): Store {
  const accounts = accountTable(client, tableOf.accounts);
  return {
    tasks: taskTable(client, tableOf.tasks),
    ledger: {
      ...openings(client, tableOf),
      ...settlements(client, tableOf),
      ...credits(client, tableOf),
    },
    history: taskHistory(client, tableOf.tasks),
    keys: knownKeys(client, tableOf),
    accounts,
    apiKeys: keyTable(client, tableOf.keys, () => sampleTime),
    funds: async (account) => {
      const found = await accounts.find(account);
      if (!found) throw new Error(`the account ${account} is not there`);
      const { granted, balance, reserved, used, inFlight, entries } = found;
      return { granted, balance, reserved, used, inFlight, entries };
    },
  };
}

export async function rowsOf(client: DynamoDBClient, TableName: string) {
  const { Items = [] } = await client.send(new ScanCommand({ TableName, ConsistentRead: true }));
  return Items.map((item) => unmarshall(item));
}
