import { DescribeExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { describe, expect, test } from 'vitest';
import { machineArn, world } from './world.ts';

const executionArn = (name: string) =>
  `${machineArn.replace(':stateMachine:', ':execution:')}:${name}`;

describe('a function of a workflow', () => {
  test('that dies is tried again by the name that AWS gives to it', async () => {
    const { start, heard, count, faults } = await world();
    const record = faults.record();
    faults.kill({ function: 'workflow/work', invocation: 1, call: 1, when: 'after' });
    await start('a', { taskId: 'a' });

    expect(await heard('/wait')).toHaveLength(1);
    expect(count('a', 'LambdaFunctionFailed')).toBe(1);
    expect(record).toEqual([
      { function: 'workflow/work', number: 1, calls: ['POST 127.0.0.1 /work'] },
      { function: 'workflow/work', number: 2, calls: ['POST 127.0.0.1 /work'] },
      { function: 'workflow/wait', number: 1, calls: ['POST 127.0.0.1 /wait'] },
    ]);
  });
});

describe('an execution', () => {
  test.each(['ABORTED', 'TIMED_OUT'] as const)(
    'ended from outside is %s, and whoever waits for bad ends is told',
    async (status) => {
      const { start, heard, wake, sfn, faults } = await world();
      await start('a', { taskId: 'a' });
      const [{ token }] = await heard('/wait');
      faults.endExecution('a', status);

      const described = await sfn.send(
        new DescribeExecutionCommand({ executionArn: executionArn('a') }),
      );
      expect(described.status).toBe(status);
      expect(await heard('/hear')).toEqual([
        {
          version: '0',
          id: expect.any(String),
          source: 'aws.states',
          'detail-type': 'Step Functions Execution Status Change',
          account: '000000000000',
          region: 'us-east-1',
          time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
          resources: [executionArn('a')],
          detail: expect.objectContaining({
            executionArn: executionArn('a'),
            stateMachineArn: machineArn,
            name: 'a',
            status,
            input: '{"taskId":"a"}',
            inputDetails: { included: true },
            output: null,
            startDate: described.startDate?.getTime(),
            stopDate: described.stopDate?.getTime(),
          }),
        },
      ]);
      await expect(wake(token)).rejects.toMatchObject({ name: 'TaskTimedOut' });
    },
  );

  test('that is stopped by the API is told of as well, with the reason', async () => {
    const { start, heard, sfn } = await world();
    await start('a');
    await heard('/wait');
    await sfn.send(
      new StopExecutionCommand({ executionArn: executionArn('a'), error: 'Enough', cause: 'x' }),
    );

    expect(await heard('/hear')).toMatchObject([
      { detail: { status: 'ABORTED', error: 'Enough', cause: 'x' } },
    ]);
  });

  test('that fails is told of, and one that starts or succeeds is not', async () => {
    const { start, heard, wake } = await world();
    await start('good');
    const [{ token }] = await heard('/wait');
    await wake(token);
    await start('bad', { fail: true });

    expect(await heard('/hear')).toMatchObject([
      { detail: { name: 'bad', status: 'FAILED', error: 'Error' } },
    ]);
  });

  test('ended from outside leaves what its state has begun to finish by itself', async () => {
    const { start, receiver, faults } = await world();
    await start('a', { again: true });
    await receiver.until(() => receiver.paths().includes('/work'));
    faults.endExecution('a', 'ABORTED');

    await receiver.until(() => receiver.paths().includes('/again'));
  });

  test('cannot be ended twice, nor when there is none', async () => {
    const { start, faults } = await world();
    await start('a');
    faults.endExecution('a', 'ABORTED');

    expect(() => faults.endExecution('a', 'TIMED_OUT')).toThrow('has ended: ABORTED');
    expect(() => faults.endExecution('b', 'ABORTED')).toThrow('There is no execution b');
  });

  test('keeps its name after its end, so what it was for goes on under another', async () => {
    const { start, heard, faults } = await world();
    await start('a', { taskId: 'a' });
    await heard('/wait');
    faults.endExecution('a', 'ABORTED');

    await expect(start('a', { taskId: 'a' })).rejects.toMatchObject({
      name: 'ExecutionAlreadyExists',
    });
    await start('a-2', { taskId: 'a' });
    expect(await heard('/wait', 2)).toHaveLength(2);
  });

  test('whose end nobody is told of has ended all the same', async () => {
    const { start, heard, faults } = await world();
    await start('a');
    await heard('/wait');
    const order = faults.event({ of: 'execution', fault: 'drop' });
    faults.endExecution('a', 'ABORTED');
    await start('b');
    await heard('/wait', 2);
    faults.endExecution('b', 'ABORTED');

    expect(await heard('/hear')).toMatchObject([{ detail: { name: 'b' } }]);
    expect(order.hasHappened()).toBe(true);
  });

  test('whose end is told twice has ended once', async () => {
    const { start, heard, count, faults } = await world();
    faults.event({ of: 'execution', fault: 'duplicate' });
    await start('a');
    await heard('/wait');
    faults.endExecution('a', 'ABORTED');

    expect(await heard('/hear', 2)).toHaveLength(2);
    expect(count('a', 'ExecutionAborted')).toBe(1);
  });

  test('that ends because the laptop does is told to nobody', async () => {
    const { start, heard, heardOn, close } = await world();
    await start('a');
    await heard('/wait');
    await close();

    expect(heardOn('/hear')).toEqual([]);
  });
});
