import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import type { TableDefinition } from '../local/aws/dynamodb/tables.ts';
import { listen, type RunningServer } from '../local/aws/listen.ts';
import { type Item, readUnits, sizeOf, writeUnitsByName } from './capacity.ts';

type Options = {
  /** The address of the database. */
  readonly url: string;
  /** A client that may read all tables. */
  readonly client: DynamoDBClient;
  /** Only requests to these tables are counted. */
  readonly tables: readonly TableDefinition[];
};

export type Meter = RunningServer & {
  /** The write units of each table and of each index, by name, and all read units. */
  readonly units: { readonly write: Map<string, number>; read: number };
  /** How many write actions there were, also those whose condition failed. */
  readonly writes: () => number;
};

const AnyItem = z.custom<Item>();
const Action = z.object({
  TableName: z.string(),
  Key: AnyItem.optional(),
  Item: AnyItem.optional(),
  ConsistentRead: z.boolean().optional(),
});
type Action = z.output<typeof Action>;
const Transaction = z.object({ TransactItems: z.array(z.record(z.string(), Action)) });
/** A read whose response has less than the items that it reads. */
const Reduced = z
  .object({ Select: z.literal('COUNT') })
  .or(z.object({ ProjectionExpression: z.string() }))
  .or(z.object({ FilterExpression: z.string() }));
const Names = z.record(z.string(), z.unknown());
/** The same read of whole items. DynamoDB refuses names that no expression uses. */
const Whole = z
  .object({
    TableName: z.string(),
    IndexName: z.string().optional(),
    Key: AnyItem.optional(),
    KeyConditionExpression: z.string().optional(),
    ExpressionAttributeNames: Names.optional(),
    ExpressionAttributeValues: Names.optional(),
    ExclusiveStartKey: AnyItem.optional(),
    ScanIndexForward: z.boolean().optional(),
    ConsistentRead: z.boolean().optional(),
    Limit: z.number().optional(),
  })
  .transform((read) => ({
    ...read,
    ExpressionAttributeNames: usedIn(read.KeyConditionExpression, read.ExpressionAttributeNames),
    ExpressionAttributeValues: usedIn(read.KeyConditionExpression, read.ExpressionAttributeValues),
  }));
const Found = z.object({ Items: z.array(AnyItem).default([]), Item: AnyItem.optional() });
const FoundMany = z.object({
  Responses: z.record(z.string(), z.array(AnyItem)).or(z.array(Found)).default([]),
});

/** Starts a proxy in front of DynamoDB that counts the request units of every request. */
export async function startMeter({ url, client, tables }: Options): Promise<Meter> {
  const units: Meter['units'] = { write: new Map(), read: 0 };
  let writes = 0;
  const tableOf = ({ TableName }: Action) => tables.find((table) => table.TableName === TableName);

  const addUnits = (written: Readonly<Record<string, number>>) => {
    for (const [name, size] of Object.entries(written)) {
      units.write.set(name, (units.write.get(name) ?? 0) + size);
    }
  };

  const readItem = async (action: Action): Promise<Item | undefined> => {
    const keys = tableOf(action)?.KeySchema.map(({ AttributeName }) => AttributeName) ?? [];
    const given = Object.entries(action.Key ?? action.Item ?? {});
    const Key = Object.fromEntries(given.filter(([name]) => keys.includes(name)));
    const { TableName } = action;
    return (await client.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }))).Item;
  };

  const write = async (
    actions: readonly Action[],
    isTransaction: boolean,
    forwardRequest: Forward,
  ) => {
    writes += actions.length;
    const before = await Promise.all(actions.map(readItem));
    const response = await forwardRequest();
    const after = await Promise.all(actions.map(readItem));
    for (const [index, action] of actions.entries()) {
      const table = tableOf(action);
      const change = { before: before[index], after: after[index] };
      if (table) addUnits(writeUnitsByName(table, change, isTransaction));
    }
    return response;
  };

  const read = async (operation: string, body: unknown, forwardRequest: Forward) => {
    const response = await forwardRequest();
    // A read that returns only a part of the items or attributes is billed for everything that it has read.
    const whole = Reduced.safeParse(body).success ? JSON.stringify(Whole.parse(body)) : undefined;
    const found = whole ? await forwardRequest(whole) : response;
    units.read += readUnitsOf(operation, body, JSON.parse(found.body));
    return response;
  };

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const content = await text(request);
    const body: unknown = JSON.parse(content);
    const operation = String(request.headers['x-amz-target']).split('.')[1] ?? '';
    const forwardRequest: Forward = (other = content) => forward(url, request, other);
    const actions = writesOf(operation, body);
    const count = async () =>
      actions
        ? write(actions, operation.startsWith('Transact'), forwardRequest)
        : read(operation, body, forwardRequest);
    const forwarded = tables.some(({ TableName }) => content.includes(TableName))
      ? await count()
      : await forwardRequest();
    response.writeHead(forwarded.status, forwarded.headers).end(forwarded.body);
  };
  // When the database closes a connection, the meter closes its own connection to the client, and the client tries again.
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  return { units, writes: () => writes, ...(await listen(server, 0)) };
}

type ForwardedResponse = {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
};
/** Sends the request, or another body with its headers. */
type Forward = (body?: string) => Promise<ForwardedResponse>;

async function forward(
  url: string,
  { headers }: IncomingMessage,
  body: string,
): Promise<ForwardedResponse> {
  const names = ['authorization', 'content-type', 'x-amz-target', 'x-amz-date'];
  const forwarded = names.map((name): [string, string] => [name, String(headers[name])]);
  const response = await fetch(url, { method: 'POST', headers: forwarded, body });
  const type = { 'content-type': 'application/x-amz-json-1.0' };
  return { status: response.status, headers: type, body: await response.text() };
}

function writesOf(operation: string, body: unknown): readonly Action[] | undefined {
  if (['PutItem', 'UpdateItem', 'DeleteItem'].includes(operation)) return [Action.parse(body)];
  if (operation !== 'TransactWriteItems') return undefined;
  return Transaction.parse(body).TransactItems.flatMap((action) => Object.values(action));
}

/** The names that an expression uses; `undefined` when it uses none. */
function usedIn(expression = '', names: z.output<typeof Names> = {}) {
  const words: readonly string[] = expression.match(/[#:]\w+/g) ?? [];
  const used = Object.entries(names).filter(([name]) => words.includes(name));
  return used.length > 0 ? Object.fromEntries(used) : undefined;
}

function readUnitsOf(operation: string, body: unknown, response: unknown): number {
  const isStrong = z.object({ ConsistentRead: z.literal(true) }).safeParse(body).success;
  const consistency = isStrong ? 'strong' : 'eventual';
  if (operation === 'Query' || operation === 'GetItem') {
    const { Items, Item: item } = Found.parse(response);
    return readUnits(
      [...Items, ...(item ? [item] : [])].reduce((total, found) => total + sizeOf(found), 0),
      consistency,
    );
  }
  const { Responses } = FoundMany.parse(response);
  const consistencyOfMany = operation === 'TransactGetItems' ? 'transaction' : consistency;
  const items = Array.isArray(Responses)
    ? Responses.map(({ Item: item }) => item)
    : Object.values(Responses).flat();
  return items.reduce((total, item) => total + readUnits(sizeOf(item), consistencyOfMany), 0);
}
