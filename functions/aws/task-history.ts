import { type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Place } from '../task/cursor.ts';
import type { History, Page, Wish } from '../task/history.ts';
import type { Summary } from '../task/task.ts';
import { findRows } from './find-rows.ts';
import { toTask } from './task-row.ts';
import type { Row } from './update.ts';

// DynamoDB filters what it has read, so a page of rare ones takes several readings. So many at the
// most: a page may then be short, and its cursor leads on.
const mostReadings = 10;
const leastRead = 50;

/** The tasks of an account in DynamoDB, through the index by account and time. */
export const taskHistory = (client: DynamoDBClient, table: string): History => ({
  list: async (account, wish) => {
    const tasks: Summary[] = [];
    let next: Place | undefined = wish.behind;
    for (let reading = 0; reading < mostReadings; reading += 1) {
      const page = await readPage(client, table, account, { ...wish, behind: next });
      tasks.push(...page.tasks);
      next = page.next;
      if (tasks.length >= wish.limit) return cut(tasks, wish.limit, next);
      if (!next) break;
    }
    return { tasks, next };
  },
  findAll: async (ids) => {
    const rows = await findRows(
      client,
      table,
      ids.map((id) => ({ id })),
    );
    return rows.map(toTask);
  },
});

// More were found than asked for: the page ends with the last one that is in it.
function cut(tasks: readonly Summary[], limit: number, next: Place | undefined): Page {
  const page = tasks.slice(0, limit);
  const last = page.at(-1);
  return { tasks: page, next: last && tasks.length > limit ? placeOf(last) : next };
}

const placeOf = ({ id, createdAt }: Place): Place => ({ id, createdAt });

async function readPage(
  client: DynamoDBClient,
  table: string,
  account: string,
  wish: Wish,
): Promise<Page> {
  const span = spanOf(wish);
  if (!span) return { tasks: [] };
  const { Items = [], LastEvaluatedKey } = await client.send(
    new QueryCommand({
      TableName: table,
      IndexName: 'byAccount',
      ...conditionsOf(account, span, wish),
      ...(span.behind && { ExclusiveStartKey: marshall({ account, ...placeOf(span.behind) }) }),
      ScanIndexForward: false,
      Limit: isFiltered(wish) ? Math.max(wish.limit, leastRead) : wish.limit,
    }),
  );
  return {
    // The index has just these attributes (infra/tables.ts).
    tasks: Items.map((item) => unmarshall(item) as Summary),
    next: LastEvaluatedKey && placeOf(unmarshall(LastEvaluatedKey) as Place),
  };
}

type Span = { readonly from: number; readonly to: number; readonly behind?: Place | undefined };

// DynamoDB refuses a span that is upside down, and a place to start from outside of it; callers may
// send both, since a cursor can be used with other times than it came from.
function spanOf({ from = 0, to = Number.MAX_SAFE_INTEGER, behind }: Wish): Span | undefined {
  const start = behind && behind.createdAt <= to ? behind : undefined;
  const end = start ? start.createdAt : to;
  return from > end ? undefined : { from, to: end, behind: start };
}

const isFiltered = ({ status, model }: Wish) => status !== undefined || model !== undefined;

function conditionsOf(account: string, { from, to }: Span, { status, model }: Wish) {
  const wanted: Row = { ...(status && { status }), ...(model && { model }) };
  const names = Object.keys(wanted);
  return {
    KeyConditionExpression: 'account = :account AND createdAt BETWEEN :from AND :to',
    ExpressionAttributeValues: marshall({
      ...{ ':account': account, ':from': from, ':to': to },
      ...Object.fromEntries(names.map((name) => [`:${name}`, wanted[name]])),
    }),
    ...(names.length > 0 && {
      FilterExpression: names.map((name) => `#${name} = :${name}`).join(' AND '),
      ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
    }),
  };
}
