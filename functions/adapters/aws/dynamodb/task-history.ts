import { type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { CursorKey } from '../../../domain/model/ids.ts';
import { indexNames } from '../../../domain/model/storage-names.ts';
import type { TaskSummary } from '../../../domain/model/task.ts';
import type { ListOptions, TaskHistory, TaskPage } from '../../../domain/tasks/list-tasks.ts';
import { allOf, withPlaceholders } from './expressions.ts';
import { findRows } from './rows.ts';
import { toTask } from './task-row.ts';

// DynamoDB filters after it has read, so a page of rare tasks takes several queries. After this many the page
// may be short; its cursor continues all the same.
const maxQueries = 10;
const minRead = 50;

/** The tasks of an account in DynamoDB, from the index by account and time. */
export const taskHistory = (client: DynamoDBClient, table: string): TaskHistory => ({
  list: async (account, options) => {
    const tasks: TaskSummary[] = [];
    let next: CursorKey | undefined = options.after;
    for (let query = 0; query < maxQueries; query += 1) {
      const page = await readPage(client, table, account, { ...options, after: next });
      tasks.push(...page.tasks);
      next = page.next;
      if (tasks.length >= options.limit) return cutPage(tasks, options.limit, next);
      if (!next) break;
    }
    return { tasks, next };
  },

  findAll: async (ids) => {
    const keys = ids.map((id) => ({ id }));
    return (await findRows(client, table, keys)).flatMap((row) => toTask(row) ?? []);
  },
});

// When more tasks were read than the page may have, the next page begins after the last task of this one.
function cutPage(
  tasks: readonly TaskSummary[],
  limit: number,
  next: CursorKey | undefined,
): TaskPage {
  const page = tasks.slice(0, limit);
  const last = page.at(-1);
  return { tasks: page, next: last && tasks.length > limit ? cursorKeyOf(last) : next };
}

const cursorKeyOf = ({ id, createdAt }: CursorKey): CursorKey => ({ id, createdAt });

const conditions = {
  inTimeRange: '#account = :account AND #createdAt BETWEEN :from AND :to',
  hasStatus: '#status = :status',
  hasModel: '#model = :model',
};

async function readPage(
  client: DynamoDBClient,
  table: string,
  account: string,
  options: ListOptions,
): Promise<TaskPage> {
  const range = timeRangeOf(options);
  if (!range) return { tasks: [] };
  const { limit, status, model } = options;
  const { from, to, after } = range;
  const filters = [
    ...(status ? [conditions.hasStatus] : []),
    ...(model ? [conditions.hasModel] : []),
  ];
  const { Items = [], LastEvaluatedKey } = await client.send(
    new QueryCommand({
      TableName: table,
      IndexName: indexNames.tasksByAccount,
      ...withPlaceholders(
        {
          KeyConditionExpression: conditions.inTimeRange,
          ...(filters.length > 0 && { FilterExpression: allOf(filters) }),
        },
        { account, from, to, status, model },
      ),
      ...(after && { ExclusiveStartKey: marshall({ account, ...cursorKeyOf(after) }) }),
      ScanIndexForward: false,
      Limit: filters.length > 0 ? Math.max(limit, minRead) : limit,
    }),
  );
  return {
    // The index has exactly these attributes (infra/tables.ts).
    tasks: Items.map((item) => unmarshall(item) as TaskSummary),
    next: LastEvaluatedKey && cursorKeyOf(unmarshall(LastEvaluatedKey) as CursorKey),
  };
}

type TimeRange = {
  readonly from: number;
  readonly to: number;
  readonly after?: CursorKey | undefined;
};

// DynamoDB rejects a range whose end is before its beginning, and a start key outside of the range. Both can
// happen: a caller may use a cursor with other times than the ones it was made with.
function timeRangeOf({
  from = 0,
  to = Number.MAX_SAFE_INTEGER,
  after,
}: ListOptions): TimeRange | undefined {
  const start = after && after.createdAt <= to ? after : undefined;
  const end = start ? start.createdAt : to;
  return from > end ? undefined : { from, to: end, after: start };
}
