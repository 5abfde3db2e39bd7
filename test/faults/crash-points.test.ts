import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { auditMoney } from './audit.ts';
import { formatCrashPoint } from './crash-points.ts';
import { type FaultStack, openFaultStack } from './fault-stack.ts';
import { type CrashResult, recordCrashPoints, replayCrashes } from './replay-crashes.ts';
import { sample } from './sample.ts';
import { type Scenario, scenarios } from './scenarios.ts';

// Each scenario is run once without faults. The recorded calls are the points at which its functions can
// crash. Then each of these crashes is injected into a task of its own.

let stack: FaultStack;

beforeAll(async () => {
  stack = await openFaultStack({ outdir: inject('outdir') });
});
afterAll(() => stack?.close());

test.each(scenarios)(
  '$name ends the same, whichever function crashes at whichever call',
  async (scenario) => {
    const started = performance.now();
    const crashPoints = await recordCrashPoints(stack, scenario);
    expect(crashPoints).not.toEqual([]);
    const results = await replayCrashes(stack, scenario, sample(crashPoints));
    report(scenario, results, crashPoints.length, performance.now() - started);

    expect(problemsIn(results)).toEqual([]);
    expect(await auditMoney(stack)).toEqual([]);
  },
  600_000,
);

const problemsIn = (results: readonly CrashResult[]) =>
  results.flatMap(({ crashPoint, problems }) =>
    problems.map((problem) => `${formatCrashPoint(crashPoint)}: ${problem}`),
  );

function report(
  { name }: Scenario,
  results: readonly CrashResult[],
  total: number,
  milliseconds: number,
): void {
  const unknown = results.filter(({ crashPoint }) => crashPoint.isSubmitUnknown).length;
  const wrong = results.filter(({ problems }) => problems.length > 0).length;
  const same = results.length - wrong - unknown;
  process.stdout.write(
    `${name}: ${results.length} of ${total} crash points, ${same} ended as without a crash, ` +
      `${unknown} as an unknown submit, ${wrong} wrong; ${Math.round(milliseconds / 1000)} s\n`,
  );
}
