import { backOffMs } from '../../functions/adapters/aws/dynamodb/back-off.ts';
import {
  maxAttempts,
  maxPauseMs,
  maxPlacementReads,
} from '../../functions/adapters/aws/dynamodb/reservations.ts';
import { patience } from '../../functions/adapters/aws/dynamodb/settlements.ts';
import {
  type Amount,
  maxShardsAfter,
  placeTask,
  shardsFor,
  spreadEvenly,
  type Transfer,
} from '../../functions/domain/billing/shards.ts';
import type { Process } from './clock.ts';
import {
  type Action,
  type Item,
  newItem,
  newPartition,
  type SimulatedDynamoDb,
} from './dynamodb.ts';
import type { SimulatedLedger } from './ledgers.ts';

// The rules of the ledger with balance shards for a key without limits (`reservations.ts`, `settlements.ts`,
// `spread-shards.ts`), with the same functions and constants where these need no database. Amounts are in tasks.

/** The credits and open tasks of the account: so many that they never run out. */
const plenty = 1e9;

/** Write units of a transaction: two for an item of up to 1 kB. A shard's row and its entries have one partition key. */
const units = { shard: 2, entry: 2, key: 2 };

/** One shard of the account, with the row of the key that has the same number. */
type Shard = { credits: number; openTasks: number; readonly account: Item; readonly key: Item };

type Change = { readonly credits: number; readonly openTasks: number };
type Placement = { readonly shard: number; readonly transfers: readonly (readonly Transfer[])[] };

const names = ['credits', 'openTasks'] as const;
const aTask = { credits: -1, openTasks: -1 };
/** The credits that a task has cost do not come back. */
const anEndedTask = { credits: 0, openTasks: 1 };

export function simulateShardedLedger(
  dynamoDb: SimulatedDynamoDb,
  random: () => number,
): SimulatedLedger {
  const shards: Shard[] = [];
  addShards(shardsFor([{ left: [plenty], need: 1 }], maxShardsAfter.grant()));
  for (const shard of shards) {
    shard.credits = plenty / shards.length;
    shard.openTasks = plenty / shards.length;
  }

  const randomShard = (count: number) => Math.floor(random() * count);

  function addShards(count: number): void {
    while (shards.length < count) {
      const [account, key] = [newItem(newPartition()), newItem(newPartition())];
      shards.push({ credits: 0, openTasks: 0, account, key });
    }
  }

  /** Reads all shards. A sandbox that does not know how many there are reads twice. */
  function* readShards(known = 1): Process<readonly Amount[]> {
    const readAmounts = () =>
      names.map((name) => ({ left: shards.map((shard) => shard[name]), need: 1 }));
    const current = yield* dynamoDb.read(readAmounts);
    return current[0]?.left.length === known ? current : yield* dynamoDb.read(readAmounts);
  }

  /** Adds a change to the row of a shard. The condition is that the shard has enough for what is taken. */
  const addTo = (number: number, change: Change, unitsOfIt: number): readonly Action[] => {
    const shard = shards[number];
    if (!shard) throw new Error(`there is no shard ${number}`);
    return [
      {
        item: shard.account,
        units: unitsOfIt,
        condition: () =>
          names.every((name) => change[name] >= 0 || shard[name] + change[name] >= 0),
        apply: () => {
          for (const name of names) shard[name] += change[name];
        },
      },
    ];
  };

  /** A task's own part of a transaction: its shard with an entry, and the row of its key. */
  const moveTask = (number: number, change: Change): readonly Action[] => {
    const key = shards[number]?.key;
    if (!key) throw new Error(`there is no shard ${number}`);
    return [
      ...addTo(number, change, units.shard + units.entry),
      { item: key, units: units.key, condition: () => true, apply: () => undefined },
    ];
  };

  const transferActions = (changes: ReadonlyMap<number, Change>): readonly Action[] =>
    [...changes].flatMap(([number, change]) => addTo(number, change, units.shard));

  /** Spreads the amounts over more shards, after a conflict. */
  function* spread(): Process {
    const current = yield* readShards();
    const now = current[0]?.left.length ?? 1;
    const count = shardsFor(current, maxShardsAfter.conflict(now));
    if (count <= now) return;
    const isFirst = yield* raiseCount(count);
    if (!isFirst) return;
    const padded = (left: readonly number[]) =>
      Array.from({ length: count }, (_, shard) => left[shard] ?? 0);
    const changes = changesOf(current.map(({ left }) => spreadEvenly(padded(left))));
    if (changes.size > 0) yield* dynamoDb.transaction(transferActions(changes));
  }

  function* raiseCount(count: number): Process<boolean> {
    let isFirst = false;
    yield* dynamoDb.write(() => {
      isFirst = shards.length < count;
      addShards(count);
    });
    return isFirst;
  }

  function* settle(shard: number): Process<boolean> {
    for (let attempt = 1; attempt <= patience.attempts; attempt += 1) {
      const outcome = yield* dynamoDb.transaction(moveTask(shard, anEndedTask));
      if (outcome === 'written') return true;
      yield backOffMs(attempt, patience.pauseMs, random);
    }
    return false;
  }

  function newSandbox() {
    // The number of shards, as far as this sandbox knows.
    let known = 1;
    const anyShard = (): Placement => ({ shard: randomShard(known), transfers: [] });

    function* choosePlacement(): Process<Placement> {
      for (let reads = 0; reads < maxPlacementReads; reads += 1) {
        const current = yield* readShards(known);
        known = current[0]?.left.length ?? 1;
        const found = placeTask(current, randomShard(known));
        if ('shard' in found) return found;
      }
      throw new Error('an account with plenty has too little');
    }

    function* nextPlacement(attempt: number, isConflict: boolean): Process<Placement> {
      if (isConflict && attempt === 1) return anyShard();
      if (isConflict) yield* spread();
      yield backOffMs(attempt, maxPauseMs, random);
      return yield* choosePlacement();
    }

    return {
      *reserve() {
        let placement = anyShard();
        for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
          const { shard } = placement;
          const changes = changesOf(placement.transfers);
          const own = changes.get(shard) ?? { credits: 0, openTasks: 0 };
          changes.delete(shard);
          const outcome = yield* dynamoDb.transaction([
            ...moveTask(shard, sumOf(own, aTask)),
            ...transferActions(changes),
          ]);
          if (outcome === 'written') return () => settle(shard);
          placement = yield* nextPlacement(attempt, outcome === 'transactionConflict');
        }
        return undefined;
      },
    };
  }

  return { newSandbox };
}

const sumOf = (one: Change, other: Change): Change => ({
  credits: one.credits + other.credits,
  openTasks: one.openTasks + other.openTasks,
});

/** How transfers of credits, and of the right to have open tasks, change each shard. */
function changesOf(transfers: readonly (readonly Transfer[])[]): Map<number, Change> {
  const changes = new Map<number, Change>();
  for (const [index, list] of transfers.entries()) {
    const name = names[index] ?? 'credits';
    const add = (shard: number, size: number) => {
      const change = changes.get(shard) ?? { credits: 0, openTasks: 0 };
      changes.set(shard, { ...change, [name]: change[name] + size });
    };
    for (const { from, to, size } of list) {
      add(from, -size);
      add(to, size);
    }
  }
  return changes;
}
