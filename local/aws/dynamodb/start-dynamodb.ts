import { type Authorizer, allowAll } from '../iam/authorizer.ts';
import { createJsonServer } from '../json-server.ts';
import { listen } from '../listen.ts';
import { openEngine } from './dynalite.ts';
import { dynamoDbOperations, type RunOperation } from './operations.ts';
import { endablePauses, type Pause } from './pause.ts';
import { requiredActions } from './required-actions.ts';
import { ensureTable, type TableDefinition } from './tables.ts';
import { ttlDeleter } from './ttl-deleter.ts';
import { turns } from './turns.ts';

type Options = {
  readonly tables: readonly TableDefinition[];
  /** Where the data is stored; in memory without it. */
  readonly dataDir?: string | undefined;
  /** Without it, any free port. */
  readonly port?: number | undefined;
  /** Milliseconds since 1970: for items that expire, and for client request tokens. */
  readonly now?: (() => number) | undefined;
  readonly ttlIntervalMs?: number | undefined;
  /** When a call pauses, and for how long. Without it calls take no time, so no two are ever in conflict. */
  readonly pause?: Pause | undefined;
  /** Checks permissions; without it every caller may do everything. */
  readonly authorize?: Authorizer | undefined;
};

export type LocalDynamoDb = {
  readonly url: string;
  /** Deletes what has expired by now, without waiting for the next regular run. */
  deleteExpired(): Promise<void>;
  close(): Promise<void>;
};

/** The local stack's DynamoDB. Tables that exist already stay as they are. */
export async function startDynamoDb(options: Options): Promise<LocalDynamoDb> {
  const { tables, dataDir, port = 0, now = Date.now, ttlIntervalMs = 60_000 } = options;
  const { authorize = allowAll } = options;
  const pauses = endablePauses(options.pause ?? (() => undefined));
  const engine = await openEngine(dataDir);
  try {
    const inTurn = turns();
    const operations = dynamoDbOperations(engine, { inTurn, now, pause: pauses.pause });
    const run: RunOperation = (name, input) => operations[name](input);
    for (const definition of tables) await ensureTable(run, definition);
    const server = await listen(
      createJsonServer({
        name: 'DynamoDB',
        target: 'DynamoDB_20120810',
        version: '1.0',
        operations,
        requiredActions,
        authorize,
        internalError: 'com.amazonaws.dynamodb.v20120810#InternalServerError',
        sendsCrc32: true,
      }),
      port,
    );

    const { deleteExpired, settled } = ttlDeleter(run, now);
    await deleteExpired();
    const timer = setInterval(deleteExpired, ttlIntervalMs).unref();

    const close = async () => {
      clearInterval(timer);
      await server.close();
      pauses.end();
      await settled();
      await inTurn(async () => undefined);
      await engine.close();
    };
    return { url: server.url, deleteExpired, close };
  } catch (thrown) {
    await engine.close();
    throw thrown;
  }
}
