import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  QueryCommand,
  type QueryCommandInput,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { type KeyOf, tableKeys } from '../../../domain/model/storage-names.ts';
import type {
  Flow,
  FlowKey,
  Lease,
  QueueStore,
  SegmentKey,
  SlotRow,
  SlotTerms,
  SlotWrite,
  Waiting,
  WaitingKey,
} from '../../../domain/providers/queue-store.ts';
import { allOf, withPlaceholders } from './expressions.ts';
import { type Row, readRow } from './rows.ts';
import { type Change, type Updated, update, updateExpression } from './update.ts';

/** The key condition of all rows of a partition. */
const inPartition = `#${tableKeys.Queue.partition} = :pk`;

/** When a row of slots may be written. `#task` is the id of a task, `#queue` the name of a queue. */
const slotConditions = {
  exists: 'attribute_exists(#slots)',
  /** A write that the SDK repeats finds its own lease, and takes no second slot. */
  hasNoSlot: 'attribute_not_exists(#slots.#task)',
  hasSlot: 'attribute_exists(#slots.#task)',
  notKept: 'attribute_not_exists(#slots.#task.#unknown)',
  /** The lease is as it was read: not taken up or lengthened since. */
  leaseAsSeen: '#slots.#task.#until = :until AND #slots.#task.#held = :held',
  /** Less than, and not unequal: the limit may have been lowered below what is taken. */
  hasRoom: 'size(#slots) < :slots',
  nobodyWaits: 'size(#queued) = :none',
  notPaused: '(attribute_not_exists(#pausedUntil) OR #pausedUntil <= :now)',
  pausedForLess: '(attribute_not_exists(#pausedUntil) OR #pausedUntil < :pausedUntil)',
  noSubmitReserved: '(attribute_not_exists(#nextSubmitAt) OR #nextSubmitAt <= :now)',
  submitAsSeen: '#nextSubmitAt = :seenSubmit',
  neverSubmitted: 'attribute_not_exists(#nextSubmitAt)',
  markAsSeen: '#queued.#queue = :mark',
};

const flowConditions = {
  exists: 'attribute_exists(#virtualTime)',
  lower: '(attribute_not_exists(#virtualTime) OR #virtualTime < :virtualTime)',
  turnAsSeen: '#virtualTime = :seen',
  markAsSeen: '#mark = :mark',
};

const waitingConditions = {
  exists: `attribute_exists(#${tableKeys.Queue.sort})`,
  /** The owner may claim again: the SDK repeats a write whose response was lost, and it must not fail on its own claim. */
  notClaimed:
    '(attribute_not_exists(#claimedUntil) OR #claimedUntil <= :now OR #claimedBy = :owner)',
  claimedByMe: '#claimedBy = :owner',
};

/**
 * The queue in DynamoDB: four kinds of rows in one table. `slots#<pool>` has the slots of a pool, a row for each segment.
 * `flows#<queue>` has the accounts that wait in a queue, a row for each flow. `waiting#<queue>#<flow>` has the waiting
 * tasks, in the order in which they came. `summary#<queue>` says how many wait in the long flows.
 */
