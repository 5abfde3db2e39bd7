import type {
  Flow,
  FlowKey,
  Lease,
  QueueStore,
  QueueSummary,
  SegmentKey,
  SlotRow,
  SlotTerms,
  SlotWrite,
  Waiting,
  WaitingKey,
} from '../../functions/domain/providers/queue-store.ts';
import { omit } from './omit.ts';

type StoredWaiting = Waiting & { readonly claimedBy?: string | undefined };

const emptyRow: SlotRow = {
  leases: new Map(),
  queued: new Map(),
  virtualTime: 0,
  nextSubmitAt: 0,
  pausedUntil: 0,
};

const nameOf = ({ pool, index }: SegmentKey): string => `${pool}#${index}`;
const flowNameOf = ({ queue, flow }: FlowKey): string => `${queue}#${flow}`;
const waitingNameOf = (key: WaitingKey): string =>
  `${String(key.since).padStart(13, '0')}#${key.taskId}`;

/** The queue in memory: every method is one step, as it is one conditional write in the table. */
export function memoryQueue() {
  const slots = new Map<string, SlotRow>();
  const flows = new Map<string, Flow>();
  const waiting = new Map<string, Map<string, StoredWaiting>>();
  const summaries = new Map<string, QueueSummary>();

  const rowOf = (key: SegmentKey): SlotRow => slots.get(nameOf(key)) ?? emptyRow;
  const writeRow = (
    key: SegmentKey,
    isAllowed: (row: SlotRow) => boolean,
    change: (row: SlotRow) => SlotRow,
  ): SlotWrite => {
    const row = rowOf(key);
    if (!isAllowed(row)) return { done: false, row };
    const changed = change(row);
    slots.set(nameOf(key), changed);
    return { done: true, row: changed };
  };
  const withLease = (row: SlotRow, taskId: string, lease: Lease): SlotRow => ({
    ...row,
    leases: new Map(row.leases).set(taskId, lease),
  });
  const withoutLease = (row: SlotRow, taskId: string): SlotRow => ({
    ...row,
    leases: new Map([...row.leases].filter(([id]) => id !== taskId)),
  });
  const changeLease = (key: SegmentKey, taskId: string, change: Partial<Lease>): SlotWrite =>
    writeRow(
      key,
      ({ leases }) => leases.has(taskId),
      (row) => {
        const lease = row.leases.get(taskId);
        return lease ? withLease(row, taskId, { ...lease, ...change }) : row;
      },
    );
  const waitingOf = (key: FlowKey): Map<string, StoredWaiting> => {
    const found = waiting.get(flowNameOf(key)) ?? new Map<string, StoredWaiting>();
    waiting.set(flowNameOf(key), found);
    return found;
  };
  const changeFlow = (key: FlowKey, change: (flow: Flow) => Flow | undefined): boolean => {
    const flow = flows.get(flowNameOf(key));
    const changed = flow && change(flow);
    if (changed) flows.set(flowNameOf(key), changed);
    return changed !== undefined;
  };

  const store: QueueStore = {
    readSlots: async (key) => rowOf(key),
    takeSlot: async (key, taskId, lease, terms) =>
      writeRow(
        key,
        (row) => !row.leases.has(taskId) && hold(terms, row),
        (row) => ({
          ...withLease(row, taskId, lease),
          nextSubmitAt: terms.submit?.next ?? row.nextSubmitAt,
          virtualTime: terms.virtualTime ?? row.virtualTime,
        }),
      ),
    holdSlot: async (key, taskId, until) => changeLease(key, taskId, { held: true, until }),
    keepSlot: async (key, taskId, until) => changeLease(key, taskId, { unknown: true, until }),
    releaseSlot: async (key, taskId) =>
      writeRow(
        key,
        ({ leases }) => leases.has(taskId) && leases.get(taskId)?.unknown !== true,
        (row) => withoutLease(row, taskId),
      ),
    reclaimSlot: async (key, taskId, seen) =>
      writeRow(
        key,
        ({ leases }) => {
          const lease = leases.get(taskId);
          return lease?.until === seen.until && lease.held === seen.held;
        },
        (row) => withoutLease(row, taskId),
      ),
    markQueued: async (key, queue, mark) =>
      writeRow(
        key,
        () => true,
        (row) => ({ ...row, queued: new Map(row.queued).set(queue, mark) }),
      ).row,
    clearQueued: async (key, queue, seenMark) => {
      writeRow(
        key,
        ({ queued }) => queued.get(queue) === seenMark,
        (row) => ({
          ...row,
          queued: new Map([...row.queued].filter(([name]) => name !== queue)),
        }),
      );
    },
    pause: async (key, pausedUntil) => {
      writeRow(
        key,
        (row) => row.pausedUntil < pausedUntil,
        (row) => ({ ...row, pausedUntil }),
      );
    },

    flows: async (queue) => [...flows.values()].filter((flow) => flow.queue === queue),
    enterFlow: async ({ queue, flow }, virtualTime, mark) => {
      const known = flows.get(flowNameOf({ queue, flow }));
      flows.set(flowNameOf({ queue, flow }), {
        queue,
        flow,
        virtualTime: Math.max(known?.virtualTime ?? 0, virtualTime),
        servedAt: known?.servedAt ?? 0,
        mark,
      });
    },
    takeTurn: async (seen, virtualTime, servedAt) =>
      changeFlow(seen, (flow) =>
        flow.virtualTime === seen.virtualTime ? { ...flow, virtualTime, servedAt } : undefined,
      ),
    returnTurn: async (key, cost) => {
      changeFlow(key, (flow) => ({ ...flow, virtualTime: flow.virtualTime - cost }));
    },
    forgetFlow: async (seen) => {
      const flow = flows.get(flowNameOf(seen));
      if (flow?.virtualTime === seen.virtualTime && flow.mark === seen.mark) {
        flows.delete(flowNameOf(seen));
      }
    },

    addWaiting: async (one) => {
      const rows = waitingOf(one);
      const known = rows.get(waitingNameOf(one));
      rows.set(waitingNameOf(one), {
        ...one,
        claimedBy: known?.claimedBy,
        claimedUntil: known?.claimedUntil,
      });
    },
    firstWaiting: async (key, limit) =>
      [...waitingOf(key)]
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .slice(0, limit)
        .map(([, one]) => omit(one, 'claimedBy')),
    allWaitingSince: async (key) =>
      [...waitingOf(key).values()].map(({ since }) => since).toSorted((a, b) => a - b),
    writeSummary: async (queue, summary) => {
      summaries.set(queue, summary);
    },
    readSummary: async (queue) => summaries.get(queue),
    claim: async (key, { owner, now, until }) => {
      const rows = waitingOf(key);
      const one = rows.get(waitingNameOf(key));
      if (!one || ((one.claimedUntil ?? 0) > now && one.claimedBy !== owner)) return false;
      rows.set(waitingNameOf(key), { ...one, claimedBy: owner, claimedUntil: until });
      return true;
    },
    unclaim: async (key, owner) => {
      const rows = waitingOf(key);
      const one = rows.get(waitingNameOf(key));
      if (one?.claimedBy !== owner) return;
      rows.set(waitingNameOf(key), { ...one, claimedBy: undefined, claimedUntil: undefined });
    },
    endClaim: async (key) => {
      const rows = waitingOf(key);
      const one = rows.get(waitingNameOf(key));
      if (!one) return;
      rows.set(waitingNameOf(key), { ...one, claimedBy: undefined, claimedUntil: undefined });
    },
    removeWaiting: async (key) => {
      waitingOf(key).delete(waitingNameOf(key));
    },
  };
  return {
    ...store,
    /** All rows, as they are. */
    dump: () => ({
      slots: [...slots].map(([name, row]) => ({ name, row })),
      flows: [...flows.values()],
      waiting: [...waiting.values()].flatMap((rows) => [...rows.values()]),
    }),
  };
}

function hold(terms: SlotTerms, row: SlotRow): boolean {
  const { submit } = terms;
  return (
    row.leases.size < terms.slots &&
    row.pausedUntil <= terms.now &&
    (!terms.nobodyWaits || row.queued.size === 0) &&
    (submit === undefined ||
      (submit.seen === undefined
        ? row.nextSubmitAt <= terms.now
        : row.nextSubmitAt === submit.seen))
  );
}
