import type { Ordered } from '../../../local/faults/order-book.ts';
import { until } from '../open-world.ts';
import { auditTasks, type Suspect } from './audit.ts';
import { type Cut, cutsOf, inBoth } from './cuts.ts';
import type { FaultWorld } from './fault-world.ts';
import { type End, type Path, unclear } from './paths.ts';
import { some, walk, workedOn } from './walk.ts';

/** What became of one cut. */
export type Fate = { readonly cut: Cut; readonly faults: readonly string[] };

/** A function keeps its secrets for so long; when it is over it makes the call again. */
const secretsKeptMs = 5 * 60 * 1000;
const atOnce = 6;
const mostRounds = 4;

/** Walks the path twice with nothing in its way, and derives the cuts from what its functions did. */
export async function recordPath(world: FaultWorld, path: Path): Promise<readonly Cut[]> {
  world.painter.control(path.painting);
  const first = await recordOne(world, path);
  return inBoth(await recordOne(world, path), first);
}

async function recordOne(world: FaultWorld, path: Path): Promise<readonly Cut[]> {
  world.clock.forward(secretsKeptMs);
  const before = world.record.length;
  const suspect = await walk(world, path);
  await world.rest([suspect.id]);
  const [faults] = await auditTasks(world, [{ ...suspect, ends: [path.end] }]);
  if (faults?.length !== 0) throw new Error(`the record is of no use: ${faults?.join(', ')}`);
  return cutsOf(world.record.slice(before));
}

/**
 * Lets each of these deaths happen to a task of its own. A cut whose call was not made (no secret was
 * needed, no second question) is tried again with the next task.
 */
export async function replay(
  world: FaultWorld,
  path: Path,
  cuts: readonly Cut[],
): Promise<readonly Fate[]> {
  const fates: Fate[] = [];
  let left = cuts;
  for (let round = 0; round < mostRounds && left.length > 0; round += 1) {
    await until(world.isQuiet, Boolean);
    world.clock.forward(secretsKeptMs);
    const played = await some(atOnce, secretsFirst(left), (cut) => play(world, path, cut));
    await world.rest(played.map(({ id }) => id));
    const happened = played.filter(({ order }) => order.hasHappened());
    const faults = await auditTasks(world, happened);
    fates.push(...happened.map(({ cut }, index) => ({ cut, faults: faults[index] ?? [] })));
    left = played.filter(({ order }) => !order.hasHappened()).map(({ cut }) => cut);
  }
  return [...fates, ...left.map((cut) => ({ cut, faults: ['did not happen'] }))];
}

const readsSecret = ({ named }: Cut): number => (named.startsWith('secretsmanager') ? 0 : 1);
const secretsFirst = (cuts: readonly Cut[]) =>
  cuts.toSorted((a, b) => readsSecret(a) - readsSecret(b));

type Played = Suspect & {
  readonly cut: Cut;
  readonly ends: readonly End[];
  readonly order: Ordered;
};

async function play(world: FaultWorld, path: Path, cut: Cut): Promise<Played> {
  const { promise: ordered, resolve } = Promise.withResolvers<Ordered>();
  const suspect = await walk(world, path, (taskId) => {
    const matching = (event: unknown) => JSON.stringify(event).includes(taskId);
    resolve(world.faults.kill({ ...cut, matching }));
  });
  await workedOn(world, suspect.id);
  return { ...suspect, cut, ends: [cut.isUnclear ? unclear : path.end], order: await ordered };
}
