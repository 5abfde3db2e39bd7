import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { auditMoney } from './audit.ts';
import { formatCrashPoint } from './crash-points.ts';
import { type FaultStack, openFaultStack } from './fault-stack.ts';
import { auditQueue, freeSlots, letTimePass, openQueueStack, takeAllSlots } from './queue-stack.ts';
import { type CrashResult, recordCrashPoints, replayCrashes } from './replay-crashes.ts';
import { sample } from './sample.ts';
import { queueScenarios, type Scenario, scenarios } from './scenarios.ts';

// Each scenario is run once without faults. The recorded calls are the points at which its functions can
// crash. Then each of these crashes is injected into a task of its own.

/** Tasks that wait for each other take minutes for all of their points: `FAULTS=<number> FAULTS_SEED=…` runs others. */
const maxQueuePoints = 10;

/** Crashes at the points of a scenario, and audits its tasks. */
async function crashEverywhere(stack: FaultStack, scenario: Scenario): Promise<readonly string[]> {
  const started = performance.now();
  const crashPoints = await recordCrashPoints(stack, scenario);
  expect(crashPoints.length).toBeGreaterThanOrEqual(scenario.minCrashPoints);
  const waits = crashPoints.some(({ function: name }) => name === 'workflow/await-slot');
  expect(waits).toBe(Boolean(scenario.isFull || scenario.beginsFull));
  const maxCount = scenario.capacity === undefined ? undefined : maxQueuePoints;
  const sampled = sample(crashPoints, maxCount);
  const results = await replayCrashes(stack, scenario, sampled);
  expect(results).not.toEqual([]);
  const milliseconds = performance.now() - started;
  report(scenario, results, { sampled: sampled.length, all: crashPoints.length, milliseconds });
  return [...problemsIn(results), ...(await auditMoney(stack))];
}

describe('with a provider without limits', () => {
  let stack: FaultStack;
  beforeAll(async () => {
    stack = await openFaultStack({ outdir: inject('outdir') });
  });
  afterAll(() => stack?.close());

  test.each(scenarios)(
    '$name ends the same, whichever function crashes at whichever call',
    async (scenario) => {
      expect(await crashEverywhere(stack, scenario)).toEqual([]);
    },
    600_000,
  );
});

const capacities = [2, 5];
const scenariosWith = (capacity: number) =>
  queueScenarios.filter((scenario) => scenario.capacity === capacity);

test('there are scenarios without a limit, and for each capacity', () => {
  expect(scenarios).not.toEqual([]);
  expect(capacities.filter((capacity) => scenariosWith(capacity).length === 0)).toEqual([]);
});

describe.each(capacities)('with a provider that takes %i jobs', (capacity) => {
  let stack: FaultStack;
  beforeAll(async () => {
    stack = await openQueueStack(capacity, { outdir: inject('outdir') });
  });
  afterAll(() => stack?.close());

  test.each(scenariosWith(capacity))(
    '$name ends the same, whichever function crashes at whichever call, and no slot stays taken',
    async (scenario) => {
      if (scenario.isFull) await takeAllSlots(stack, capacity, { since: 'in a month' });
      const stop = letTimePass(stack);
      try {
        expect(await crashEverywhere(stack, scenario)).toEqual([]);
      } finally {
        await stop();
        await freeSlots(stack, capacity);
        expect(await auditQueue(stack)).toEqual([]);
      }
    },
    1_200_000,
  );
});

const problemsIn = (results: readonly CrashResult[]) =>
  results.flatMap(({ crashPoint, problems }) =>
    problems.map((problem) => `${formatCrashPoint(crashPoint)}: ${problem}`),
  );

function report(
  { name }: Scenario,
  results: readonly CrashResult[],
  {
    sampled,
    all,
    milliseconds,
  }: { readonly sampled: number; readonly all: number; readonly milliseconds: number },
): void {
  const unknown = results.filter(({ crashPoint }) => crashPoint.isSubmitUnknown).length;
  const wrong = results.filter(({ problems }) => problems.length > 0).length;
  const same = results.length - wrong - unknown;
  process.stdout.write(
    `${name}: ${results.length} of ${all} crash points, ${same} ended as without a crash, ` +
      `${unknown} as an unknown submit, ${wrong} wrong, ${sampled - results.length} did not occur again; ` +
      `${Math.round(milliseconds / 1000)} s\n` +
      problemsIn(results)
        .map((problem) => `  ${problem}\n`)
        .join(''),
  );
}
