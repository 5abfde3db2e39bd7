import { setImmediate } from 'node:timers/promises';
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { expect, test } from 'vitest';
import { direct, localStepFunctions, ok, tokenRecorder, waiting } from './local-step-functions.ts';

const each = (state: object, MaxConcurrency?: number) => ({
  StartAt: 'Each',
  States: {
    Each: {
      Type: 'Map',
      MaxConcurrency,
      ItemProcessor: { StartAt: 'Item', States: { Item: { ...state, End: true } } },
      End: true,
    },
  },
});

test.each([
  [1, 1],
  [3, 3],
  [0, 40],
  [100, 40],
])('with a MaxConcurrency of %i, %i iterations run at a time', async (maxConcurrency, most) => {
  let [running, highest] = [0, 0];
  const { start, end } = await localStepFunctions(
    each(direct, maxConcurrency),
    async ({ steps }) => {
      running += 1;
      highest = Math.max(highest, running);
      for (let turn = 0; turn < 20; turn += 1) await setImmediate();
      running -= 1;
      return ok(steps * 2);
    },
  );
  const items = Array.from({ length: 50 }, (_, index) => ({ steps: index }));

  const { executionArn } = await start(items);

  const { output = '' } = await end(executionArn);
  expect(JSON.parse(output)).toEqual(items.map(({ steps }) => steps * 2));
  expect(highest).toBe(most);
});

test('items that are no array fail the execution', async () => {
  const { start, end } = await localStepFunctions(each({ Type: 'Pass' }));

  const { executionArn } = await start({ items: [] });

  expect(await end(executionArn)).toMatchObject({
    error: 'States.Runtime',
    cause: expect.stringContaining('are not an array'),
  });
});

test('every iteration has a token of its own, and none is valid once the execution is stopped', async () => {
  const { tokens, keep } = tokenRecorder();
  const { start, end, happened, wake, client } = await localStepFunctions(each(waiting), keep);
  const { executionArn } = await start([1, 2]);
  await happened('TaskSubmitted', 2);
  await wake(tokens[0]);
  await happened('MapIterationSucceeded');

  await client.send(new StopExecutionCommand({ executionArn }));

  expect((await end(executionArn)).status).toBe('ABORTED');
  expect(new Set(tokens).size).toBe(2);
  await expect(wake(tokens[1])).rejects.toMatchObject({ name: 'TaskTimedOut' });
});
