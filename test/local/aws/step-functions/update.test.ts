import {
  DescribeExecutionCommand,
  DescribeStateMachineCommand,
  type SFNClient,
} from '@aws-sdk/client-sfn';
import { expect, test } from 'vitest';
import { localStepFunctions, machineArn, tokenRecorder, waiting } from './local-step-functions.ts';

const before = {
  StartAt: 'Await',
  States: {
    Await: { ...waiting, Next: 'Before' },
    Before: { Type: 'Pass', Result: 'before', End: true },
  },
};
const after = {
  StartAt: 'After',
  States: { After: { Type: 'Pass', Result: 'after', End: true } },
};

const deployed = async (client: SFNClient) => {
  const { definition = '', ...machine } = await client.send(
    new DescribeStateMachineCommand({ stateMachineArn: machineArn }),
  );
  return { ...machine, definition: JSON.parse(definition) };
};

test('after an update new executions have the new definition, and running ones keep theirs', async () => {
  const { tokens, keep } = tokenRecorder();
  let time = Date.UTC(2030, 0, 1);
  const { start, end, wake, happened, update, client } = await localStepFunctions(before, keep, {
    now: () => (time += 1000),
  });
  const { creationDate } = await deployed(client);
  const running = await start({}, 'running');
  await happened('TaskSubmitted');

  update(after);

  const started = await start({}, 'started');
  expect((await end(started.executionArn)).output).toBe('"after"');
  await wake(tokens[0]);
  expect((await end(running.executionArn)).output).toBe('"before"');
  expect(await deployed(client)).toMatchObject({ definition: after, creationDate });
});

test('an update with a machine that is not supported changes nothing', async () => {
  const { update, client, start, end } = await localStepFunctions(after);

  expect(() =>
    update({ StartAt: 'A', States: { A: { Type: 'Parallel', Branches: [], End: true } } }),
  ).toThrow('the state type Parallel is not supported');

  expect((await deployed(client)).definition).toEqual(after);
  const { executionArn } = await start();
  expect((await end(executionArn)).output).toBe('"after"');
});

test('a machine that an update removes is gone, and its executions go on', async () => {
  const { tokens, keep } = tokenRecorder();
  const { start, end, wake, happened, remove, client } = await localStepFunctions(before, keep);
  const { executionArn } = await start();
  await happened('TaskSubmitted');

  remove();

  await expect(start()).rejects.toMatchObject({ name: 'StateMachineDoesNotExist' });
  await expect(deployed(client)).rejects.toMatchObject({ name: 'StateMachineDoesNotExist' });
  const { status } = await client.send(new DescribeExecutionCommand({ executionArn }));
  expect(status).toBe('RUNNING');
  await wake(tokens[0]);
  expect((await end(executionArn)).status).toBe('SUCCEEDED');
});
