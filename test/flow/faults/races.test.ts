import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { until } from '../open-world.ts';
import { auditMoney, auditTasks, type Charge } from './audit.ts';
import { type FaultWorld, openFaultWorld } from './fault-world.ts';
import { cancel, cancelled, completed, type End, type Path, pathNamed } from './paths.ts';
import { sample } from './sample.ts';
import { some, walk, workedOn } from './walk.ts';

// Cancellation, completion and deadline want the same task. Who is first does not matter; that there is one does.

const path = pathNamed('a success by address');
const late: End = { status: 'failed', images: 0, code: 'generation_timeout' };
const slowly: Path = { ...path, painting: { ...path.painting, seconds: 600 } };
/** Longer than a task lives here, and the deadline of every task. */
const lifeMs = 4000;
const deadlineMs = 15 * 60 * 1000;
const steps = 60;
const atOnce = 6;

let world: FaultWorld;

beforeAll(async () => {
  world = await openFaultWorld({ outdir: inject('outdir') });
  await world.rest([(await walk(world, path)).id]);
});
afterAll(() => world?.close());
beforeEach(() => until(world.isQuiet, Boolean));

const moments = () => sample(Array.from({ length: steps }, (_, step) => (step * lifeMs) / steps));

test('a task that is cancelled at any moment of its life ends once', async () => {
  world.painter.control(path.painting);
  const charges = await some(atOnce, moments(), async (afterMs) => {
    const suspect = await walk(world, path);
    await setTimeout(afterMs);
    const wasThere = await cancel(world, suspect);
    await workedOn(world, suspect.id);
    // Who is told that it is over already knows that it was not cancelled.
    return { ...suspect, ends: wasThere ? [completed, cancelled] : [completed] };
  });

  await expectNothingWrong(charges);
}, 300_000);

test('a task whose deadline passes at any moment of its life ends once', async () => {
  world.painter.control(path.painting);
  const charges = await some(atOnce, moments(), async (afterMs) => {
    const suspect = await walk(world, path);
    await setTimeout(afterMs);
    if (afterMs > 0.5 * lifeMs) world.clock.forward(deadlineMs / 4);
    await workedOn(world, suspect.id);
    return { ...suspect, ends: [completed, late] };
  });

  await expectNothingWrong(charges);
}, 300_000);

test('tasks that are cancelled while their deadline passes end once', async () => {
  world.painter.control(slowly.painting);
  for (const afterMs of sample([0, 20, 40, 60, 80, 100, 120, 140])) {
    const suspects = await some(atOnce, Array.from({ length: atOnce }), () => walk(world, slowly));
    const racing = suspects.map(async ({ id }, index) => {
      await setTimeout(index * 25);
      await cancel(world, { id });
    });
    await setTimeout(afterMs);
    world.clock.forward(deadlineMs + 1000);
    await Promise.all(racing);

    await expectNothingWrong(suspects.map((suspect) => ({ ...suspect, ends: [cancelled, late] })));
  }
}, 300_000);

async function expectNothingWrong(charges: readonly Charge[]): Promise<void> {
  await world.rest(charges.map(({ id }) => id));
  const faults = await auditTasks(world, charges);
  const wrong = charges.flatMap(({ id }, index) =>
    (faults[index] ?? []).map((fault) => `${id}: ${fault}`),
  );
  expect(wrong).toEqual([]);
  expect(await auditMoney(world)).toEqual([]);
}
