import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { until } from '../flow/open-stack.ts';
import type { CrashPlan } from '../support/faults/crash-injector.ts';
import type { InjectedFault } from '../support/faults/fault-queue.ts';
import { auditMoney } from './audit.ts';
import { type CrashPoint, crashPointsOf, formatCrashPoint, intersect } from './crash-points.ts';
import { isWaitingForProvider } from './execution-events.ts';
import { auditFaultCases, type FaultCase, mentions } from './fault-case.ts';
import { type FaultStack, openFaultStack } from './fault-stack.ts';
import { concurrentTasks, mapConcurrently, runScenario, waitForExecution } from './run-scenario.ts';
import { sample } from './sample.ts';
import { type Scenario, scenarioNamed } from './scenarios.ts';

// The functions that create, cancel or recover a task can crash, too.

const byUrl = scenarioNamed('a success by URL');
const beforeUploads = scenarioNamed('a cancellation before the uploads');
const atProvider = scenarioNamed('a cancellation while it waits at the provider');
let stack: FaultStack;

beforeAll(async () => {
  stack = await openFaultStack({ outdir: inject('outdir') });
});
afterAll(() => stack?.close());

type Case = {
  readonly function: string;
  /** Why the function is invoked. */
  readonly when: string;
  readonly scenario: Scenario;
  readonly injectFirst?: (taskId: string) => void;
  /** Its events name no task, so its crashes cannot be distinguished, and run one after the other. */
  readonly isSequential?: true;
};

const cases: readonly Case[] = [
  { function: 'api/create-task', when: 'a task is created', scenario: byUrl, isSequential: true },
  { function: 'api/cancel-task', when: 'a task is cancelled', scenario: atProvider },
  {
    function: 'events/execution-ended',
    when: 'an execution is aborted',
    scenario: byUrl,
    injectFirst: (taskId) =>
      void stack.taskEvents
        .waitFor(taskId, isWaitingForProvider)
        .then(() => stack.faults.endExecution(taskId, 'ABORTED')),
  },
  {
    function: 'events/reconcile',
    when: 'a task was not started',
    scenario: beforeUploads,
    injectFirst: (taskId) =>
      void stack.faults.breakRequest({
        kind: 'start',
        fault: 'fail',
        times: 3,
        matching: mentions(taskId),
      }),
    isSequential: true,
  },
  {
    function: 'events/reconcile',
    when: 'a callback was not delivered',
    scenario: beforeUploads,
    injectFirst: (taskId) =>
      void stack.faults.crash({
        function: 'workflow/notify-caller',
        call: 1,
        when: 'before',
        times: 4,
        matching: mentions(taskId),
      }),
    isSequential: true,
  },
];

test.each(cases)(
  'a task ends as usual when $function, invoked because $when, crashes at any call',
  async (one) => {
    await until(stack.isIdle, Boolean);
    stack.mockProvider.control(one.scenario.provider);
    const crashPoints = sample(await record(one));
    const concurrency = one.isSequential ? 1 : concurrentTasks;
    const faultCases = await mapConcurrently(concurrency, crashPoints, (point) =>
      runCase(one, point),
    );
    const { problems } = await auditFaultCases(stack, faultCases);

    process.stdout.write(
      `${one.function} crashed ${faultCases.length} times, ${problems.length} problems\n`,
    );
    expect(crashPoints.length).toBeGreaterThan(3);
    expect(problems).toEqual([]);
    expect(await auditMoney(stack)).toEqual([]);
  },
  300_000,
);

async function record({
  function: name,
  scenario,
  injectFirst,
}: Case): Promise<readonly CrashPoint[]> {
  const recordRun = async () => {
    const before = stack.invocations.length;
    await stack.reconcileUntilDone([(await runScenario(stack, scenario, injectFirst)).id]);
    const points = crashPointsOf(stack.invocations.slice(before), (one) => one === name);
    return firstAndLastQuery(points);
  };
  const first = await recordRun();
  return intersect(await recordRun(), first);
}

/**
 * Leaves out the queries between the first and the last one. The reconciler sends the queries of all shards at the same
 * time, and a crash at any of them comes before anything is done.
 */
function firstAndLastQuery(points: readonly CrashPoint[]): readonly CrashPoint[] {
  const isQuery = ({ callName }: CrashPoint) => callName === 'dynamodb Query';
  const last = Math.max(...points.filter(isQuery).map(({ call }) => call));
  return points.filter((point) => !isQuery(point) || point.call === 1 || point.call === last);
}

async function runCase(
  { scenario, injectFirst, isSequential }: Case,
  crashPoint: CrashPoint,
): Promise<FaultCase> {
  const injected: InjectedFault[] = [];
  const kill = (order: CrashPlan) => injected.push(stack.faults.crash(order));
  if (isSequential) kill(crashPoint);
  const task = await runScenario(stack, scenario, (taskId) => {
    injectFirst?.(taskId);
    if (!isSequential) kill({ ...crashPoint, matching: mentions(taskId) });
  });
  // The next crash must not happen to a task that this one has left unfinished.
  await (isSequential ? stack.reconcileUntilDone([task.id]) : waitForExecution(stack, task.id));
  return {
    ...task,
    label: formatCrashPoint(crashPoint),
    injected,
    allowedEnds: [scenario.end],
  };
}
