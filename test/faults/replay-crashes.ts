import { until } from '../flow/open-stack.ts';
import type { InjectedFault } from '../support/faults/fault-queue.ts';
import { auditTasks } from './audit.ts';
import {
  type CrashPoint,
  commonPoints,
  crashPointsOf,
  intersect,
  submitAfter,
} from './crash-points.ts';
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
  // As many at a time as when the crashes are replayed: the others are part of what happens to a task.
  const { concurrency = 1 } = scenario;
  const count = concurrency === 1 ? 1 : 2 * concurrency;
  const tasks = await mapConcurrently(concurrency, Array.from({ length: count }), () =>
    scenario.concurrency === undefined ? runScenario(stack, scenario) : runToEnd(stack, scenario),
  );
  await stack.reconcileUntilDone(tasks.map(({ id }) => id));
  const audited = tasks.map((task) => ({ ...task, allowedEnds: [scenario.end] }));
  const problems = (await auditTasks(stack, audited)).flat();
  if (problems.length > 0) throw new Error(`the recorded run failed: ${problems.join(', ')}`);
  const invocations = stack.invocations.slice(before);
  const points = tasks.flatMap(({ id }) => {
    const isOwn = mentions(id);
    return crashPointsOf(invocations.filter(({ event }) => isOwn(event)));
  });
  // What few tasks do depends on who is faster, and may not happen again.
  return commonPoints(points, Math.ceil(tasks.length / 2));
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
  const { concurrency = concurrentTasks, capacity } = scenario;
  const results: CrashResult[] = [];
  let left = crashPoints;
  for (let round = 0; round < roundsOf(scenario) && left.length > 0; round += 1) {
    await until(stack.isIdle, Boolean);
    stack.clock.advance(secretCacheMs);
    // Where tasks wait for each other there are always as many, some of which do not crash.
    const others = capacity === undefined ? 0 : Math.max(0, 2 * concurrency - left.length);
    const sent = await mapConcurrently(
      concurrency,
      [...secretsFirst(left), ...Array.from({ length: others }, () => undefined)],
      (point) => (point ? replay(stack, scenario, point) : runToEnd(stack, scenario)),
    );
    await stack.reconcileUntilDone(sent.map(({ id }) => id));
    const replayed = sent.filter((task): task is ReplayedTask => 'crash' in task);
    const crashed = replayed.filter(({ crash }) => crash.hasHappened());
    const problems = await auditTasks(
      stack,
      crashed.map((task) => ({ ...task, allowedEnds: endsAt(stack, scenario, task) })),
    );
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

const maxRounds = 4;
/** What tasks do that wait for each other is less certain. */
const maxQueueRounds = 12;

const roundsOf = ({ capacity }: Scenario): number =>
  capacity === undefined ? maxRounds : maxQueueRounds;

// Reads of secrets are cached, so only the first tasks of a round make them.
const readsSecret = ({ callName }: CrashPoint): number =>
  callName.startsWith('secretsmanager') ? 0 : 1;
const secretsFirst = (points: readonly CrashPoint[]) =>
  points.toSorted((a, b) => readsSecret(a) - readsSecret(b));

type ReplayedTask = SentTask & {
  readonly crashPoint: CrashPoint;
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
  return { ...task, crashPoint, crash: await crash };
}

async function runToEnd(stack: FaultStack, scenario: Scenario): Promise<SentTask> {
  const task = await runScenario(stack, scenario);
  await waitForExecution(stack, task.id);
  return task;
}

function endsAt(
  { invocations }: FaultStack,
  { capacity, end }: Scenario,
  { id, crashPoint }: ReplayedTask,
): readonly TaskEnd[] {
  if (capacity === undefined) return [crashPoint.isSubmitUnknown ? unknownSubmit : end];
  // Who waits makes other calls than who finds a slot: the invocation itself says how far it was.
  const { function: name, callName, call, nth, when } = crashPoint;
  const isOwn = mentions(id);
  const reached = invocations.filter(
    (one) =>
      one.function === name &&
      one.calls.filter((made) => made === callName).length >= call &&
      isOwn(one.event),
  );
  const crashed = reached[nth - 1];
  if (!crashed) throw new Error(`${id} did not crash`);
  const ends = { known: [end], unknown: [unknownSubmit], 'perhaps unknown': [end, unknownSubmit] };
  return ends[submitAfter(crashed, when)];
}
