import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import {
  type AttributeValue,
  BatchWriteItemCommand,
  CreateTableCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  paginateScan,
} from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { listen } from '../../local/aws/listen.ts';

type Item = Record<string, AttributeValue>;

/** The behaviour where AWS does not always do the same. */
type Behaviour = {
  /** Is called when the restore of a table begins, with the number of tables before it. */
  readonly onRestore?: (before: number) => void;
  /** How many reads find a restored table still in creation. */
  readonly readsUntilActive?: number;
  /** How many attempts to turn on the backups of a restored table are rejected. */
  readonly rejections?: number;
  /** Tables that are protected from deletion. */
  readonly protectedTables?: readonly string[];
};

/**
 * Stands in for what the local DynamoDB does not have: point-in-time recovery with its settings, and protection from
 * deletion. It is a proxy in front of that DynamoDB and hands everything else on. AWS can restore every second of 35 days;
 * this one only the moments at which `remember` was called, when it reads all tables. A restore writes these rows to a new
 * table with the same keys and indexes, and with nothing else, as on AWS.
 */
export async function pointInTimeRecovery(
  client: DynamoDBClient,
  target: string,
  tables: readonly string[],
  behaviour: Behaviour = {},
) {
  const { readsUntilActive = 0, rejections = 0, protectedTables = [] } = behaviour;
  const moments: { readonly at: number; readonly rows: ReadonlyMap<string, readonly Item[]> }[] =
    [];
  const withBackups = new Set(tables);
  const isProtected = new Set(protectedTables);
  const restored: string[] = [];
  const readsLeft = new Map<string, number>();
  const rejectionsLeft = new Map<string, number>();

  const restore = async ({ SourceTableName, TargetTableName, RestoreDateTime }: Restore) => {
    const moment = moments.findLast(({ at }) => at <= RestoreDateTime * 1000);
    const rows = moment?.rows.get(SourceTableName);
    if (!rows) throw rejection('InvalidRestoreTimeException', 'there is no such moment');
    restored.push(TargetTableName);
    readsLeft.set(TargetTableName, readsUntilActive);
    rejectionsLeft.set(TargetTableName, rejections);
    await createLike(client, SourceTableName, TargetTableName);
    await writeAll(client, TargetTableName, rows);
    behaviour.onRestore?.(restored.length - 1);
    return { TableDescription: { TableName: TargetTableName, TableStatus: 'CREATING' } };
  };

  const describeBackups = ({ TableName }: OfTable) => {
    const isEnabled = withBackups.has(TableName);
    return {
      ContinuousBackupsDescription: {
        ContinuousBackupsStatus: 'ENABLED',
        PointInTimeRecoveryDescription: isEnabled
          ? {
              PointInTimeRecoveryStatus: 'ENABLED',
              EarliestRestorableDateTime: Math.floor((moments[0]?.at ?? 0) / 1000),
              LatestRestorableDateTime: Math.ceil((moments.at(-1)?.at ?? 0) / 1000),
            }
          : { PointInTimeRecoveryStatus: 'DISABLED' },
      },
    };
  };

  const enableBackups = ({ TableName }: OfTable) => {
    const left = rejectionsLeft.get(TableName) ?? 0;
    rejectionsLeft.set(TableName, left - 1);
    if (left > 0) {
      const reason = 'Backups are being enabled for the table. Please retry later';
      throw rejection('ContinuousBackupsUnavailableException', reason);
    }
    withBackups.add(TableName);
    return describeBackups({ TableName });
  };

  const forward = async (operation: string, body: string, headers: Record<string, string>) => {
    const response = await fetch(target, { method: 'POST', body, headers });
    const answer = JSON.parse(await response.text());
    if (operation === 'DescribeTable' && response.ok) {
      const { TableName } = answer.Table;
      answer.Table.DeletionProtectionEnabled = isProtected.has(TableName);
      const left = readsLeft.get(TableName) ?? 0;
      readsLeft.set(TableName, left - 1);
      if (left > 0) answer.Table.TableStatus = 'CREATING';
    }
    return { status: response.status, answer };
  };

  const handle = async (operation: string, body: string, headers: Record<string, string>) => {
    const input = JSON.parse(body);
    if (operation === 'RestoreTableToPointInTime') return ok(await restore(Restore.parse(input)));
    if (operation === 'DescribeContinuousBackups') return ok(describeBackups(input));
    if (operation === 'UpdateContinuousBackups') return ok(enableBackups(input));
    if (operation === 'UpdateTable' && input.DeletionProtectionEnabled === true) {
      isProtected.add(input.TableName);
      return ok({});
    }
    return forward(operation, body, headers);
  };

  const server = createServer(async (request, response) => {
    const [, operation = ''] = String(request.headers['x-amz-target']).split('.');
    const { status, answer } = await handle(operation, await text(request), {
      authorization: String(request.headers.authorization),
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': String(request.headers['x-amz-target']),
    }).catch((thrown: unknown) => ({
      status: 400,
      answer: { __type: thrown instanceof Error ? thrown.name : '', message: String(thrown) },
    }));
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(JSON.stringify(answer));
  });
  const { url, close } = await listen(server, 0);
  return {
    url,
    close,
    /** Remembers the rows of all tables. Returns the moment, to the second. */
    async remember(): Promise<string> {
      const rows = await Promise.all(
        tables.map(async (name) => [name, await readAll(client, name)] as const),
      );
      const at = Math.ceil(Date.now() / 1000) * 1000;
      moments.push({ at, rows: new Map(rows) });
      return new Date(at).toISOString();
    },
    /** The tables whose restore was begun, one entry for each time. */
    restored: restored as readonly string[],
    hasBackups: (table: string) => withBackups.has(table),
    isProtected: (table: string) => isProtected.has(table),
  };
}

const ok = (answer: object) => ({ status: 200, answer });

function rejection(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

type OfTable = { readonly TableName: string };
const Restore = z.object({
  SourceTableName: z.string(),
  TargetTableName: z.string(),
  RestoreDateTime: z.number(),
});
type Restore = z.output<typeof Restore>;

async function createLike(client: DynamoDBClient, source: string, TableName: string) {
  const { Table } = await client.send(new DescribeTableCommand({ TableName: source }));
  const { AttributeDefinitions, KeySchema, GlobalSecondaryIndexes } = Table ?? {};
  await client.send(
    new CreateTableCommand({
      TableName,
      AttributeDefinitions,
      KeySchema,
      BillingMode: 'PAY_PER_REQUEST',
      ...(GlobalSecondaryIndexes && {
        GlobalSecondaryIndexes: GlobalSecondaryIndexes.map(
          ({ IndexName, KeySchema: keys, Projection }) => ({
            IndexName,
            KeySchema: keys,
            Projection,
          }),
        ),
      }),
    }),
  );
  for (;;) {
    const { Table: made } = await client.send(new DescribeTableCommand({ TableName }));
    if (made?.TableStatus === 'ACTIVE') return;
  }
}

async function readAll(client: DynamoDBClient, TableName: string): Promise<readonly Item[]> {
  const rows: Item[] = [];
  for await (const { Items = [] } of paginateScan(
    { client },
    { TableName, ConsistentRead: true },
  )) {
    rows.push(...Items);
  }
  return rows;
}

const batchSize = 25;

async function writeAll(client: DynamoDBClient, table: string, rows: readonly Item[]) {
  for (let start = 0; start < rows.length; start += batchSize) {
    const requests = rows.slice(start, start + batchSize).map((Item) => ({ PutRequest: { Item } }));
    await client.send(new BatchWriteItemCommand({ RequestItems: { [table]: requests } }));
  }
}
