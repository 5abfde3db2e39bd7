import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { KillOrder } from '../../../local/faults/kills.ts';
import type { Ordered } from '../../../local/faults/order-book.ts';
import { until } from '../open-world.ts';
import { auditMoney } from './audit.ts';
import { type Cut, cutsOf, inBoth, sayCut } from './cuts.ts';
import { type FaultWorld, openFaultWorld } from './fault-world.ts';
import { type Path, pathNamed } from './paths.ts';
import { sample } from './sample.ts';
import { about, judge, type Trial } from './trial.ts';
import { some, walk, workedOn } from './walk.ts';

// Who takes a task in, cancels it or rescues it can die of it, too.

const byAddress = pathNamed('a success by address');
const beforeUploads = pathNamed('a cancellation before the uploads');
const painting = pathNamed('a cancellation while it is painted');
let world: FaultWorld;

beforeAll(async () => {
  world = await openFaultWorld({ outdir: inject('outdir') });
});
afterAll(() => world?.close());

type Case = {
  readonly function: string;
  /** What calls for it. */
  readonly when: string;
  readonly path: Path;
  readonly trouble?: (taskId: string) => void;
  /** Its events name no task, so one follows the other. */
  readonly isForAll?: true;
};

const cases: readonly Case[] = [
  { function: 'api/create-task', when: 'a task is created', path: byAddress, isForAll: true },
  { function: 'api/cancel-task', when: 'a task is cancelled', path: painting },
  {
    function: 'events/execution-ended',
    when: 'an execution is aborted',
    path: byAddress,
    trouble: (taskId) =>
      void world.news
        .when(taskId, ({ type, state }) => type === 'TaskSubmitted' && state === 'AwaitProvider')
        .then(() => world.faults.endExecution(taskId, 'ABORTED')),
  },
  {
    function: 'events/sweep',
    when: 'a task was not started',
    path: beforeUploads,
    trouble: (taskId) =>
      void world.faults.request({
        of: 'start',
        fault: 'refuse',
        times: 3,
        matching: about(taskId),
      }),
    isForAll: true,
  },
  {
    function: 'events/sweep',
    when: 'a caller was not told',
    path: beforeUploads,
    trouble: (taskId) =>
      void world.faults.kill({
        ...{ function: 'workflow/notify-caller', call: 1, when: 'before', times: 4 },
        matching: about(taskId),
      }),
    isForAll: true,
  },
];

test.each(cases)(
  '$function may die at any call when $when',
  async (one) => {
    await until(world.isQuiet, Boolean);
    world.painter.control(one.path.painting);
    const cuts = sample(await record(one));
    const trials = await some(one.isForAll ? 1 : 6, cuts, (cut) => play(one, cut));
    const { wrong } = await judge(world, trials);

    process.stdout.write(`${one.function} died ${trials.length} times, ${wrong.length} wrong\n`);
    expect(cuts.length).toBeGreaterThan(3);
    expect(wrong).toEqual([]);
    expect(await auditMoney(world)).toEqual([]);
  },
  300_000,
);

async function record({ function: name, path, trouble }: Case): Promise<readonly Cut[]> {
  const once = async () => {
    const before = world.record.length;
    await world.rest([(await walk(world, path, trouble)).id]);
    return cutsOf(world.record.slice(before), (one) => one === name);
  };
  const first = await once();
  return inBoth(await once(), first);
}

async function play({ path, trouble, isForAll }: Case, cut: Cut): Promise<Trial> {
  const orders: Ordered[] = [];
  const kill = (order: KillOrder) => orders.push(world.faults.kill(order));
  if (isForAll) kill(cut);
  const suspect = await walk(world, path, (taskId) => {
    trouble?.(taskId);
    if (!isForAll) kill({ ...cut, matching: about(taskId) });
  });
  // The next cut is not to meet what is left of this one.
  await (isForAll ? world.rest([suspect.id]) : workedOn(world, suspect.id));
  return { ...suspect, what: sayCut(cut), orders, ends: [path.end] };
}
