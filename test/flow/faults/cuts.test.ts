import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { auditMoney } from './audit.ts';
import { sayCut } from './cuts.ts';
import { type FaultWorld, openFaultWorld } from './fault-world.ts';
import { type Path, paths } from './paths.ts';
import { type Fate, recordPath, replay } from './replay.ts';
import { sample } from './sample.ts';

// One run of each path is recorded. It says at which calls its functions could have died; then each
// of these deaths happens to a task of its own.

let world: FaultWorld;

beforeAll(async () => {
  world = await openFaultWorld({ outdir: inject('outdir') });
});
afterAll(() => world?.close());

test.each(paths)(
  '$name is the same, whichever function dies at whichever call',
  async (path) => {
    const started = performance.now();
    const cuts = await recordPath(world, path);
    const fates = await replay(world, path, sample(cuts));
    report(path, fates, cuts.length, performance.now() - started);

    expect(wrong(fates)).toEqual([]);
    expect(await auditMoney(world)).toEqual([]);
  },
  600_000,
);

const wrong = (fates: readonly Fate[]) =>
  fates.flatMap(({ cut, faults }) => faults.map((fault) => `${sayCut(cut)}: ${fault}`));

function report({ name }: Path, fates: readonly Fate[], all: number, milliseconds: number): void {
  const unclear = fates.filter(({ cut }) => cut.isUnclear).length;
  const bad = fates.filter(({ faults }) => faults.length > 0).length;
  process.stdout.write(
    `${name}: ${fates.length} of ${all} cuts, ${fates.length - bad - unclear} ended as without them, ` +
      `${unclear} as an unclear submit, ${bad} wrong; ${Math.round(milliseconds / 1000)} s\n`,
  );
}
