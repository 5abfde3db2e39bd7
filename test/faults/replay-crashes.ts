import { until } from '../flow/open-stack.ts';
import type { InjectedFault } from '../support/faults/fault-queue.ts';
import { auditTasks } from './audit.ts';
import { type CrashPoint, crashPointsOf, intersect } from './crash-points.ts';
import { mentions } from './fault-case.ts';
import type { FaultStack } from './fault-stack.ts';
import { concurrentTasks, mapConcurrently, runScenario, waitForExecution } from './run-scenario.ts';
import { type Scenario, type SentTask, type TaskEnd, unknownSubmit } from './scenarios.ts';

/** A crash point, and the problems of the task into which the crash was injected. */
export type CrashResult = {
  readonly crashPoint: CrashPoint;
  readonly problems: readonly string[];
};

/** A function caches its secrets for this long, and then reads them again. */
const secretCacheMs = 5 * 60 * 1000;
const maxRounds = 4;

/** Runs the scenario twice without faults, and derives the crash points from the calls of its functions. */
export async function recordCrashPoints(
  stack: FaultStack,
  scenario: Scenario,
): Promise<readonly CrashPoint[]> {
  stack.mockProvider.control(scenario.provider);
  const first = await recordRun(stack, scenario);
  return intersect(await recordRun(stack, scenario), first);
}

async function recordRun(stack: FaultStack, scenario: Scenario): Promise<readonly CrashPoint[]> {
  stack.clock.advance(secretCacheMs);
  const before = stack.invocations.length;
  const task = await runScenario(stack, scenario);
  await stack.reconcileUntilDone([task.id]);
  const [problems] = await auditTasks(stack, [{ ...task, allowedEnds: [scenario.end] }]);
  if (problems?.length !== 0) throw new Error(`the recorded run failed: ${problems?.join(', ')}`);
  return crashPointsOf(stack.invocations.slice(before));
}

/**
 * Runs the scenario once for each crash point, each with a task of its own. A crash point whose call
 * was not made (no secret had to be read, there was no second poll) is tried again with another task.
 */
export async function replayCrashes(
  stack: FaultStack,
  scenario: Scenario,
  crashPoints: readonly CrashPoint[],
): Promise<readonly CrashResult[]> {
  const results: CrashResult[] = [];
  let left = crashPoints;
  for (let round = 0; round < maxRounds && left.length > 0; round += 1) {
    await until(stack.isIdle, Boolean);
    stack.clock.advance(secretCacheMs);
    const replayed = await mapConcurrently(concurrentTasks, secretsFirst(left), (point) =>
      replay(stack, scenario, point),
    );
    await stack.reconcileUntilDone(replayed.map(({ id }) => id));
    const crashed = replayed.filter(({ crash }) => crash.hasHappened());
    const problems = await auditTasks(stack, crashed);
    results.push(
      ...crashed.map(({ crashPoint }, index) => ({ crashPoint, problems: problems[index] ?? [] })),
    );
    left = replayed.filter(({ crash }) => !crash.hasHappened()).map(({ crashPoint }) => crashPoint);
  }
  return [
    ...results,
    ...left.map((crashPoint) => ({ crashPoint, problems: ['the crash did not happen'] })),
  ];
}

// Reads of secrets are cached, so only the first tasks of a round make them.
const readsSecret = ({ callName }: CrashPoint): number =>
  callName.startsWith('secretsmanager') ? 0 : 1;
const secretsFirst = (points: readonly CrashPoint[]) =>
  points.toSorted((a, b) => readsSecret(a) - readsSecret(b));

type ReplayedTask = SentTask & {
  readonly crashPoint: CrashPoint;
  readonly allowedEnds: readonly TaskEnd[];
  readonly crash: InjectedFault;
};

async function replay(
  stack: FaultStack,
  scenario: Scenario,
  crashPoint: CrashPoint,
): Promise<ReplayedTask> {
  const { promise: crash, resolve } = Promise.withResolvers<InjectedFault>();
  const task = await runScenario(stack, scenario, (taskId) =>
    resolve(stack.faults.crash({ ...crashPoint, matching: mentions(taskId) })),
  );
  await waitForExecution(stack, task.id);
  return {
    ...task,
    crashPoint,
    allowedEnds: [crashPoint.isSubmitUnknown ? unknownSubmit : scenario.end],
    crash: await crash,
  };
}
