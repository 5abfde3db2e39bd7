import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { auditMoney, auditTasks } from './audit.ts';
import { type FaultStack, openFaultStack } from './fault-stack.ts';
import { mapConcurrently, runScenario, waitForExecution } from './run-scenario.ts';
import { sample } from './sample.ts';
import { completed, scenarioNamed } from './scenarios.ts';

// Calls to DynamoDB take their time here, so those of several tasks overlap, and transactions on their account conflict.

const scenario = scenarioNamed('a success by URL');
const tasksAtATime = 4;

let stack: FaultStack;

beforeAll(async () => {
  stack = await openFaultStack({
    outdir: inject('outdir'),
    // About what AWS takes.
    dynamoDbLatency: { read: 4, write: 5, transaction: 15 },
  });
  stack.mockProvider.control(scenario.provider);
});
afterAll(() => stack?.close());

test('tasks of one account whose transactions conflict end once', async () => {
  const each = sample(Array.from({ length: 40 }));
  const tasks = await mapConcurrently(tasksAtATime, each, async () => {
    const task = await runScenario(stack, scenario);
    await waitForExecution(stack, task.id);
    return { ...task, allowedEnds: [completed] };
  });

  await stack.reconcileUntilDone(tasks.map(({ id }) => id));
  expect((await auditTasks(stack, tasks)).flat()).toEqual([]);
  expect(await auditMoney(stack)).toEqual([]);
}, 300_000);
