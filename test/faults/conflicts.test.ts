import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { issueKey } from '../../local/local-keys.ts';
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
    // About the latency of AWS.
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

test('fifty creates at once on a fresh account with 100 credits are fifty tasks, each at its first request', async () => {
  const { api_key } = await issueKey(stack, { account: 'crowd', name: 'crowd', credits: 100 });
  const authorization = `Bearer ${api_key}`;
  const body = { prompt: 'Replace the sky', image_uploads: [{ content_type: 'image/png' }] };

  const created = await Promise.all(
    Array.from({ length: 50 }, () =>
      stack.call('POST', '/v1/images/generations', body, { authorization }),
    ),
  );
  const credits = await stack.call('GET', '/v1/credits', undefined, { authorization });

  expect(created.map(({ status }) => status)).toEqual(Array(50).fill(200));
  expect(new Set(created.map(({ body: { id } }) => id)).size).toBe(50);
  expect(credits.body.data.user).toEqual({ remaining_credits: 40, used_credits: 0 });
}, 300_000);
