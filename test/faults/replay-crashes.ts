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
import { isWaitingForSlot } from './execution-events.ts';
import { mentions } from './fault-case.ts';
import type { FaultStack } from './fault-stack.ts';
import { auditQueue, freeSlots, takeAllSlots } from './queue-stack.ts';
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
  // As many tasks at a time as in the replay, since they influence each other.
  const tasks =
    scenario.capacity === undefined
      ? [await runScenario(stack, scenario)]
      : await runTogether(stack, scenario);
  await stack.reconcileUntilDone(tasks.map(({ id }) => id));
  const audited = tasks.map((task) => ({ ...task, allowedEnds: [scenario.end] }));
  const problems = (await auditTasks(stack, audited)).flat();
  if (problems.length > 0) throw new Error(`the recorded run failed: ${problems.join(', ')}`);
  const invocations = stack.invocations.slice(before);
  const points = tasks.flatMap(({ id }) => {
    const isOwn = mentions(id);
    return crashPointsOf(invocations.filter(({ event }) => isOwn(event)));
  });
  // A call that only few tasks make depends on who is faster, and may not occur again.
  return commonPoints(points, Math.ceil(tasks.length / 2));
}

/**
 * Crashes the functions at each of these points, each time in another task. A point that does not occur any more, in a
 * recorded run without faults either, has no result.
 */
export const replayCrashes = (
  stack: FaultStack,
  scenario: Scenario,
  crashPoints: readonly CrashPoint[],
): Promise<readonly CrashResult[]> =>
  scenario.capacity === undefined
    ? replayInOwnTasks(stack, scenario, crashPoints)
    : replayWherePossible(stack, scenario, crashPoints);

const notHappened = 'the crash did not happen';

const maxRounds = 4;

/**
 * Runs the scenario once for each crash point, each with a task of its own. A crash point whose call
 * was not made (no secret had to be read, there was no second poll) is tried again with another task.
 */
async function replayInOwnTasks(
  stack: FaultStack,
  scenario: Scenario,
  crashPoints: readonly CrashPoint[],
): Promise<readonly CrashResult[]> {
  const results: CrashResult[] = [];
  let left = crashPoints;
  for (let round = 0; round < maxRounds && left.length > 0; round += 1) {
    await until(stack.isIdle, Boolean);
    stack.clock.advance(secretCacheMs);
    const sent = await mapConcurrently(concurrentTasks, secretsFirst(left), (point) =>
      replay(stack, scenario, point),
    );
    await stack.reconcileUntilDone(sent.map(({ id }) => id));
    const crashed = sent.filter(({ crash }) => crash.hasHappened());
    const problems = await auditTasks(
      stack,
      crashed.map((task) => ({
        ...task,
        allowedEnds: [task.crashPoint.isSubmitUnknown ? unknownSubmit : scenario.end],
      })),
    );
    results.push(
      ...crashed.map(({ crashPoint }, index) => ({ crashPoint, problems: problems[index] ?? [] })),
    );
    left = sent.filter(({ crash }) => !crash.hasHappened()).map(({ crashPoint }) => crashPoint);
  }
  return [...results, ...left.map((crashPoint) => ({ crashPoint, problems: [notHappened] }))];
}

/** Each round sends as many tasks as a recorded run. The replay ends after so many rounds without a crash. */
const maxQuietRounds = 12;

/**
 * Where tasks wait for each other, the clock decides which of them waits, and how many slots it hands out. So a crash
 * does not belong to one task: the first one that gets to its point crashes there. Each task crashes once at most.
 */
async function replayWherePossible(
  stack: FaultStack,
  scenario: Scenario,
  crashPoints: readonly CrashPoint[],
): Promise<readonly CrashResult[]> {
  const results: CrashResult[] = [];
  const crashes = crashFirstTasks(stack, crashPoints);
  let quietRounds = 0;
  while (quietRounds < maxQuietRounds && crashes.left().length > 0) {
    await until(stack.isIdle, Boolean);
    stack.clock.advance(secretCacheMs);
    const sent = await runTogether(stack, scenario, crashes.include);
    await stack.reconcileUntilDone(sent.map(({ id }) => id));
    const found = await resultsOf(stack, scenario, { sent, pointOf: crashes.pointOf });
    results.push(...found);
    quietRounds = found.length > 0 ? 0 : quietRounds + 1;
  }
  const left = crashes.left();
  crashes.end();
  if (left.length === 0) return results;
  const lost = intersect(left, await recordRun(stack, scenario));
  return [...results, ...lost.map((crashPoint) => ({ crashPoint, problems: [notHappened] }))];
}

