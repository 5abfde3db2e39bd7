import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { editTemplate } from '../flow/edit-template.ts';
import { mockProviderState, until } from '../flow/open-stack.ts';
import { auditMoney } from './audit.ts';
import { isWaitingForProvider, isWaitingForSlot } from './execution-events.ts';
import { auditFaultCases, type FaultCase, mentions } from './fault-case.ts';
import type { FaultStack } from './fault-stack.ts';
import { auditQueue, freeSlots, letTimePass, openQueueStack, takeAllSlots } from './queue-stack.ts';
import { runScenario } from './run-scenario.ts';
import { type SentTask, scenarioNamed, type TaskEnd } from './scenarios.ts';

// Tasks wait for the slots of a provider. Meanwhile wake-ups are lost or come twice, the tasks that have the slots die,
// and the deployment changes.

const scenario = scenarioNamed('a success by URL');
const slots = 2;

let stack: FaultStack;
let stopTime: () => Promise<void>;

const start = async (): Promise<void> => {
  stack = await openQueueStack(slots, { outdir: inject('outdir') });
  stack.mockProvider.control(scenario.provider);
};

/** Starts a task and waits until it waits for a slot. */
async function waitingTask(): Promise<SentTask> {
  const task = await runScenario(stack, scenario);
  await stack.taskEvents.waitFor(task.id, isWaitingForSlot);
  return task;
}

/** Waits until all of these tasks have ended. Returns the problems of the tasks, the queue and the account. */
async function problemsOf(
  tasks: readonly SentTask[],
  injected: FaultCase['injected'] = [],
  end: TaskEnd = scenario.end,
): Promise<readonly string[]> {
  const faultCases = tasks.map((task, index) => ({
    ...task,
    label: task.id,
    injected: index === 0 ? injected : [],
    allowedEnds: [end],
  }));
  const { problems } = await auditFaultCases(stack, faultCases);
  return [...problems, ...(await auditQueue(stack)), ...(await auditMoney(stack))];
}

const countOf = (id: string, state: string): number =>
  stack.taskEvents
    .ofTask(id)
    .filter((event) => event.state === state && event.type.endsWith('StateEntered')).length;

describe('a task that waits for a slot', () => {
  beforeAll(async () => {
    await start();
    stopTime = letTimePass(stack);
  });
  afterAll(async () => {
    await stopTime?.();
    await stack?.close();
  });
  beforeEach(async () => {
    await until(stack.isIdle, Boolean);
    expect(await auditQueue(stack)).toEqual([]);
  });

  /** Breaks the wake of a waiting task. */
  async function breakWake(id: string, fault: 'drop' | 'duplicate' | 'fail' | 'lose-response') {
    const { wakeToken } = await stack.taskItem(id);
    const times = fault === 'fail' || fault === 'lose-response' ? 3 : 1;
    return stack.faults.breakRequest({
      kind: 'task-token',
      fault,
      times,
      matching: mentions(String(wakeToken)),
    });
  }

  test.each([
    ['is lost', 'drop'],
    ['fails', 'fail'],
    ['comes twice', 'duplicate'],
    ['gets no response', 'lose-response'],
  ] as const)('is generated once when its wake %s', async (_what, fault) => {
    await takeAllSlots(stack, slots, { since: 'in a month' });
    const task = await waitingTask();
    const others = [await waitingTask(), await waitingTask()];
    const broken = await breakWake(task.id, fault);

    await freeSlots(stack, slots);

    expect(await problemsOf([task, ...others], [broken])).toEqual([]);
  });

  test('gets the slot of a holder that does not exist any more', async () => {
    await takeAllSlots(stack, slots, { since: 'now' });

    const tasks = [await waitingTask(), await waitingTask(), await waitingTask()];

    expect(await problemsOf(tasks)).toEqual([]);
  });

  test('gets the slot of a holder whose execution is aborted and whose event is lost', async () => {
    const holders = [await runScenario(stack, scenario), await runScenario(stack, scenario)];
    for (const { id } of holders) await stack.taskEvents.waitFor(id, isWaitingForProvider);
    const task = await waitingTask();
    for (const { id } of holders) {
      stack.faults.breakEvent({ source: 'execution', fault: 'drop', matching: mentions(id) });
      stack.faults.endExecution(id, 'ABORTED');
    }

    expect(await problemsOf([task, ...holders])).toEqual([]);
  });

  test('gets the slot of a holder that crashes between its outcome and its release', async () => {
    const holders = [await runScenario(stack, scenario), await runScenario(stack, scenario)];
    const crashes: FaultCase['injected'][number][] = [];
    for (const { id } of holders) {
      await stack.taskEvents.waitFor(id, isWaitingForProvider);
      crashes.push(
        stack.faults.crash({
          function: 'workflow/poll-task',
          callName: 'dynamodb UpdateItem',
          call: 2, // the first writes the outcome
          when: 'before',
          matching: mentions(id),
        }),
      );
    }
    const task = await waitingTask();

    expect(await problemsOf([task, ...holders], crashes)).toEqual([]);
  });

  test('keeps its place when its execution is aborted while it waits', async () => {
    await takeAllSlots(stack, slots, { since: 'in a month' });
    const task = await waitingTask();
    const later = await waitingTask();
    stack.faults.endExecution(task.id, 'ABORTED');
    await freeSlots(stack, slots);

    expect(await problemsOf([task, later])).toEqual([]);
  });
});

