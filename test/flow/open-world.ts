import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { DynamoDBClient, GetItemCommand, paginateQuery } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { type FirstKeys, firstKeys, issueKey } from '../../local/first-keys.ts';
import { type Laptop, type LaptopOptions, startLaptop } from '../../local/laptop.ts';
import type { Observed } from '../../local/step-functions/history.ts';
import { schedulesOf } from '../../local/template/read-schedules.ts';
import { tablesOf } from '../../local/template/read-tables.ts';
import { checkLogs, type LogTripwire, logTripwire } from './log-tripwire.ts';

// Waits are divided by it; real work is not, so task timeouts must stay above that.
const speed = 8;

type Answer = { readonly status: number; readonly headers: Headers; readonly body: Body };
// What the API answers is looked at, not relied on.
// biome-ignore lint/suspicious/noExplicitAny: answers are what is under test
export type Body = any;

export type World = Laptop & {
  readonly keys: FirstKeys;
  /** Where the laptop keeps everything, its functions' logs too. */
  readonly dataDir: string;
  readonly transitions: readonly Observed[];
  /** Fails `close` when something stands in a log that it knows of. */
  readonly tripwire: LogTripwire;
  call(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer>;
  create(body: object, headers?: Record<string, string>): Promise<Answer>;
  /** The same with the key of another account, which is made on the way and has no credits. */
  callAs(account: string, ...call: Parameters<World['call']>): Promise<Answer>;
  /** Reads a task until it has ended. */
  ended(id: string): Promise<Body>;
  /** The account's row: granted, balance, reserved, used. */
  account(): Promise<Record<string, number>>;
  entries(): Promise<readonly Record<string, unknown>[]>;
  /** The task's row as it is in the table. */
  dynamoItem(id: string): Promise<Record<string, unknown>>;
  /** Runs the sweep now. */
  sweep(): Promise<unknown>;
  /** Whether the workflow of a task is over. */
  isClosed(id: string): boolean;
  readonly dynamo: DynamoDBClient;
  tableWith(attribute: string): string;
};

type WorldOptions = Pick<
  LaptopOptions,
  'outdir' | 'clock' | 'speed' | 'parameters' | 'paint' | 'onTransition'
>;

/** The laptop, running a synthesised stack with everything in it, for as long as nobody closes it. */
export async function openWorld({ onTransition, ...options }: WorldOptions): Promise<World> {
  const dataDir = mkdtempSync(join(tmpdir(), 'darkroom-world-'));
  const transitions: Observed[] = [];
  const tripwire = logTripwire();
  const laptop = await startLaptop({
    ...{ speed, ...options, dataDir },
    onTransition: (event) => {
      transitions.push(event);
      onTransition?.(event);
    },
  });
  const keys = await firstKeys(laptop, join(dataDir, 'keys.json'));
  const call = caller(laptop.url, keys.apiKey, tripwire);
  const dynamo = clientFor(laptop);
  const tableWith = (attribute: string) => tableOf(laptop, attribute);
  const accounts = tableWith('entry');
  return {
    ...{ ...laptop, keys, dataDir, transitions, tripwire, call, dynamo, tableWith },
    create: (body, headers) => call('POST', '/v1/images/generations', body, headers),
    callAs: async (account, ...what) => {
      const { api_key } = await issueKey(laptop, { account });
      return caller(laptop.url, api_key, tripwire)(...what);
    },
    ended: (id) => until(() => call('GET', `/v1/tasks/${id}`).then(({ body }) => body), isOver),
    account: async () => {
      const Key = marshall({ account: 'default', entry: 'account' });
      const { Item } = await dynamo.send(new GetItemCommand({ TableName: accounts, Key }));
      return unmarshall(Item ?? {});
    },
    entries: async () => {
      const pages = paginateQuery(
        { client: dynamo },
        {
          TableName: accounts,
          KeyConditionExpression: 'account = :account AND begins_with(entry, :prefix)',
          ExpressionAttributeValues: marshall({ ':account': 'default', ':prefix': 'entry#' }),
        },
      );
      const all: Record<string, unknown>[] = [];
      for await (const { Items = [] } of pages) all.push(...Items.map((item) => unmarshall(item)));
      return all;
    },
    dynamoItem: async (id) => {
      const Key = marshall({ id });
      const { Item } = await dynamo.send(new GetItemCommand({ TableName: tableWith('id'), Key }));
      return unmarshall(Item ?? {});
    },
    sweep: () => laptop.schedules.fire(schedulesOf(laptop.context)[0]?.id ?? ''),
    isClosed: (id) =>
      transitions.some(({ execution, type }) => execution === id && closing.test(type)),
    close: async () => {
      dynamo.destroy();
      await laptop.close();
      try {
        checkLogs(tripwire, dataDir);
      } finally {
        rmSync(dataDir, { recursive: true, force: true });
      }
    },
  };
}

const closing = /^Execution(?!Started)/;
const isOver = ({ status }: Body) => status === 'completed' || status === 'failed';

/** Looks again until it is so; the test's own time limit ends it when it never is. */
export async function until<T>(look: () => Promise<T> | T, isSo: (seen: T) => boolean): Promise<T> {
  for (;;) {
    const seen = await look();
    if (isSo(seen)) return seen;
    await setTimeout(50);
  }
}

const caller =
  (url: string, key: string, tripwire: LogTripwire): World['call'] =>
  async (method, path, body, headers = {}) => {
    tripwire.hear(body);
    const response = await fetch(new URL(path, url), {
      method,
      redirect: 'manual',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    tripwire.answered(text);
    const isJson = response.headers.get('content-type')?.startsWith('application/json');
    return {
      status: response.status,
      headers: response.headers,
      body: isJson ? JSON.parse(text) : text,
    };
  };

function clientFor({ environment }: Laptop): DynamoDBClient {
  return new DynamoDBClient({
    region: 'us-east-1',
    endpoint: environment['AWS_ENDPOINT_URL_DYNAMODB'] ?? '',
    credentials: {
      accessKeyId: environment['AWS_ACCESS_KEY_ID'] ?? '',
      secretAccessKey: environment['AWS_SECRET_ACCESS_KEY'] ?? '',
    },
  });
}

function tableOf({ context }: Laptop, attribute: string): string {
  // Tasks and idempotency keys are both found by their id; only tasks have indexes.
  const table = tablesOf(context).find(
    ({ KeySchema, GlobalSecondaryIndexes }) =>
      KeySchema.some(({ AttributeName }) => AttributeName === attribute) &&
      (attribute !== 'id' || GlobalSecondaryIndexes !== undefined),
  );
  if (!table) throw new Error(`no table has ${attribute} in its key`);
  return table.TableName;
}

/** What the painter has counted. */
export const painted = async ({ painter }: World): Promise<Body> =>
  (await fetch(`${painter.url}/control`)).json();

/** Sends a picture with the form of an upload. */
export async function upload(form: Body, picture: Uint8Array): Promise<number> {
  const data = new FormData();
  for (const [name, value] of Object.entries<string>(form.fields)) data.append(name, value);
  data.append('file', new Blob([picture]));
  const { status } = await fetch(form.url, { method: form.method, body: data });
  return status;
}
