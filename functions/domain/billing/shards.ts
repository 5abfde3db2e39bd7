import { defaultModel } from '../model/catalogue.ts';

// An amount that many use at the same time lies in several rows, its shards: the credits of an account, the tasks it
// may have open, and what an API key may still spend. Here is how it is divided. Everything that is written is
// conditional on what the rows have then, so a plan that was made from old numbers is refused and never wrong.

/** The most shards an account can have: at 64, 300 tasks a second meet on one shard five times a second. */
export const maxShards = 64;

/** The price of a typical task. The number of shards depends on how many such tasks the credits or the limit can pay for. */
export const typicalTaskPrice = defaultModel.milliCreditsPerImage;

/** A shard should have enough for this many tasks. With less in each, every task has to search all shards. */
const tasksPerShard = 8;

/** One amount that a task takes from: what is left of it in each shard, and how much the task needs. */
export type Amount = { readonly left: readonly number[]; readonly need: number };

/** So much of an amount moves from one shard to another. */
export type Transfer = { readonly from: number; readonly to: number; readonly size: number };

/** Where a task takes its amounts: all from one shard, after these transfers to it (one list for each amount). */
export type Placement = { readonly shard: number; readonly transfers: readonly Transfer[][] };

/** The first amount of which too little is left in all. */
export type TooLittle = { readonly lacking: number };

/**
 * Chooses the shard for a task. While there is plenty, that is the `preferred` one, which gets half of the richest
 * shard when it has too little. Near zero it is the one that needs the fewest transfers; of several, the next one after
 * the `preferred`, so that tasks of the same moment do not all choose the same.
 */
export function placeTask(amounts: readonly Amount[], preferred: number): Placement | TooLittle {
  const lacking = amounts.findIndex(({ left, need }) => sum(left) < need);
  if (lacking >= 0) return { lacking };
  const debts = amounts.map(({ left }) => payDebts(left));
  const paid = amounts.map(({ left, need }, index) => ({
    left: afterTransfers(left, debts[index] ?? []),
    need,
  }));
  const shard = paid.every((amount) => isPlenty(amount, preferred))
    ? preferred
    : fewestTransfers(paid, preferred);
  return {
    shard,
    transfers: paid.map((amount, index) => [...(debts[index] ?? []), ...refill(amount, shard)]),
  };
}

/** The other shards pay the debt of a shard, so that nobody spends what all of them together do not have. */
function payDebts(left: readonly number[]): readonly Transfer[] {
  let has = left;
  const transfers: Transfer[] = [];
  for (const [to, now] of left.entries()) {
    const paying = now < 0 ? takeFrom(has, 0, to) : [];
    transfers.push(...paying);
    has = afterTransfers(has, paying);
  }
  return transfers;
}

function afterTransfers(left: readonly number[], transfers: readonly Transfer[]) {
  const after = [...left];
  for (const { from, to, size } of transfers) {
    after[from] = (after[from] ?? 0) - size;
    after[to] = (after[to] ?? 0) + size;
  }
  return after;
}

const isPlenty = ({ left, need }: Amount, preferred: number): boolean =>
  (left[preferred] ?? 0) >= need || Math.max(...left) >= 2 * tasksPerShard * need;

function fewestTransfers(amounts: readonly Amount[], preferred: number): number {
  const count = amounts[0]?.left.length ?? 0;
  const shards = Array.from({ length: count }, (_, index) => (preferred + index) % count);
  const transfersTo = (shard: number) =>
    sum(amounts.map((amount) => takeFrom(amount.left, amount.need, shard).length));
  return shards.reduce(
    (best, shard) => (transfersTo(shard) < transfersTo(best) ? shard : best),
    preferred,
  );
}

function refill({ left, need }: Amount, shard: number): Transfer[] {
  const takes = takeFrom(left, need, shard);
  const [only, ...others] = takes;
  if (!only || others.length > 0) return takes;
  // Not always the richest shard: all tasks of the same moment would choose it.
  const richest = left[only.from] ?? 0;
  const rich = [...left.entries()].filter(([from, has]) => from !== shard && 2 * has >= richest);
  const [from, has] = rich[shard % rich.length] ?? [only.from, richest];
  const half = Math.floor(has / 2);
  return half > tasksPerShard * need
    ? [{ from, to: shard, size: Math.max(only.size, half) }]
    : takes;
}

/** The transfers after which a shard has `need`: from the richest others first; of equals, from the next ones after it. */
function takeFrom(left: readonly number[], need: number, to: number): Transfer[] {
  let missing = need - (left[to] ?? 0);
  const transfers: Transfer[] = [];
  for (const [from, has] of richestFirst(left, to)) {
    if (missing <= 0) break;
    if (from === to || has <= 0) continue;
    const size = Math.min(has, missing);
    transfers.push({ from, to, size });
    missing -= size;
  }
  return transfers;
}

/**
 * How much to take from each shard, the richest first, so that `amount` is taken in all. If they have too little, the first
 * shard gets a debt.
 */
export function withdrawFrom(left: readonly number[], amount: number): readonly number[] {
  const taken = left.map(() => 0);
  let missing = amount;
  for (const [shard, has] of richestFirst(left)) {
    const size = Math.min(Math.max(has, 0), missing);
    taken[shard] = size;
    missing -= size;
  }
  taken[0] = (taken[0] ?? 0) + missing;
  return taken;
}

/**
 * The most shards that an account may have, if its credits are enough for them: 16 after a grant, and after a conflict twice
 * as many as now.
 */
export const maxShardsAfter = {
  grant: () => 16,
  conflict: (shardsNow: number) => Math.min(maxShards, 2 * shardsNow),
};

/** How many shards an account should have for what is left of its amounts: a power of two. */
export function shardsFor(amounts: readonly Amount[], max = maxShards): number {
  const tasks = Math.min(...amounts.map(({ left, need }) => sum(left) / need));
  const wanted = Math.min(max, Math.floor(tasks / tasksPerShard));
  return wanted < 2 ? 1 : 2 ** Math.floor(Math.log2(wanted));
}

/** Divides an amount into parts for so many shards; into fewer parts if each would pay for too few tasks. */
export function divide(size: number, price: number, shards: number): readonly number[] {
  const parts = shardsFor([{ left: [size], need: price }], shards);
  const each = Math.floor(size / parts);
  return Array.from({ length: parts }, (_, part) =>
    part === 0 ? size - each * (parts - 1) : each,
  );
}

/** The transfers after which all shards have about the same. */
export function spreadEvenly(left: readonly number[]): readonly Transfer[] {
  const each = Math.floor(Math.max(0, sum(left)) / left.length);
  const has = [...left];
  const transfers: Transfer[] = [];
  for (const [to, now] of left.entries()) {
    let missing = each - now;
    for (const [from, others] of has.entries()) {
      const size = Math.min(missing, others - each);
      if (size <= 0) continue;
      transfers.push({ from, to, size });
      has[from] = others - size;
      missing -= size;
    }
  }
  return transfers;
}

/** The shards with what they have. Of equals, the next one after `start` comes first. */
function richestFirst(left: readonly number[], start = 0): readonly (readonly [number, number])[] {
  const shards = [...left.entries()];
  return [...shards.slice(start), ...shards.slice(0, start)].sort(([, a], [, b]) => b - a);
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
