import { listen } from '../listen.ts';
import { everybodyMay, type Judge } from '../rights/judge.ts';
import { answers } from './answer.ts';
import { openEngine } from './engine.ts';
import { jsonServer } from './http.ts';
import { sweeper } from './sweep.ts';
import { ensureTable, type TableDefinition } from './tables.ts';

type Options = {
  readonly tables: readonly TableDefinition[];
  /** Where the data is kept; in memory without it. */
  readonly dataDir?: string | undefined;
  /** A free one without it. */
  readonly port?: number | undefined;
  /** Milliseconds since 1970: for items that expire and tokens that are forgotten. */
  readonly now?: (() => number) | undefined;
  readonly sweepEveryMs?: number | undefined;
  /** Who may do what; everybody everything without it. */
  readonly judge?: Judge | undefined;
};

export type LocalDynamoDb = {
  readonly url: string;
  /** Deletes what has expired by now, without waiting for the next regular time. */
  sweep(): Promise<void>;
  close(): Promise<void>;
};

/** The laptop's DynamoDB. Tables that are there already stay as they are. */
export async function startDynamoDb(options: Options): Promise<LocalDynamoDb> {
  const { tables, dataDir, port = 0, now = Date.now, sweepEveryMs = 60_000 } = options;
  const { judge = everybodyMay } = options;
  const engine = await openEngine(dataDir);
  try {
    const answer = answers(engine, now);
    for (const definition of tables) await ensureTable(answer, definition);
    const server = await listen(jsonServer(answer, judge), port);

    const { sweep, settled } = sweeper(answer, now);
    await sweep();
    const timer = setInterval(sweep, sweepEveryMs).unref();

    const close = async () => {
      clearInterval(timer);
      await server.close();
      await settled();
      await engine.close();
    };
    return { url: server.url, sweep, close };
  } catch (thrown) {
    await engine.close();
    throw thrown;
  }
}
