import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Ordered } from '../../../local/faults/order-book.ts';
import { auditMoney } from './audit.ts';
import { type FaultWorld, openFaultWorld } from './fault-world.ts';
import { completed, type End, pathNamed, unclear } from './paths.ts';
import { about, judge } from './trial.ts';
import { walk, workedOn } from './walk.ts';

// A state that dies at every try, as long as the state machine tries it; then somebody else has to see to it.

const path = pathNamed('a success by address');
const tries = 4;

let world: FaultWorld;

beforeAll(async () => {
  world = await openFaultWorld({ outdir: inject('outdir') });
  world.painter.control(path.painting);
});
afterAll(() => world?.close());

type Case = {
  readonly function: string;
  readonly executions: number;
  readonly ends: readonly End[];
  readonly looks: number;
};

test.each<Case>([
  // Before the picture is paid for the task is given up, and its credits come back.
  { function: 'workflow/prepare-inputs', executions: 1, ends: [unclear], looks: 0 },
  { function: 'workflow/submit-task', executions: 1, ends: [unclear], looks: 0 },
  // A wait that is over while its function is still being tried again is a wait that is over.
  { function: 'workflow/await-provider', executions: 1, ends: [unclear, completed], looks: 0 },
  { function: 'workflow/poll-task', executions: 1, ends: [unclear, completed], looks: 0 },
  // What is made is not given up: the next execution settles it, and the sweep has the caller told.
  { function: 'workflow/settle-task', executions: 2, ends: [completed], looks: 0 },
  { function: 'workflow/notify-caller', executions: 1, ends: [completed], looks: 1 },
])('$function dies at every try', async ({ function: name, executions, ends, looks: needed }) => {
  let order: Ordered | undefined;
  const suspect = await walk(world, path, (taskId) => {
    const matching = about(taskId);
    order = world.faults.kill({
      ...{ function: name, call: 1, when: 'before', times: tries, matching },
    });
  });
  await workedOn(world, suspect.id);
  const { wrong, looks } = await judge(world, [{ ...suspect, what: name, orders: [], ends }]);

  expect(wrong).toEqual([]);
  if (ends.length === 1) expect(order?.hasHappened()).toBe(true);
  expect(looks).toBe(needed);
  expect(startsOf(suspect.id)).toBe(executions);
  expect(await auditMoney(world)).toEqual([]);
});

const startsOf = (taskId: string): number =>
  world.news.of(taskId).filter(({ type }) => type === 'ExecutionStarted').length;
