import { randomUUID } from 'node:crypto';
import { type DynamoDBClient, GetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { Due, Tasks } from '../task/ports.ts';
import { isEnded, type Running, type Task } from '../task/task.ts';
import * as changes from './task-changes.ts';
import { dueShards, fromItem, toTask } from './task-row.ts';
import { type Updated, update } from './update.ts';

type Place = { readonly client: DynamoDBClient; readonly table: string };

/** The task records in DynamoDB. */
export function taskTable(client: DynamoDBClient, table: string): Tasks {
  const place = { client, table };
  const deed = async (id: string, change: changes.Change) =>
    stillRunning(await changeRunning(place, id, change));

  return {
    find: (id) => find(place, id),
    uploadArrived: (id, index) => deed(id, changes.uploadArrived(index)),
    started: (id, at) => deed(id, changes.started(at)),
    submitting: async (id, provider, at, wording) => {
      const mark = changes.submitting({ provider, at, asker: randomUUID(), wording });
      const { done, row } = await changeRunning(place, id, mark);
      if (!row) throw new Error(`${id} is not there`);
      return { marked: done, task: toTask(row) };
    },
    submittingAgain: async (id, provider, seen, at) =>
      (await changeRunning(place, id, changes.submittingAgain(provider, seen, at))).done,
    notSubmitted: async (id, markedAt) => {
      await deed(id, changes.notSubmitted(markedAt));
    },
    submitted: (id, ticket, at, expectedSeconds) =>
      deed(id, changes.submitted(ticket, at, expectedSeconds)),
    providerCalled: async (id, provider, at) => {
      const called = await changeRunning(place, id, changes.providerCalled(provider, at));
      return called.done ? stillRunning(called) : undefined;
    },
    waiting: (id, wakeToken) => deed(id, changes.waiting(wakeToken)),
    outcome: (id, outcome, at) => deed(id, changes.ended(outcome, at)),
    callback: async (id, record, dueAt) => {
      await change(place, id, changes.calledBack(id, record, dueAt), changes.notYetTold(record));
    },
    callbackOwed: async (id, dueAt) => {
      const owed = changes.calledBack(id, { state: 'owed', attempts: 0 }, dueAt);
      await change(place, id, owed, 'attribute_exists(id)');
    },
    cancelled: (id, at) => deed(id, changes.cancelled(at)),
    look: async ({ id, dueAt }, next) => {
      const { done, row } = await change(place, id, changes.looked(dueAt, next), 'dueAt = :seen');
      return done && row ? toTask(row) : undefined;
    },
    restarted: async (id, execution, dueAt) =>
      (await changeRunning(place, id, changes.restarted(execution, dueAt))).done,
    due: (now, limit) => due(place, now, limit),
  };
}

async function find({ client, table }: Place, id: string): Promise<Task | undefined> {
  const { Item } = await client.send(
    new GetItemCommand({ TableName: table, Key: marshall({ id }), ConsistentRead: true }),
  );
  return Item && fromItem(Item);
}

const change = (
  { client, table }: Place,
  id: string,
  { set, values }: changes.Change,
  when: string,
) =>
  update(client, {
    TableName: table,
    Key: marshall({ id }),
    UpdateExpression: set,
    ConditionExpression: when,
    ...named(when + set, values),
  });

const changeRunning = (place: Place, id: string, { condition, ...what }: changes.Change) => {
  const running = '(#status = :pending OR #status = :processing)';
  const values = { ...what.values, ':pending': 'pending', ':processing': 'processing' };
  return change(
    place,
    id,
    { ...what, values },
    condition ? `${running} AND ${condition}` : running,
  );
};

// `status` and `state` are reserved words, and DynamoDB refuses a name that is not used.
const named = (expressions: string, values: changes.Change['values'] = {}) => {
  const names = ['status', 'state'].filter((name) => expressions.includes(`#${name}`));
  return {
    ...(names.length > 0 && {
      ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
    }),
    ExpressionAttributeValues: marshall(values, { removeUndefinedValues: true }),
  };
};

// The record after a deed. A condition in its way is news only when the task has ended.
function stillRunning({ row }: Updated): Running | undefined {
  const task = row && toTask(row);
  return task && !isEnded(task) ? task : undefined;
}

const dueIn = ({ id, dueAt = 0 }: Task): Due => ({ id, dueAt });

async function due({ client, table }: Place, now: number, limit: number) {
  const parts = await Promise.all(
    Array.from({ length: dueShards }, (_, shard) =>
      client.send(
        new QueryCommand({
          TableName: table,
          IndexName: 'due',
          KeyConditionExpression: 'dueShard = :shard AND dueAt <= :now',
          ExpressionAttributeValues: marshall({ ':shard': shard, ':now': now }),
          Limit: limit, // of each part: the longest overdue may all lie in one
        }),
      ),
    ),
  );
  return parts
    .flatMap(({ Items = [] }) => Items.map((item) => dueIn(fromItem(item))))
    .sort((a, b) => a.dueAt - b.dueAt)
    .slice(0, limit);
}