type Sent = {
  readonly sent: readonly SentTask[];
  /** Where a task crashed. */
  readonly pointOf: (taskId: string) => CrashPoint | undefined;
};

/** Audits the tasks. @throws when a task without a crash has a problem: the crash of another one must not harm it */
async function resultsOf(
  stack: FaultStack,
  scenario: Scenario,
  { sent, pointOf }: Sent,
): Promise<readonly CrashResult[]> {
  const allowedEnds = (task: SentTask) => endsAfter(stack, scenario, task, pointOf(task.id));
  const audited = sent.map((task) => ({ ...task, allowedEnds: allowedEnds(task) }));
  const problems = await auditTasks(stack, audited);
  const unharmed = problems.filter((_, index) => !pointOf(sent[index]?.id ?? '')).flat();
  if (unharmed.length > 0) throw new Error(`tasks without a crash: ${unharmed.join(', ')}`);
  return sent.flatMap(({ id }, index) => {
    const crashPoint = pointOf(id);
    return crashPoint ? [{ crashPoint, problems: problems[index] ?? [] }] : [];
  });
}

/** At each of these points the first task that gets there crashes. */
function crashFirstTasks(stack: FaultStack, crashPoints: readonly CrashPoint[]) {
  const included = new Set<string>();
  const crashedAt = new Map<string, CrashPoint>();
  let isOver = false;

  // `matching` is called once for each point: when an invocation makes the call of that point.
  const crashAt = (point: CrashPoint): InjectedFault => {
    const visits = new Map<string, number>();
    return stack.faults.crash({
      ...point,
      nth: 1,
      matching: (event) => {
        const id = taskIn(event);
        if (isOver || id === undefined || !included.has(id) || crashedAt.has(id)) return false;
        const visit = (visits.get(id) ?? 0) + 1;
        visits.set(id, visit);
        if (visit !== point.nth) return false;
        crashedAt.set(id, point);
        return true;
      },
    });
  };
  const crashes = crashPoints.map((point) => ({ point, crash: crashAt(point) }));
  return {
    /** From now on this task may crash. */
    include: (taskId: string): void => void included.add(taskId),
    pointOf: (taskId: string): CrashPoint | undefined => crashedAt.get(taskId),
    left: (): readonly CrashPoint[] =>
      crashes.filter(({ crash }) => !crash.hasHappened()).map(({ point }) => point),
    end: (): void => {
      isOver = true;
    },
  };
}

const taskIn = (event: unknown): string | undefined =>
  /task-unified-\d+-\w+/.exec(JSON.stringify(event))?.[0];

/** Runs several tasks that wait for each other, until all have ended. */
async function runTogether(
  stack: FaultStack,
  scenario: Scenario,
  beforeStart?: (taskId: string) => void,
): Promise<readonly SentTask[]> {
  const { concurrency = concurrentTasks, capacity = 0, beginsFull } = scenario;
  const ids: string[] = [];
  if (beginsFull) {
    await auditQueue(stack); // a crash may have left a slot taken, until time has passed
    await takeAllSlots(stack, capacity, { since: 'in a month' });
  }
  const tasks = mapConcurrently(concurrency, Array.from({ length: 2 * concurrency }), async () => {
    const task = await runScenario(stack, scenario, (id) => {
      ids.push(id);
      beforeStart?.(id);
    });
    await waitForExecution(stack, task.id);
    return task;
  });
  if (beginsFull) {
    const hasWaited = (id: string) => stack.taskEvents.ofTask(id).some(isWaitingForSlot);
    await until(() => ids.filter(hasWaited).length > capacity, Boolean);
    await freeSlots(stack, capacity);
    await stack.reconcile();
  }
  return tasks;
}

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

/** The right ends for a task of a limited provider, with a crash at this point or without one. */
function endsAfter(
  { invocations }: FaultStack,
  { end }: Scenario,
  { id }: SentTask,
  crashPoint: CrashPoint | undefined,
): readonly TaskEnd[] {
  if (!crashPoint) return [end];
  // A task that waits makes other calls than one that finds a slot, so the invocation itself shows how far it was.
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
