import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import type { TableDefinition } from '../local/dynamodb/tables.ts';
import { listen, type Running } from '../local/listen.ts';
import { type Item, readUnits, sizeOf, type Units, writeUnits } from './capacity.ts';

type Options = {
  /** The database itself. */
  readonly url: string;
  /** May read everything there. */
  readonly client: DynamoDBClient;
  readonly tables: readonly TableDefinition[];
};

export type Meter = Running & { readonly units: Units };

const AnyItem = z.custom<Item>();
const Action = z.object({
  TableName: z.string(),
  Key: AnyItem.optional(),
  Item: AnyItem.optional(),
  ConsistentRead: z.boolean().optional(),
});
type Action = z.output<typeof Action>;
const Transaction = z.object({ TransactItems: z.array(z.record(z.string(), Action)) });
const Found = z.object({ Items: z.array(AnyItem).default([]), Item: AnyItem.optional() });
const FoundMany = z.object({
  Responses: z.record(z.string(), z.array(AnyItem)).or(z.array(Found)).default([]),
});

/** Stands before a DynamoDB and counts what every request would cost. */
export async function startMeter({ url, client, tables }: Options): Promise<Meter> {
  const units: Units = { write: 0, read: 0 };
  const tableOf = ({ TableName }: Action) => tables.find((table) => table.TableName === TableName);

  const look = async (action: Action): Promise<Item | undefined> => {
    const keys = tableOf(action)?.KeySchema.map(({ AttributeName }) => AttributeName) ?? [];
    const given = Object.entries(action.Key ?? action.Item ?? {});
    const Key = Object.fromEntries(given.filter(([name]) => keys.includes(name)));
    const { TableName } = action;
    return (await client.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }))).Item;
  };

  const write = async (actions: readonly Action[], isTransaction: boolean, pass: Pass) => {
    const before = await Promise.all(actions.map(look));
    const answer = await pass();
    const after = await Promise.all(actions.map(look));
    for (const [index, action] of actions.entries()) {
      const table = tableOf(action);
      const change = { before: before[index], after: after[index] };
      if (table) units.write += writeUnits(table, change, isTransaction);
    }
    return answer;
  };

  const read = async (operation: string, body: unknown, pass: Pass) => {
    const answer = await pass();
    units.read += readBy(operation, body, JSON.parse(answer.body));
    return answer;
  };

  const server = createServer(async (request, response) => {
    const content = await text(request);
    const body: unknown = JSON.parse(content);
    const operation = String(request.headers['x-amz-target']).split('.')[1] ?? '';
    const pass = () => forward(url, request, content);
    const actions = writesOf(operation, body);
    const {
      status,
      headers,
      body: answer,
    } = actions
      ? await write(actions, operation.startsWith('Transact'), pass)
      : await read(operation, body, pass);
    response.writeHead(status, headers).end(answer);
  });
  return { units, ...(await listen(server, 0)) };
}

type Passed = {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
};
type Pass = () => Promise<Passed>;

async function forward(url: string, { headers }: IncomingMessage, body: string): Promise<Passed> {
  const kept = ['authorization', 'content-type', 'x-amz-target', 'x-amz-date'];
  const given = kept.map((name): [string, string] => [name, String(headers[name])]);
  const response = await fetch(url, { method: 'POST', headers: given, body });
  const type = { 'content-type': 'application/x-amz-json-1.0' };
  return { status: response.status, headers: type, body: await response.text() };
}

function writesOf(operation: string, body: unknown): readonly Action[] | undefined {
  if (['PutItem', 'UpdateItem', 'DeleteItem'].includes(operation)) return [Action.parse(body)];
  if (operation !== 'TransactWriteItems') return undefined;
  return Transaction.parse(body).TransactItems.flatMap((one) => Object.values(one));
}

function readBy(operation: string, body: unknown, answer: unknown): number {
  const isStrong = z.object({ ConsistentRead: z.literal(true) }).safeParse(body).success;
  const how = isStrong ? 'strong' : 'eventual';
  if (operation === 'Query' || operation === 'GetItem') {
    const { Items, Item: item } = Found.parse(answer);
    return readUnits(
      [...Items, ...(item ? [item] : [])].reduce((sum, one) => sum + sizeOf(one), 0),
      how,
    );
  }
  const { Responses } = FoundMany.parse(answer);
  const transacted = operation === 'TransactGetItems' ? 'transaction' : how;
  const items = Array.isArray(Responses)
    ? Responses.map(({ Item: item }) => item)
    : Object.values(Responses).flat();
  return items.reduce((sum, item) => sum + readUnits(sizeOf(item), transacted), 0);
}