export function queueTable(client: DynamoDBClient, table: string): QueueStore {
  const write = (key: Row, change: Change): Promise<Updated> =>
    update(client, { TableName: table, Key: marshall(key), ...updateExpression(change) });

  /** A write of a row of slots, which is created if it is missing. */
  const writeSlots = async (segment: SegmentKey, change: Change): Promise<SlotWrite> => {
    const key = slotsKey(segment);
    const checked = {
      ...change,
      conditions: [slotConditions.exists, ...(change.conditions ?? [])],
    };
    const first = await write(key, checked);
    const isMissing = !first.done && first.row?.['slots'] === undefined;
    if (isMissing) await write(key, creation);
    const { done, row } = isMissing ? await write(key, checked) : first;
    return { done, row: toSlotRow(row) };
  };

  const queryAll = async (pk: string, limit?: number): Promise<readonly Row[]> => {
    const rows: Row[] = [];
    let ExclusiveStartKey: QueryCommandInput['ExclusiveStartKey'];
    do {
      const page = await client.send(
        new QueryCommand({
          TableName: table,
          ConsistentRead: true,
          ...withPlaceholders({ KeyConditionExpression: inPartition }, { pk }),
          Limit: limit,
          ExclusiveStartKey,
        }),
      );
      rows.push(...(page.Items ?? []).map((item) => unmarshall(item)));
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey && limit === undefined);
    return rows;
  };

  return {
    readSlots: async (segment) => toSlotRow(await readRow(client, table, slotsKey(segment))),

    takeSlot: (segment, taskId, lease, terms) => {
      const { submit, virtualTime } = terms;
      return writeSlots(segment, {
        set: { 'slots.task': lease, nextSubmitAt: submit?.next, virtualTime },
        conditions: [
          slotConditions.hasNoSlot,
          slotConditions.hasRoom,
          slotConditions.notPaused,
          ...(terms.nobodyWaits ? [slotConditions.nobodyWaits] : []),
          ...submitConditions(submit),
        ],
        names: { task: taskId },
        values: {
          slots: terms.slots,
          now: terms.now,
          none: 0,
          seenSubmit: submit?.seen,
        },
      });
    },

    holdSlot: (segment, taskId, until) =>
      writeSlots(segment, {
        set: { 'slots.task.held': true, 'slots.task.until': until },
        conditions: [slotConditions.hasSlot],
        names: { task: taskId },
      }),

    keepSlot: (segment, taskId, until) =>
      writeSlots(segment, {
        set: { 'slots.task.unknown': true, 'slots.task.until': until },
        conditions: [slotConditions.hasSlot],
        names: { task: taskId },
      }),

    releaseSlot: (segment, taskId) =>
      writeSlots(segment, {
        remove: ['slots.task'],
        conditions: [slotConditions.hasSlot, slotConditions.notKept],
        names: { task: taskId },
      }),

    reclaimSlot: (segment, taskId, { until, held }) =>
      writeSlots(segment, {
        remove: ['slots.task'],
        conditions: [slotConditions.leaseAsSeen],
        names: { task: taskId },
        values: { until, held },
      }),

    markQueued: async (segment, queue, mark) => {
      const { row } = await writeSlots(segment, {
        set: { 'queued.queue': mark },
        names: { queue },
      });
      return row;
    },

    clearQueued: async (segment, queue, mark) => {
      await writeSlots(segment, {
        remove: ['queued.queue'],
        conditions: [slotConditions.markAsSeen],
        names: { queue },
        values: { mark },
      });
    },

    pause: async (segment, pausedUntil) => {
      await writeSlots(segment, {
        set: { pausedUntil },
        conditions: [slotConditions.pausedForLess],
      });
    },

    flows: async (queue) =>
      (await queryAll(flowsKey(queue))).map(
        ({ sk, virtualTime, servedAt = 0, mark }): Flow => ({
          queue,
          flow: sk,
          virtualTime,
          servedAt,
          mark,
        }),
      ),

    enterFlow: async (key, virtualTime, mark) => {
      // DynamoDB has no maximum: the tag is raised, or it is high enough already and only the mark is set. Between the
      // two writes the row may be deleted, so both are tried again.
      for (;;) {
        const raised = await write(flowKey(key), {
          set: { virtualTime, mark },
          conditions: [flowConditions.lower],
        });
        if (raised.done) return;
        const touched = await write(flowKey(key), {
          set: { mark },
          conditions: [flowConditions.exists],
        });
        if (touched.done) return;
      }
    },

    takeTurn: async (flow, virtualTime, servedAt) => {
      const { done } = await write(flowKey(flow), {
        set: { virtualTime, servedAt },
        conditions: [flowConditions.turnAsSeen],
        values: { seen: flow.virtualTime },
      });
      return done;
    },

    returnTurn: async (key, cost) => {
      await write(flowKey(key), {
        add: { virtualTime: -cost },
        conditions: [flowConditions.exists],
      });
    },

    forgetFlow: async (flow) => {
      await remove(client, table, flowKey(flow), {
        conditions: [flowConditions.turnAsSeen, flowConditions.markAsSeen],
        values: { seen: flow.virtualTime, mark: flow.mark },
      });
    },

    // An update and not a put, so that a claim on the row stays.
    addWaiting: async (waiting) => {
      await write(waitingKey(waiting), {
        set: { cost: waiting.cost, since: waiting.since, taskId: waiting.taskId },
      });
    },

    firstWaiting: async (key, limit) =>
      (await queryAll(waitingPartition(key), limit)).map(
        ({ since, taskId, cost, claimedUntil }): Waiting => ({
          queue: key.queue,
          flow: key.flow,
          since,
          taskId,
          cost,
          claimedUntil,
        }),
      ),

    allWaitingSince: async (key) => {
      const times: number[] = [];
      let ExclusiveStartKey: QueryCommandInput['ExclusiveStartKey'];
      do {
        const page = await client.send(
          new QueryCommand({
            TableName: table,
            ...withPlaceholders(
              { KeyConditionExpression: inPartition, ProjectionExpression: '#since' },
              { pk: waitingPartition(key) },
            ),
            ExclusiveStartKey,
          }),
        );
        times.push(...(page.Items ?? []).map((item) => Number(unmarshall(item)['since'])));
        ExclusiveStartKey = page.LastEvaluatedKey;
      } while (ExclusiveStartKey);
      return times;
    },

    claim: async (key, { owner, now, until }) => {
      const { done } = await write(waitingKey(key), {
        set: { claimedBy: owner, claimedUntil: until },
        conditions: [waitingConditions.exists, waitingConditions.notClaimed],
        values: { owner, now },
      });
      return done;
    },

    unclaim: async (key, owner) => {
      await write(waitingKey(key), {
        remove: ['claimedBy', 'claimedUntil'],
        conditions: [waitingConditions.claimedByMe],
        values: { owner },
      });
    },

    endClaim: async (key) => {
      await write(waitingKey(key), {
        remove: ['claimedBy', 'claimedUntil'],
        conditions: [waitingConditions.exists],
      });
    },

    removeWaiting: (key) => remove(client, table, waitingKey(key), {}),

    writeSummary: async (queue, { takenAt, flows, waiting = 0, oldestSince = 0 }) => {
      await write(summaryKey(queue), {
        set: { takenAt, flows, waiting, oldestSince },
      });
    },

    readSummary: async (queue) => {
      const { takenAt, flows, waiting, oldestSince } =
        (await readRow(client, table, summaryKey(queue))) ?? {};
      if (takenAt === undefined) return undefined;
      return { takenAt, flows, waiting, oldestSince: oldestSince || undefined };
    },
  };
}

