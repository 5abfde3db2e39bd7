import {
  DescribeExecutionCommand,
  DescribeStateMachineCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { describe, expect, test } from 'vitest';
import {
  failed,
  localStepFunctions,
  machineArn,
  tokenRecorder,
  waiting,
} from './local-step-functions.ts';

const endless = { StartAt: 'Await', States: { Await: { ...waiting, End: true } } };
const brief = { StartAt: 'Done', States: { Done: { Type: 'Succeed' } } };

describe('a name', () => {
  test('started twice with the same input starts one execution', async () => {
    let time = Date.UTC(2030, 0, 1);
    const { start, types } = await localStepFunctions(endless, undefined, { now: () => time++ });

    const first = await start({ taskId: 'task-1' }, 'task-1');
    const second = await start({ taskId: 'task-1' }, 'task-1');

    expect(first.executionArn).toBe(
      'arn:aws:states:eu-central-1:000000000000:execution:Develop:task-1',
    );
    expect(second.executionArn).toBe(first.executionArn);
    expect(second.startDate).toEqual(first.startDate);
    expect(types().filter((type) => type === 'ExecutionStarted')).toHaveLength(1);
  });

  test('is in use for any other input, even if it differs only by a blank', async () => {
    const { start, client } = await localStepFunctions(endless);
    await start({ taskId: 'task-1' }, 'task-1');

    const second = client.send(
      new StartExecutionCommand({
        stateMachineArn: machineArn,
        name: 'task-1',
        input: '{"taskId": "task-1"}',
      }),
    );

    await expect(second).rejects.toMatchObject({
      name: 'ExecutionAlreadyExists',
      $metadata: { httpStatusCode: 400 },
    });
  });

  test('is in use for ever once its execution has ended', async () => {
    const { start, end } = await localStepFunctions(brief);
    const { executionArn } = await start({}, 'task-1');
    await end(executionArn);

    await expect(start({}, 'task-1')).rejects.toMatchObject({ name: 'ExecutionAlreadyExists' });
  });

  test('is generated when none is given', async () => {
    const { start } = await localStepFunctions(brief);

    const arns = [await start(), await start()].map(({ executionArn }) => executionArn);

    expect(new Set(arns).size).toBe(2);
  });

  test.each(['a task', 'task:1', 'task/1', 'task[1]', 'task\n', '🦆'])(
    'cannot be %j',
    async (name) => {
      const { start } = await localStepFunctions(brief);

      await expect(start({}, name)).rejects.toMatchObject({ name: 'InvalidName' });
    },
  );

  test('has at most 80 characters', async () => {
    const { start } = await localStepFunctions(brief);

    await expect(start({}, 'a'.repeat(80))).resolves.toBeDefined();
    await expect(start({}, 'a'.repeat(81))).rejects.toMatchObject({ name: 'ValidationException' });
  });
});

test('an input that is not JSON is rejected, and so is an unknown machine', async () => {
  const { client } = await localStepFunctions(brief);
  const start = (stateMachineArn: string, input: string) =>
    client.send(new StartExecutionCommand({ stateMachineArn, input }));

  await expect(start(machineArn, '{')).rejects.toMatchObject({ name: 'InvalidExecutionInput' });
  await expect(start(`${machineArn}2`, '{}')).rejects.toMatchObject({
    name: 'StateMachineDoesNotExist',
  });
});

test('an execution that takes longer than its machine allows times out', async () => {
  const { tokens, keep } = tokenRecorder();
  const { start, end, wake, history } = await localStepFunctions(
    { ...endless, TimeoutSeconds: 20 },
    keep,
  );

  const { executionArn } = await start();

  const described = await end(executionArn);
  expect(described).toMatchObject({ status: 'TIMED_OUT', stopDate: expect.any(Date) });
  expect(described).not.toHaveProperty('error');
  expect((await history(executionArn)).at(-1)).toMatchObject({
    type: 'ExecutionTimedOut',
    executionTimedOutEventDetails: { error: 'States.Timeout' },
  });
  await expect(wake(tokens[0])).rejects.toMatchObject({ name: 'TaskTimedOut' });
});

test('an execution that is stopped is aborted, and its token is no longer valid', async () => {
  const { tokens, keep } = tokenRecorder();
  const { start, end, wake, happened, client } = await localStepFunctions(endless, keep);
  const { executionArn } = await start();
  await happened('TaskSubmitted');

  await client.send(new StopExecutionCommand({ executionArn, error: 'Enough', cause: 'of it' }));

  expect(await end(executionArn)).toMatchObject({
    status: 'ABORTED',
    error: 'Enough',
    cause: 'of it',
  });
  await expect(wake(tokens[0])).rejects.toMatchObject({ name: 'TaskTimedOut' });
});

test('an execution that is stopped between two attempts makes no further attempt', async () => {
  const Retry = [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 3600 }];
  let calls = 0;
  const { start, end, happened, client } = await localStepFunctions(
    { StartAt: 'Await', States: { Await: { ...waiting, Retry, End: true } } },
    () => {
      calls += 1;
      return failed('Busy');
    },
  );
  const { executionArn } = await start();
  await happened('TaskFailed');

  await client.send(new StopExecutionCommand({ executionArn }));

  expect((await end(executionArn)).status).toBe('ABORTED');
  expect(calls).toBe(1);
});

test('a running execution is described without a stop date', async () => {
  const { start, client } = await localStepFunctions(endless);
  const { executionArn } = await start({ taskId: 'task-1' }, 'task-1');

  const described = await client.send(new DescribeExecutionCommand({ executionArn }));

  expect(described).toMatchObject({
    name: 'task-1',
    stateMachineArn: machineArn,
    status: 'RUNNING',
    input: '{"taskId":"task-1"}',
    startDate: expect.any(Date),
  });
  expect(described).not.toHaveProperty('stopDate');
  await expect(
    client.send(new DescribeExecutionCommand({ executionArn: `${executionArn}2` })),
  ).rejects.toMatchObject({ name: 'ExecutionDoesNotExist' });
});

test('executions of a machine are listed by status, page by page, the latest first', async () => {
  const { start, client } = await localStepFunctions(endless);
  for (const name of ['a', 'b', 'c']) await start({}, name);
  const stopped = await start({}, 'd');
  await client.send(new StopExecutionCommand({ executionArn: stopped.executionArn }));
  const list = (nextToken?: string) =>
    client.send(
      new ListExecutionsCommand({
        stateMachineArn: machineArn,
        statusFilter: 'RUNNING',
        maxResults: 2,
        nextToken,
      }),
    );

  const first = await list();
  const second = await list(first.nextToken);

  const names = [first, second].map((page) => page.executions?.map(({ name }) => name));
  expect(names).toEqual([['c', 'b'], ['a']]);
  expect(second.nextToken).toBeUndefined();
});

test('a machine is described with its definition', async () => {
  const { client } = await localStepFunctions(brief);

  const machine = await client.send(
    new DescribeStateMachineCommand({ stateMachineArn: machineArn }),
  );

  expect(machine).toMatchObject({ name: 'Develop', status: 'ACTIVE', type: 'STANDARD' });
  expect(JSON.parse(machine.definition ?? '')).toEqual(brief);
});

test('an operation that is not emulated is rejected by name', async () => {
  const { client } = await localStepFunctions(brief);

  await expect(client.send(new ListStateMachinesCommand({}))).rejects.toMatchObject({
    name: 'UnknownOperationException',
  });
});
