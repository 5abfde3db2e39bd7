import { type DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import { keyStore, keyTable } from '../../functions/aws/key-table.ts';
import { openings, settlements } from '../../functions/aws/ledger.ts';
import { taskHistory } from '../../functions/aws/task-history.ts';
import { taskTable } from '../../functions/aws/task-table.ts';
import { tableOf } from './stage.ts';
import type { Store } from './stores.ts';

const Funds = z.object({
  ...{ granted: z.number(), balance: z.number(), reserved: z.number(), used: z.number() },
});
/** The product's own adapters over a DynamoDB that has the tables of the template. */
export function storeOf(client: DynamoDBClient): Store {
  return {
    tasks: taskTable(client, tableOf.tasks),
    ledger: { ...openings(client, tableOf), ...settlements(client, tableOf) },
    history: taskHistory(client, tableOf.tasks),
    keys: keyTable(client, tableOf),
    keyStore: keyStore(client, tableOf),
    funds: async (account) => {
      const rows = await rowsOf(client, tableOf.accounts);
      return Funds.parse(
        rows.find((row) => row['account'] === account && row['entry'] === 'account'),
      );
    },
  };
}

export async function rowsOf(client: DynamoDBClient, TableName: string) {
  const { Items = [] } = await client.send(new ScanCommand({ TableName, ConsistentRead: true }));
  return Items.map((item) => unmarshall(item));
}