function submitConditions(submit: SlotTerms['submit']): readonly string[] {
  if (!submit) return [];
  if (submit.seen === undefined) return [slotConditions.noSubmitReserved];
  return [submit.seen === 0 ? slotConditions.neverSubmitted : slotConditions.submitAsSeen];
}

// Keys.

const slotsKey = ({ pool, index }: SegmentKey): KeyOf<'Queue'> => ({
  pk: `slots#${pool}`,
  sk: String(index),
});
const flowsKey = (queue: string): string => `flows#${queue}`;
const flowKey = ({ queue, flow }: FlowKey): KeyOf<'Queue'> => ({ pk: flowsKey(queue), sk: flow });
const summaryKey = (queue: string): KeyOf<'Queue'> => ({ pk: `summary#${queue}`, sk: '0' });
const waitingPartition = ({ queue, flow }: FlowKey): string => `waiting#${queue}#${flow}`;
const waitingKey = (key: WaitingKey): KeyOf<'Queue'> => ({
  pk: waitingPartition(key),
  // Sorts by time: every time in milliseconds has 13 digits until the year 2286.
  sk: `${String(key.since).padStart(13, '0')}#${key.taskId}`,
});

const creation: Change = { setOnce: { slots: {}, queued: {} } };

/** Deletes a row. A failed condition is no error. */
async function remove(
  client: DynamoDBClient,
  table: string,
  key: Row,
  { conditions = [], values }: Pick<Change, 'conditions' | 'values'>,
): Promise<void> {
  try {
    await client.send(
      new DeleteItemCommand({
        TableName: table,
        Key: marshall(key),
        ...withPlaceholders(
          conditions.length > 0 ? { ConditionExpression: allOf(conditions) } : {},
          values,
        ),
      }),
    );
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  }
}

// Rows.

function toSlotRow(row: Row = {}): SlotRow {
  const { slots = {}, queued = {}, virtualTime = 0, nextSubmitAt = 0, pausedUntil = 0 } = row;
  return {
    leases: new Map(Object.entries<Lease>(slots)),
    queued: new Map(Object.entries<string>(queued)),
    virtualTime,
    nextSubmitAt,
    pausedUntil,
  };
}
