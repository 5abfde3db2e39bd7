import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Ordered } from '../../../local/faults/order-book.ts';
import { until } from '../open-world.ts';
import { auditMoney } from './audit.ts';
import { type FaultWorld, openFaultWorld } from './fault-world.ts';
import { completed, type End, pathNamed, unclear } from './paths.ts';
import { about, judge, type Trial } from './trial.ts';
import { some, walk, workedOn } from './walk.ts';

// A state that dies at every try that the state machine makes; then somebody else has to see to it.

const path = pathNamed('a success by address');
const tries = 4;

type Case = {
  readonly state: string;
  readonly executions: number;
  readonly ends: readonly End[];
  /** Whether that was all, and nobody has to look at it any more. */
  readonly isOver: boolean;
};

const cases: readonly Case[] = [
  // While the picture is not made the task is given up, and its credits come back.
  { state: 'prepare-inputs', executions: 1, ends: [unclear], isOver: true },
  { state: 'submit-task', executions: 1, ends: [unclear], isOver: true },
  // A wait that is over while its function is still being tried again is a wait that is over.
  { state: 'await-provider', executions: 1, ends: [unclear, completed], isOver: true },
  { state: 'poll-task', executions: 1, ends: [unclear, completed], isOver: true },
  // What is made is not given up: the next execution settles it.
  { state: 'settle-task', executions: 2, ends: [completed], isOver: true },
  // And the sweep has the caller told.
  { state: 'notify-caller', executions: 1, ends: [completed], isOver: false },
];

let world: FaultWorld;
let trials: readonly Trial[];
let wrong: readonly string[];
const owing = new Set<string>();

beforeAll(async () => {
  world = await openFaultWorld({ outdir: inject('outdir') });
  world.painter.control(path.painting);
  await world.rest([(await walk(world, path)).id]);
  trials = await some(cases.length, cases, play);
  await until(world.isQuiet, Boolean);
  for (const { id, what } of trials) {
    if ((await world.dynamoItem(id))['dueAt'] !== undefined) owing.add(what);
  }
  ({ wrong } = await judge(world, trials));
});
afterAll(() => world?.close());

async function play({ state, ends }: Case): Promise<Trial> {
  const orders: Ordered[] = [];
  const suspect = await walk(world, path, (taskId) => {
    const dying = { function: `workflow/${state}`, call: 1, when: 'before', times: tries } as const;
    const order = world.faults.kill({ ...dying, matching: about(taskId) });
    if (ends.length === 1) orders.push(order);
  });
  await workedOn(world, suspect.id);
  return { ...suspect, what: state, orders, ends };
}

test.each(cases)(
  'a task ends well when $state dies at every try',
  ({ state, executions, isOver }) => {
    const { id = '' } = trials.find(({ what }) => what === state) ?? {};
    const starts = world.news.of(id).filter(({ type }) => type === 'ExecutionStarted');

    expect(wrong.filter((fault) => fault.startsWith(`${state}:`))).toEqual([]);
    expect(starts).toHaveLength(executions);
    expect(owing.has(state)).toBe(!isOver);
  },
);

test('after all of it the account has what it should have', async () => {
  expect(await auditMoney(world)).toEqual([]);
});