describe('a queue that gets no free slot', () => {
  const dayMs = 24 * 60 * 60 * 1000;
  const exhausted: TaskEnd = { status: 'failed', images: 0, code: 'resource_exhausted' };

  beforeEach(async () => {
    await start();
    return () => stack.close();
  });

  test('loses its tasks after a day: they fail and are refunded, and leave no row', async () => {
    await takeAllSlots(stack, slots, { since: 'in a month' });
    const tasks = [await waitingTask(), await waitingTask()];
    stack.clock.advance(dayMs / 2);
    await stack.reconcile();
    await until(stack.lambda.isIdle, Boolean);
    for (const { id } of tasks) expect(stack.taskEvents.isRunning(id)).toBe(true);

    stack.clock.advance(dayMs / 2);
    await stack.reconcileUntilDone(tasks.map(({ id }) => id));
    // The mark of the queue and the row of its flow go with the next free slot.
    await freeSlots(stack, slots);

    expect(await problemsOf(tasks, [], exhausted)).toEqual([]);
    expect((await mockProviderState(stack)).counts.submits).toBe(0);
  });
});

describe('a deployment', () => {
  const marker = 'This code is from the second deployment.';
  const deployments: string[] = [];

  /**
   * The same stack with other code, another definition and another capacity. It has to be made before the queue is full,
   * since jobs go on meanwhile.
   */
  function deploymentWith(running: number): string {
    const outdir = editTemplate(inject('outdir'), (resources) => {
      for (const resource of Object.values(resources)) {
        const text = JSON.stringify(resource)
          .replaceAll('{"Ref":"DashScopeCapacity"}', JSON.stringify(`running=${running}`))
          .replace(String.raw`\"StartAt\":\"PrepareInputs\"`, String.raw`\"StartAt\":\"Begin\"`)
          .replace(
            String.raw`\"States\":{`,
            String.raw`\"States\":{\"Begin\":{\"Type\":\"Pass\",\"Next\":\"PrepareInputs\"},`,
          );
        Object.assign(resource, JSON.parse(text));
      }
    });
    deployments.push(outdir);
    for (const bundle of globSync('asset.*/index.cjs', { cwd: outdir })) {
      const file = join(outdir, bundle);
      writeFileSync(file, `console.log('${marker}');\n${readFileSync(file, 'utf8')}`);
    }
    return outdir;
  }

  beforeEach(async () => {
    await start();
    stopTime = letTimePass(stack);
    return async () => {
      await stopTime();
      await stack.close();
    };
  });
  afterAll(() => {
    for (const outdir of deployments) rmSync(outdir, { recursive: true, force: true });
  });

  const usage = async () => (await mockProviderState(stack)).providers.dashscope.usage;
  const submitsAre = (count: number) =>
    until(
      async () => (await mockProviderState(stack)).counts.submits,
      (submits) => submits >= count,
    );
  /** How many of its jobs the provider generates at once; the others are pending. */
  const letGenerate = (running: number) =>
    stack.mockProvider.control({ capacity: { dashscope: { running } } });
  /** Two tasks whose jobs are at the provider, which generates nothing yet, and so many that wait. */
  async function fullQueue(waiting: number): Promise<readonly SentTask[]> {
    letGenerate(0);
    const first = [await runScenario(stack, scenario), await runScenario(stack, scenario)];
    for (const { id } of first) await stack.taskEvents.waitFor(id, isWaitingForProvider);
    const later = await Promise.all(Array.from({ length: waiting }, waitingTask));
    return [...first, ...later];
  }

  test('that raises the capacity fills the new slots, and every task that waited goes on by its own definition', async () => {
    const next = deploymentWith(5);
    const tasks = await fullQueue(6);
    stack.update(next);
    await stack.reconcile(); // as it does every minute
    await submitsAre(5);
    letGenerate(100);

    expect(await problemsOf(tasks)).toEqual([]);
    expect(tasks.map(({ id }) => countOf(id, 'Begin'))).toEqual(tasks.map(() => 0));
    expect(tasks.slice(2).every(({ id }) => countOf(id, 'AwaitSlot') > 0)).toBe(true);
    expect((await usage()).peakRunning).toBe(5);
  });

  test('that lowers the capacity takes no job back, and hands out no slot until there is room', async () => {
    const next = deploymentWith(1);
    const tasks = await fullQueue(4);
    stack.update(next);
    letGenerate(100);
    await submitsAre(3);
    await fetch(`${stack.mockProvider.url}/control/usage`, { method: 'DELETE' });

    expect(await problemsOf(tasks)).toEqual([]);
    expect((await usage()).peakRunning).toBe(1);
  });

  test('that stops a provider lets its queue wait, and the one that starts it again loses nobody', async () => {
    const [stopped, started] = [deploymentWith(0), deploymentWith(2)];
    const tasks = await fullQueue(3);
    stack.update(stopped);
    letGenerate(100);
    await until(
      () => tasks.filter(({ id }) => !stack.taskEvents.isRunning(id)).length,
      (ended) => ended === 2,
    );
    const waiting = tasks.slice(2);
    for (const { id } of waiting) expect(stack.taskEvents.isRunning(id)).toBe(true);
    expect((await mockProviderState(stack)).counts.submits).toBe(2);

    stack.update(started);

    expect(await problemsOf(tasks)).toEqual([]);
  });
});
