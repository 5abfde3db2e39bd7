import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { until } from '../flow/open-stack.ts';
import { type AuditedTask, auditMoney, auditTasks } from './audit.ts';
import { type FaultStack, openFaultStack } from './fault-stack.ts';
import { concurrentTasks, mapConcurrently, runScenario, waitForExecution } from './run-scenario.ts';
import { sample } from './sample.ts';
import {
  aDay,
  cancel,
  cancelled,
  completed,
  type Scenario,
  scenarioNamed,
  type TaskEnd,
} from './scenarios.ts';

// A cancellation, the completion and the deadline race for the same task. Whichever is first, only one wins.

const scenario = scenarioNamed('a success by URL');
const timedOut: TaskEnd = { status: 'failed', images: 0, code: 'generation_timeout' };
const slow: Scenario = { ...scenario, provider: { ...scenario.provider, seconds: aDay } };
/** Longer than a task takes here. */
const lifeMs = 4000;
/** The deadline of every task. */
const deadlineMs = 15 * 60 * 1000;
const steps = 60;
/** How many tasks race at the same time with their deadline. */
const racingTasks = 6;

let stack: FaultStack;

beforeAll(async () => {
  stack = await openFaultStack({ outdir: inject('outdir') });
  await stack.reconcileUntilDone([(await runScenario(stack, scenario)).id]);
});
afterAll(() => stack?.close());
beforeEach(() => until(stack.isIdle, Boolean));

const moments = () => sample(Array.from({ length: steps }, (_, step) => (step * lifeMs) / steps));

test('a task that is cancelled at any moment of its life ends once', async () => {
  stack.mockProvider.control(scenario.provider);
  const tasks = await mapConcurrently(concurrentTasks, moments(), async (afterMs) => {
    const task = await runScenario(stack, scenario);
    await setTimeout(afterMs);
    const wasCancelled = await cancel(stack, task);
    await waitForExecution(stack, task.id);
    // A 409 says that the task was not cancelled.
    return { ...task, allowedEnds: wasCancelled ? [completed, cancelled] : [completed] };
  });

  await expectNoProblems(tasks);
}, 300_000);

test('a task whose deadline passes at any moment of its life ends once', async () => {
  stack.mockProvider.control(scenario.provider);
  const tasks = await mapConcurrently(concurrentTasks, moments(), async (afterMs) => {
    const task = await runScenario(stack, scenario);
    await setTimeout(afterMs);
    if (afterMs > 0.5 * lifeMs) stack.clock.advance(deadlineMs / 4);
    await waitForExecution(stack, task.id);
    return { ...task, allowedEnds: [completed, timedOut] };
  });

  await expectNoProblems(tasks);
}, 300_000);

test('tasks that are cancelled while their deadline passes end once', async () => {
  stack.mockProvider.control(slow.provider);
  for (const afterMs of sample([0, 20, 40, 60, 80, 100, 120, 140])) {
    const tasks = await mapConcurrently(racingTasks, Array.from({ length: racingTasks }), () =>
      runScenario(stack, slow),
    );
    const racing = tasks.map(async ({ id }, index) => {
      await setTimeout(index * 25);
      await cancel(stack, { id });
    });
    await setTimeout(afterMs);
    stack.clock.advance(deadlineMs + 1000);
    await Promise.all(racing);

    await expectNoProblems(tasks.map((task) => ({ ...task, allowedEnds: [cancelled, timedOut] })));
  }
}, 300_000);

async function expectNoProblems(tasks: readonly AuditedTask[]): Promise<void> {
  await stack.reconcileUntilDone(tasks.map(({ id }) => id));
  const problemsByTask = await auditTasks(stack, tasks);
  const problems = tasks.flatMap(({ id }, index) =>
    (problemsByTask[index] ?? []).map((problem) => `${id}: ${problem}`),
  );
  expect(problems).toEqual([]);
  expect(await auditMoney(stack)).toEqual([]);
}
