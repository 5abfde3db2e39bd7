import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { ForcedStatus } from '../../local/aws/step-functions/executions.ts';
import type { ExecutionEvent } from '../../local/aws/step-functions/history.ts';
import { until } from '../flow/open-stack.ts';
import { auditMoney, auditTasks } from './audit.ts';
import { isEnd } from './execution-events.ts';
import { mentions } from './fault-case.ts';
import { type FaultStack, openFaultStack } from './fault-stack.ts';
import { concurrentTasks, mapConcurrently, runScenario } from './run-scenario.ts';
import { sample } from './sample.ts';
import {
  completed,
  type Scenario,
  type SentTask,
  scenarios,
  type TaskEnd,
  unknownSubmit,
} from './scenarios.ts';

// One run is recorded. Every event of its history is a moment at which its execution can be ended from
// outside: stopped, or timed out.

/** How often a case is tried whose moment did not occur. */
const maxRounds = 4;
const [scenario] = scenarios as readonly [Scenario];

let stack: FaultStack;
let moments: readonly Moment[];

type Moment = Pick<ExecutionEvent, 'type' | 'state'>;
type Case = { readonly moment: Moment; readonly how: ForcedStatus };

beforeAll(async () => {
  stack = await openFaultStack({ outdir: inject('outdir') });
  stack.mockProvider.control(scenario.provider);
  const { id } = await runScenario(stack, scenario);
  await stack.reconcileUntilDone([id]);
  const inStates = stack.taskEvents.ofTask(id).filter(({ state }) => state !== undefined);
  moments = [...Map.groupBy(inStates, (event) => `${event.state} ${event.type}`).values()].flatMap(
    ([first]) => (first ? [first] : []),
  );
});
afterAll(() => stack?.close());

test('a task whose execution is ended at any moment continues at once', async () => {
  const problems = await runInGroups('delivered');

  expect(problems).toEqual([]);
  expect(await auditMoney(stack)).toEqual([]);
}, 300_000);

test('when the event of that end is lost, the reconciler continues the task', async () => {
  const problems = await runInGroups('lost');

  expect(problems).toEqual([]);
  expect(await auditMoney(stack)).toEqual([]);
}, 300_000);

/**
 * All executions of a group go on at the same time. A larger group would be too much for a slow machine: there polls that
 * wait for a function are due again before they have run.
 */
async function runInGroups(endEvent: EndEvent): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const group of groupsOf(2 * concurrentTasks, cases())) {
    problems.push(...(await runCases(endEvent, group)));
  }
  return problems;
}

function cases(): readonly Case[] {
  expect(moments).not.toEqual([]);
  return sample(
    moments.flatMap((moment) =>
      (['ABORTED', 'TIMED_OUT'] as const).map((how) => ({ moment, how })),
    ),
  );
}

const groupsOf = <T>(size: number, items: readonly T[]): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, group) =>
    items.slice(group * size, (group + 1) * size),
  );

/** Whether the event of the end reaches its function. */
type EndEvent = 'delivered' | 'lost';

/**
 * Runs each case with a task of its own. On a slow machine a moment may not occur: a wait is over before its function
 * has saved a token. Such a case is tried again.
 */
async function runCases(endEvent: EndEvent, all: readonly Case[]): Promise<readonly string[]> {
  const problems: string[] = [];
  let left = all;
  for (let round = 0; round < maxRounds && left.length > 0; round += 1) {
    const tasks = await mapConcurrently(concurrentTasks, left, async (one) => {
      const task = await runScenario(stack, scenario, (taskId) => endAt(taskId, one, endEvent));
      await stack.taskEvents.waitFor(task.id, isEnd);
      return { ...task, case: one, allowedEnds: allowedEndsOf(one) };
    });
    problems.push(...(await problemsOf(endEvent, tasks)));
    left = tasks
      .filter(({ id }) => !stack.taskEvents.ofTask(id).some(wasEnded))
      .map((task) => task.case);
  }
  return [...problems, ...left.map((one) => format(one, 'the execution was not ended'))];
}

type EndedTask = SentTask & { readonly case: Case; readonly allowedEnds: readonly TaskEnd[] };

async function problemsOf(
  endEvent: EndEvent,
  tasks: readonly EndedTask[],
): Promise<readonly string[]> {
  const ids = tasks.map(({ id }) => id);
  await until(stack.isIdle, Boolean);
  const notRestarted = endEvent === 'delivered' ? await unfinished(ids) : [];
  const reconcilerRuns = await stack.reconcileUntilDone(ids);
  const problems = await auditTasks(stack, tasks);
  process.stdout.write(
    `${tasks.length} executions ended, event ${endEvent}: ${reconcilerRuns} reconciler runs\n`,
  );
  return [
    ...notRestarted.map((id) => `${id} was not restarted at once`),
    ...tasks.flatMap((task, index) =>
      (problems[index] ?? []).map((problem) => format(task.case, problem)),
    ),
  ];
}

const wasEnded = ({ type }: ExecutionEvent): boolean => /^Execution(Aborted|TimedOut)$/.test(type);

function endAt(taskId: string, { moment, how }: Case, endEvent: EndEvent): void {
  if (endEvent === 'lost') {
    stack.faults.breakEvent({ source: 'execution', fault: 'drop', matching: mentions(taskId) });
  }
  void stack.taskEvents
    .waitFor(taskId, ({ type, state }) => type === moment.type && state === moment.state)
    .then(() => stack.faults.endExecution(taskId, how));
}

// The function of the ended state goes on. The next execution cannot know whether its submit succeeded.
const allowedEndsOf = ({ moment }: Case) =>
  moment.state === 'SubmitTask' ? [completed, unknownSubmit] : [completed];

async function unfinished(ids: readonly string[]): Promise<readonly string[]> {
  const items = await Promise.all(ids.map((id) => stack.taskItem(id)));
  return items.flatMap(({ id, finishedAt }) => (finishedAt === undefined ? [String(id)] : []));
}

const format = ({ moment: { state, type }, how }: Case, problem: string): string =>
  `${how} at ${type} of ${state}: ${problem}`;
