import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { until } from '../flow/open-stack.ts';
import type { InjectedFault } from '../support/faults/fault-queue.ts';
import { auditMoney } from './audit.ts';
import { auditFaultCases, type FaultCase, mentions } from './fault-case.ts';
import { type FaultStack, openFaultStack } from './fault-stack.ts';
import { mapConcurrently, runScenario, waitForExecution } from './run-scenario.ts';
import { type Scenario, scenarioNamed, type TaskEnd, unknownSubmit } from './scenarios.ts';

// A function crashes at every attempt that the state machine makes, so something else must end the task. What
// happens when a provider has the job already is in submitted-tasks.test.ts.

const success = scenarioNamed('a success by URL');
const unsubmitted = scenarioNamed('a cancellation before the uploads');
const attempts = 4;

type Case = {
  readonly state: string;
  readonly scenario: Scenario;
  readonly executions: number;
  readonly allowedEnds: readonly TaskEnd[];
  /** Whether the task needs no further check by the reconciler. */
  readonly isDone: boolean;
};

const cases: readonly Case[] = [
  // Before an image is generated, the task fails and its credits are refunded.
  {
    state: 'prepare-inputs',
    scenario: success,
    executions: 1,
    allowedEnds: [unknownSubmit],
    isDone: true,
  },
  {
    state: 'submit-task',
    scenario: success,
    executions: 1,
    allowedEnds: [unknownSubmit],
    isDone: true,
  },
  // The next execution settles the task.
  {
    state: 'settle-task',
    scenario: unsubmitted,
    executions: 2,
    allowedEnds: [unsubmitted.end],
    isDone: true,
  },
  // The reconciler delivers the callback.
  {
    state: 'notify-caller',
    scenario: unsubmitted,
    executions: 1,
    allowedEnds: [unsubmitted.end],
    isDone: false,
  },
];

let stack: FaultStack;
let faultCases: readonly FaultCase[];
let problems: readonly string[];
const withNextCheck = new Set<string>();

beforeAll(async () => {
  stack = await openFaultStack({ outdir: inject('outdir') });
  stack.mockProvider.control(success.provider);
  await stack.reconcileUntilDone([(await runScenario(stack, success)).id]);
  faultCases = await mapConcurrently(cases.length, cases, runCase);
  await until(stack.isIdle, Boolean);
  for (const { id, label } of faultCases) {
    if ((await stack.taskItem(id))['nextCheckAt'] !== undefined) withNextCheck.add(label);
  }
  ({ problems } = await auditFaultCases(stack, faultCases));
});
afterAll(() => stack?.close());

async function runCase({ state, scenario, allowedEnds }: Case): Promise<FaultCase> {
  const injected: InjectedFault[] = [];
  const task = await runScenario(stack, scenario, (taskId) => {
    const crash = stack.faults.crash({
      function: `workflow/${state}`,
      call: 1,
      when: 'before',
      times: attempts,
      matching: mentions(taskId),
    });
    injected.push(crash);
  });
  await waitForExecution(stack, task.id);
  return { ...task, label: state, injected, allowedEnds };
}

test.each(cases)(
  'a task ends in an allowed way when $state crashes at every attempt',
  ({ state, executions, isDone }) => {
    const { id = '' } = faultCases.find(({ label }) => label === state) ?? {};
    const starts = stack.taskEvents.ofTask(id).filter(({ type }) => type === 'ExecutionStarted');

    expect(problems.filter((problem) => problem.startsWith(`${state}:`))).toEqual([]);
    expect(starts).toHaveLength(executions);
    expect(withNextCheck.has(state)).toBe(!isDone);
  },
);

test('after all crashes the balance and the entries of the account are right', async () => {
  expect(await auditMoney(stack)).toEqual([]);
});
