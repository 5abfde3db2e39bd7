import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { DynamoDBClient, GetItemCommand, paginateQuery } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import { testAccountOf } from '../../functions/domain/model/mode.ts';
import type { ExecutionEvent } from '../../local/aws/step-functions/history.ts';
import { schedulesOf } from '../../local/aws/template/read-schedules.ts';
import { tablesOf } from '../../local/aws/template/read-tables.ts';
import { issueKey, type LocalKeys, loadOrIssueKeys } from '../../local/local-keys.ts';
import type { LocalStack } from '../../local/local-stack.ts';
import { imageGenerator } from '../../local/providers/generate-images.ts';
import {
  type FaultyStack,
  type FaultyStackOptions,
  startFaultyStack,
} from '../support/faults/start-stack.ts';
import { flatImage } from '../support/flat-image.ts';
import { checkLogs, type LogTripwire, logTripwire } from './log-tripwire.ts';

// Every wait is divided by this. Real work is not, so a task timeout must stay longer than the work takes.
const speed = 8;

type ApiResponse = { readonly status: number; readonly headers: Headers; readonly body: Body };
// The tests assert on responses; no type may promise what is in them.
// biome-ignore lint/suspicious/noExplicitAny: responses are what is under test
export type Body = any;

/** What a test reads of one account. */
type AccountView = {
  readonly keys: LocalKeys;
  call(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<ApiResponse>;
  create(body: object, headers?: Record<string, string>): Promise<ApiResponse>;
  /** Polls a task until it has ended, and returns it. */
  endedTask(id: string): Promise<Body>;
  /** The funds of the account, over all its shards. */
  account(): Promise<Shard>;
  /** The funds in each of its shards. */
  shards(): Promise<readonly Shard[]>;
  /** The entries of its ledger, the oldest first. */
  entries(): Promise<readonly Entry[]>;
};

export type TestStack = FaultyStack &
  AccountView & {
    /** The directory in which the local stack keeps its data, the logs of the functions included. */
    readonly dataDir: string;
    readonly executionEvents: readonly ExecutionEvent[];
    /** Has the secrets of this stack. */
    readonly tripwire: LogTripwire;
    /** `close` calls it, too. @throws {Error} when a secret stands in a log */
    checkLogs(): void;
    /** `call` with the key of another account. The account is created by the call, without credits. */
    callAs(account: string, ...call: Parameters<AccountView['call']>): Promise<ApiResponse>;
    /** The same stack, seen by a new account with 1,000 credits. */
    withAccount(account: string): Promise<TestStack>;
    /** The same account with its test key. */
    readonly testMode: AccountView;
    /** The task's item as it is in the table. */
    taskItem(id: string): Promise<Record<string, unknown>>;
    /** Runs the reconciler now. */
    reconcile(): Promise<unknown>;
    /** Whether the task's first execution has ended, in whatever way. */
    isExecutionOver(id: string): boolean;
    readonly dynamoDb: DynamoDBClient;
    tableWithKey(attribute: string): string;
  };

type AccountDeps = Pick<TestStack, 'url' | 'tripwire' | 'dynamoDb' | 'tableWithKey'> & {
  readonly changes: Changes;
};

type TestStackOptions = Pick<
  FaultyStackOptions,
  | 'outdir'
  | 'clock'
  | 'speed'
  | 'parameters'
  | 'generateImages'
  | 'onTransition'
  | 'onRequest'
  | 'onLog'
  | 'dynamoDbLatency'
  | 'limits'
> & {
  /** The directory in which the stack makes its data directory. */
  readonly parent?: string;
};

/** Starts the local stack with a synthesised template, and with what a test needs to talk to it. */
export async function openStack({
  onTransition,
  parent = tmpdir(),
  ...options
}: TestStackOptions): Promise<TestStack> {
  const dataDir = mkdtempSync(join(parent, 'darkroom-stack-'));
  const executionEvents: ExecutionEvent[] = [];
  const tripwire = logTripwire();
  const changes = taskChanges();
  const localStack = await startFaultyStack({
    speed,
    generateImages: imageGenerator(flatImage),
    // Enough for each function to have a sandbox, so that none is ended because another function is called. A start takes
    // longer than most events, so many events at a time wait for the same few sandboxes.
    limits: { maxSandboxes: 40, maxSandboxesPerFunction: 3, maxIdleMs: 120_000 },
    ...options,
    dataDir,
    onTransition: (event) => {
      executionEvents.push(event);
      changes.note(event);
      onTransition?.(event);
    },
  });
  const keys = await loadOrIssueKeys(localStack, join(dataDir, 'keys.json'));
  const dynamoDb = clientFor(localStack);
  const tableWithKey = (attribute: string) => tableOf(localStack, attribute);
  const stack = {
    ...localStack,
    dataDir,
    executionEvents,
    tripwire,
    dynamoDb,
    tableWithKey,
    testMode: accountView(
      { url: localStack.url, tripwire, dynamoDb, tableWithKey, changes },
      testAccountOf('default'),
      { ...keys, apiKey: keys.testKey },
    ),
    callAs: async (account: string, ...request: Parameters<TestStack['call']>) => {
      const { api_key } = await issueKey(localStack, { account });
      return apiClient(localStack.url, api_key, tripwire)(...request);
    },
    taskItem: async (id: string) => {
      const Key = marshall({ id, part: 'state' });
      const { Item } = await dynamoDb.send(
        new GetItemCommand({ TableName: tableWithKey('id'), Key }),
      );
      return unmarshall(Item ?? {});
    },
    reconcile: () => localStack.schedules.fire(schedulesOf(localStack.context)[0]?.id ?? ''),
    isExecutionOver: (id: string) =>
      executionEvents.some(({ execution, type }) => execution === id && executionEnd.test(type)),
    checkLogs: () => checkLogs(tripwire, dataDir),
    close: async () => {
      dynamoDb.destroy();
      await localStack.close();
      try {
        checkLogs(tripwire, dataDir);
      } finally {
        rmSync(dataDir, { recursive: true, force: true });
      }
    },
  };
  const withAccount = async (account: string): Promise<TestStack> => {
    const caller = await issueKey(localStack, { account, scopes: ['generate'], credits: 1000 });
    const { api_key: apiKey, webhook_secret: webhookSecret } = caller;
    return {
      ...stack,
      withAccount,
      ...accountView({ ...stack, changes }, account, { ...keys, apiKey, webhookSecret }),
    };
  };
  return { ...stack, withAccount, ...accountView({ ...stack, changes }, 'default', keys) };
}

/** What a test does with one account. */
function accountView(
  { url, tripwire, dynamoDb, tableWithKey, changes }: AccountDeps,
  account: string,
  keys: LocalKeys,
): AccountView {
  const call = apiClient(url, keys.apiKey, tripwire);
  const TableName = tableWithKey('entry');
  const read = async (partition: string, entry: string) => {
    const Key = marshall({ account: partition, entry });
    const { Item } = await dynamoDb.send(
      new GetItemCommand({ TableName, Key, ConsistentRead: true }),
    );
    return unmarshall(Item ?? {});
  };
  const partitions = async () => {
    const { shards = 0 } = await read(account, 'account');
    return Array.from({ length: shards }, (_, shard) => `${account}#${shard}`);
  };
  const shardsOf = async () => {
    const rows = (await partitions()).map((partition) => read(partition, 'shard'));
    return (await Promise.all(rows)).map((row) => Shard.parse(row));
  };
  return {
    keys,
    call,
    create: (body, headers) => call('POST', '/v1/images/generations', body, headers),
    endedTask: async (id) => {
      for (;;) {
        // Waits for changes from before the read on: a change during the read may not be in the response.
        const change = changes.next(id);
        const { body } = await call('GET', `/v1/tasks/${id}`);
        if (isOver(body)) return body;
        await change;
      }
    },
    account: async () => {
      const shards = await shardsOf();
      const sum = (name: keyof Shard) => shards.reduce((all, shard) => all + shard[name], 0);
      return {
        granted: sum('granted'),
        balance: sum('balance'),
        reserved: sum('reserved'),
        used: sum('used'),
        inFlight: sum('inFlight'),
      };
    },
    shards: shardsOf,
    entries: async () => {
      const all: Entry[] = [];
      for (const partition of await partitions()) {
        const pages = paginateQuery(
          { client: dynamoDb },
          {
            TableName,
            KeyConditionExpression: 'account = :account AND begins_with(entry, :prefix)',
            ExpressionAttributeValues: marshall({ ':account': partition, ':prefix': 'entry#' }),
          },
        );
        for await (const { Items = [] } of pages) {
          all.push(...Items.map((item) => Entry.parse(unmarshall(item))));
        }
      }
      return all.sort((a, b) => (a.id < b.id ? -1 : 1));
    },
  };
}

const amount = z.number().default(0);
const Shard = z.object({
  granted: amount,
  balance: amount,
  reserved: amount,
  used: amount,
  inFlight: amount,
});
type Shard = z.output<typeof Shard>;
const Entry = z.looseObject({ id: z.string(), amount: z.number() });
type Entry = z.output<typeof Entry>;

const executionEnd = /^Execution(?!Started)/;
const stateEnd = /StateExited$/;

/** Says when a task has to be read again. A read costs more than anything else in most tests. */
type Changes = {
  /** Has to be called with every event of an execution. */
  note(event: ExecutionEvent): void;
  /** Waits until a state of the task's workflow has ended, or for a while: a task may also end without one. */
  next(taskId: string): Promise<void>;
};

function taskChanges(): Changes {
  const waiting = new Map<() => void, string>();
  return {
    note({ execution, type }) {
      if (!executionEnd.test(type) && !stateEnd.test(type)) return;
      for (const [wake, taskId] of waiting) {
        // Later executions of a task have a number behind its id.
        if (execution === taskId || execution.startsWith(`${taskId}-`)) wake();
      }
    },
    async next(taskId) {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.set(resolve, taskId);
      await Promise.race([promise, setTimeout(500, undefined, { ref: false })]);
      waiting.delete(resolve);
    },
  };
}

const isOver = ({ status }: Body) => status === 'completed' || status === 'failed';

/** Repeats the read, with these pauses, until it is done. Otherwise the time limit of the test ends the loop. */
export async function until<T>(
  read: () => Promise<T> | T,
  isDone: (value: T) => boolean,
  pauseMs = 50,
): Promise<T> {
  for (;;) {
    const value = await read();
    if (isDone(value)) return value;
    await setTimeout(pauseMs);
  }
}

const apiClient =
  (url: string, key: string, tripwire: LogTripwire): TestStack['call'] =>
  async (method, path, body, headers = {}) => {
    tripwire.addRequest(body);
    const response = await fetch(new URL(path, url), {
      method,
      redirect: 'manual',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    tripwire.addResponse(text);
    const isJson = response.headers.get('content-type')?.startsWith('application/json');
    return {
      status: response.status,
      headers: response.headers,
      body: isJson && text !== '' ? JSON.parse(text) : text, // a HEAD has the type of its GET
    };
  };

function clientFor({ environment }: LocalStack): DynamoDBClient {
  return new DynamoDBClient({
    region: 'us-east-1',
    endpoint: environment['AWS_ENDPOINT_URL_DYNAMODB'] ?? '',
    credentials: {
      accessKeyId: environment['AWS_ACCESS_KEY_ID'] ?? '',
      secretAccessKey: environment['AWS_SECRET_ACCESS_KEY'] ?? '',
    },
  });
}

function tableOf({ context }: LocalStack, attribute: string): string {
  // Tasks and idempotency keys are both found by their id; only tasks have indexes.
  const table = tablesOf(context).find(
    ({ KeySchema, GlobalSecondaryIndexes }) =>
      KeySchema.some(({ AttributeName }) => AttributeName === attribute) &&
      (attribute !== 'id' || GlobalSecondaryIndexes !== undefined),
  );
  if (!table) throw new Error(`no table has ${attribute} in its key`);
  return table.TableName;
}

/** The counters and the jobs of the mock provider. */
export const mockProviderState = async ({ mockProvider }: TestStack): Promise<Body> =>
  (await fetch(`${mockProvider.url}/control`)).json();

/** Uploads a picture with a presigned form, and returns the HTTP status. */
export async function upload(form: Body, picture: Uint8Array): Promise<number> {
  const data = new FormData();
  for (const [name, value] of Object.entries<string>(form.fields)) data.append(name, value);
  data.append('file', new Blob([picture]));
  const { status } = await fetch(form.url, { method: form.method, body: data });
  return status;
}
