import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { functionsOf } from '../../local/aws/template/read-functions.ts';
import { until } from '../flow/open-stack.ts';
import {
  type ClosableProxy,
  closableProxy,
  providersBehind,
} from '../support/faults/closable-proxy.ts';
import { functionName } from '../support/faults/crash-injector.ts';
import { auditMoney } from './audit.ts';
import { isWaitingForProvider } from './execution-events.ts';
import { auditFaultCases, type FaultCase, mentions } from './fault-case.ts';
import { type FaultStack, openFaultStack } from './fault-stack.ts';
import { runScenario } from './run-scenario.ts';
import { completed, scenarioNamed } from './scenarios.ts';

// A provider has the job of a task. Whatever happens on our side until its outcome is known, the task is not given
// up: it completes, and its images are charged once.

const scenario = scenarioNamed('a success by URL');
const speed = 6;
const waiting = ['workflow/await-provider', 'workflow/poll-task'] as const;
const throttledSeconds = 3 * 60;
const minuteMs = 60_000;

let stack: FaultStack;
/** Between the functions and all providers. */
let toProviders: ClosableProxy;

beforeAll(async () => {
  toProviders = await closableProxy();
  stack = await openFaultStack({
    outdir: inject('outdir'),
    speed,
    parameters: providersBehind(toProviders),
  });
  await openProviders();
});
afterAll(async () => {
  await stack?.close();
  await toProviders?.close();
});

const openProviders = () => toProviders.open(Number(new URL(stack.url).port));
beforeEach(async () => {
  await until(stack.isIdle, Boolean);
  stack.mockProvider.control(scenario.provider);
});

/** The problems of a task that was created with this label. */
async function problemsOf(task: Omit<FaultCase, 'allowedEnds'>): Promise<readonly string[]> {
  const { problems } = await auditFaultCases(stack, [{ ...task, allowedEnds: [completed] }]);
  return [...problems, ...(await auditMoney(stack))];
}

const startsOf = (taskId: string) =>
  stack.taskEvents.ofTask(taskId).filter(({ type }) => type === 'ExecutionStarted');

/** Deploys this function in another way, or not at all, until the returned function is called. */
function redeploy(name: string, change: { readonly reservedConcurrency: number } | undefined) {
  const functions = functionsOf(stack.context);
  stack.lambda.update(
    functions.flatMap((one) => {
      if (functionName(one) !== name) return [one];
      return change ? [{ ...one, ...change }] : [];
    }),
  );
  return () => stack.lambda.update(functions);
}

const crashes = [
  { function: 'workflow/await-provider', callName: 'dynamodb UpdateItem', when: 'before' },
  { function: 'workflow/poll-task', callName: 'dynamodb UpdateItem', when: 'before' },
  { function: 'workflow/poll-task', callName: 's3 PutObject', when: 'after' },
  { function: 'workflow/poll-task', callName: 'dynamodb TransactWriteItems', when: 'before' },
  { function: 'workflow/poll-task', callName: 'POST 127.0.0.1 /', when: 'before' },
] as const;

test('a task completes although a function dies ten times in a row while it waits for its provider, settles or notifies', async () => {
  const tasks = await Promise.all(
    crashes.map(async (point) => {
      const injected: FaultCase['injected'][number][] = [];
      const task = await runScenario(stack, scenario, (taskId) => {
        const crash = stack.faults.crash({
          ...point,
          call: 1,
          times: 10,
          matching: mentions(taskId),
        });
        // If a first wait is over before its function has saved a token, the polls go on. And copied images are not
        // copied again.
        if (point.when === 'before' && point.function === 'workflow/poll-task')
          injected.push(crash);
      });
      const label = `${point.function}, ${point.callName}`;
      return { ...task, label, injected, allowedEnds: [completed] };
    }),
  );

  const { problems } = await auditFaultCases(stack, tasks);

  expect(problems).toEqual([]);
  expect(await auditMoney(stack)).toEqual([]);
  expect(tasks.map(({ id }) => startsOf(id).length)).toEqual(crashes.map(() => 1));
}, 300_000);

test.each(waiting)(
  'a task completes although %s is throttled for three minutes',
  async (name) => {
    const undo = redeploy(name, { reservedConcurrency: 0 });
    const task = await runScenario(stack, scenario);
    await stack.taskEvents.waitFor(task.id, ({ type }) => type === 'TaskFailed');
    await setTimeout((throttledSeconds * 1000) / speed);
    undo();

    expect(await problemsOf({ ...task, label: name, injected: [] })).toEqual([]);
  },
  300_000,
);

test.each(waiting)(
  'a task completes although %s is missing, in an execution that begins when there is one again',
  async (name) => {
    const undo = redeploy(name, undefined);
    const task = await runScenario(stack, scenario);
    await until(
      () => startsOf(task.id).length,
      (starts) => starts === 2,
    );
    await until(stack.isIdle, Boolean);
    undo();

    expect(await problemsOf({ ...task, label: name, injected: [] })).toEqual([]);
    expect(startsOf(task.id)).toHaveLength(3);
  },
  300_000,
);

test('executions that die one after the other are followed by more, with growing pauses', async () => {
  const undo = redeploy('workflow/poll-task', undefined);
  const task = await runScenario(stack, scenario);
  await stack.taskEvents.waitFor(task.id, isWaitingForProvider);
  const pauses: number[] = [];
  for (const count of [2, 3, 4, 5, 6, 7]) {
    await until(() => startsOf(task.id).length >= Math.min(count, 2), Boolean);
    await until(stack.isIdle, Boolean);
    const { execution, nextCheckAt } = await stack.taskItem(task.id);
    expect(execution).toBe(count + 1);
    pauses.push(Number(nextCheckAt) - stack.clock.now());
    stack.clock.advance(5 * 60_000);
    await stack.reconcile();
  }
  undo();

  const later = pauses.slice(-3); // shorter pauses may be mostly the time of the test itself
  expect(later).toEqual(later.toSorted((a, b) => a - b));
  expect(await problemsOf({ ...task, label: 'dying executions', injected: [] })).toEqual([]);
}, 300_000);

const outages = [
  {
    what: 'is busy',
    begin: () => stack.mockProvider.control({ poll: 'busy' }),
    end: () => stack.mockProvider.control({ poll: 'ok' }),
  },
  { what: 'cannot be connected to', begin: () => toProviders.close(), end: openProviders },
];

test.each(outages)(
  'a task completes although its provider $what from minute 3 to minute 20, past its deadline',
  async ({ what, begin, end }) => {
    stack.mockProvider.control({ ...scenario.provider, seconds: 4 * 60 });
    const task = await runScenario(stack, scenario);
    await stack.taskEvents.waitFor(task.id, isWaitingForProvider);
    stack.clock.advance(3 * minuteMs);
    await begin();
    for (let minute = 3; minute < 20; minute += 1) {
      stack.clock.advance(minuteMs);
      await stack.reconcile();
    }
    await setTimeout((30 * 1000) / speed); // some polls, long past the deadline
    expect(await stack.taskItem(task.id)).toMatchObject({ status: 'processing' });
    await end();

    expect(await problemsOf({ ...task, label: what, injected: [] })).toEqual([]);
    expect(startsOf(task.id)).toHaveLength(1);
  },
  300_000,
);
