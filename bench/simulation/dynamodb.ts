import type { Outcome } from '../../functions/adapters/aws/dynamodb/transaction.ts';
import type { Clock, Process } from './clock.ts';

// How DynamoDB handles transactions on the same items, as far as a ledger notices it.
//
// Latencies: https://github.com/alexdebrie/dynamodb-performance-testing (b26abd7), measured from Lambda in February
// 2020; there is no newer public figure, so half of them are simulated, too. The source has no reads: a read is assumed
// to take as long as a put.
// Conflicts: developer guide, "Transaction conflict handling in DynamoDB"; "Distributed Transactions at Scale in
// Amazon DynamoDB" (USENIX ATC 2023): no transaction waits for an item. Of two transactions on one item, one is cancelled.
// Capacity: developer guide, "Partitions": 1,000 write units a second for each. Assumed: every partition key has a
// partition of its own, as after a while under load, and the table is warm.

/** Minimum, p50, p90, p95, p99 and maximum, in milliseconds. */
const published = {
  put: [5.47, 7.55, 11.3, 13.2, 16.2, 29],
  transactionOf5: [19.4, 25.3, 30.7, 36.4, 92.5, 218],
  transactionOf25: [23.5, 32.1, 40.5, 47.2, 97.5, 258],
};
const shares = [0, 0.5, 0.9, 0.95, 0.99, 1];

/** A transaction of more than this many actions is as slow as one of 25. */
const maxActionsOfFew = 15;

/**
 * Assumed, as shares of the latency: when the conditions of all items have been read, when all items are written, and for
 * how long a cancelled transaction holds the items that it got. The local stack assumes the same
 * (`local/aws/dynamodb/pause.ts`), except for the last.
 */
const phases = { conditionsRead: 0.4, written: 0.85, holdsWhenCancelled: 0.3 };

const unitsPerSecond = 1000;

/** An item that several transactions may write. */
export type Item = { held: boolean; readonly partition: Partition };

/** The items with one partition key. */
export type Partition = { units: number; filledAt: number };

export const newPartition = (): Partition => ({ units: unitsPerSecond, filledAt: 0 });
export const newItem = (partition = newPartition()): Item => ({ held: false, partition });

/** A write of one item in a transaction. Actions on items that no other transaction writes are left out. */
export type Action = {
  readonly item: Item;
  /** The write units, with those of left-out items that have the same partition key. */
  readonly units: number;
  readonly condition: () => boolean;
  readonly apply: () => void;
};

export type SimulatedDynamoDb = {
  /** Reads items; `readNow` returns their state at that moment. */
  read<T>(readNow: () => T): Process<T>;
  write(apply: () => void): Process;
  transaction(actions: readonly Action[]): Process<Outcome['state']>;
  /** All write units so far. */
  units(): number;
};

type Options = {
  readonly clock: Clock;
  readonly random: () => number;
  /** All latencies are multiplied by it. */
  readonly slowness: number;
};

export function simulateDynamoDb({ clock, random, slowness }: Options): SimulatedDynamoDb {
  let total = 0;
  const latency = (kind: keyof typeof published) =>
    slowness * quantileOf(published[kind], random());

  /** Takes units from a partition. An idle partition saves up the units of one second at most. */
  const take = (partition: Partition, units: number): boolean => {
    const filled = (unitsPerSecond * (clock.now() - partition.filledAt)) / 1000;
    partition.units = Math.min(unitsPerSecond, partition.units + filled);
    partition.filledAt = clock.now();
    if (partition.units < units) return false;
    partition.units -= units;
    return true;
  };

  const outcomeOf = ({ item, units, condition }: Action): Outcome['state'] => {
    total += units;
    if (item.held || !take(item.partition, units)) return 'transactionConflict';
    return condition() ? 'written' : 'conditionFailed';
  };

  return {
    units: () => total,
    *read(readNow) {
      const milliseconds = latency('put');
      yield milliseconds / 2;
      const result = readNow();
      yield milliseconds / 2;
      return result;
    },
    *write(apply) {
      const milliseconds = latency('put');
      yield milliseconds / 2;
      apply();
      yield milliseconds / 2;
    },
    *transaction(actions) {
      const kind = actions.length > maxActionsOfFew ? 'transactionOf25' : 'transactionOf5';
      const milliseconds = latency(kind);
      yield milliseconds * phases.conditionsRead;
      const outcomes = actions.map(outcomeOf);
      const state = worstOf(outcomes);
      const held = actions.filter((_, index) => outcomes[index] === 'written');
      hold(held, true);
      const holds =
        state === 'written' ? phases.written - phases.conditionsRead : phases.holdsWhenCancelled;
      yield milliseconds * holds;
      hold(held, false);
      if (state === 'written') applyAll(actions);
      yield milliseconds * (1 - phases.conditionsRead - holds);
      return state;
    },
  };
}

function hold(actions: readonly Action[], held: boolean): void {
  for (const { item } of actions) item.held = held;
}

function applyAll(actions: readonly Action[]): void {
  for (const { apply } of actions) apply();
}

/** The result of a transaction: as in `writeAll`, a conflict takes precedence over a failed condition. */
const worstOf = (outcomes: readonly Outcome['state'][]): Outcome['state'] =>
  (['transactionConflict', 'conditionFailed'] as const).find((state) => outcomes.includes(state)) ??
  'written';

/** Between the published quantiles the latency is assumed to grow evenly. */
function quantileOf(quantiles: readonly number[], share: number): number {
  const next = shares.findIndex((one) => one > share);
  const [from = 0, to = 1] = [shares[next - 1], shares[next]];
  const [low = 0, high = 0] = [quantiles[next - 1], quantiles[next]];
  return low + ((high - low) * (share - from)) / (to - from);
}
