import { DescribeExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { describe, expect, test } from 'vitest';
import { machineArn, runningStack } from './running-stack.ts';

const executionArn = (name: string) =>
  `${machineArn.replace(':stateMachine:', ':execution:')}:${name}`;

describe('a function of a workflow', () => {
  test('that crashes is retried by the error name that AWS uses', async () => {
    const { start, requestsTo, count, faults } = await runningStack();
    const record = faults.record();
    faults.crash({ function: 'workflow/work', invocation: 1, call: 1, when: 'after' });
    await start('a', { taskId: 'a' });

    expect(await requestsTo('/wait')).toHaveLength(1);
    expect(count('a', 'LambdaFunctionFailed')).toBe(1);
    expect(record).toMatchObject([
      { function: 'workflow/work', number: 1, calls: ['POST 127.0.0.1 /work'], depths: [1] },
      { function: 'workflow/work', number: 2, calls: ['POST 127.0.0.1 /work'], depths: [1] },
      { function: 'workflow/wait', number: 1, calls: ['POST 127.0.0.1 /wait'], depths: [1] },
    ]);
  });
});

describe('an execution', () => {
  test.each(['ABORTED', 'TIMED_OUT'] as const)(
    'ended from outside is %s, and the rule for failed executions gets an event',
    async (status) => {
      const { start, requestsTo, wake, sfn, faults } = await runningStack();
      await start('a', { taskId: 'a' });
      const [{ token }] = await requestsTo('/wait');
      faults.endExecution('a', status);

      const described = await sfn.send(
        new DescribeExecutionCommand({ executionArn: executionArn('a') }),
      );
      expect(described.status).toBe(status);
      expect(await requestsTo('/event')).toEqual([
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

  test('that is stopped by the API sends an event with the reason', async () => {
    const { start, requestsTo, sfn } = await runningStack();
    await start('a');
    await requestsTo('/wait');
    await sfn.send(
      new StopExecutionCommand({ executionArn: executionArn('a'), error: 'Enough', cause: 'x' }),
    );

    expect(await requestsTo('/event')).toMatchObject([
      { detail: { status: 'ABORTED', error: 'Enough', cause: 'x' } },
    ]);
  });

  test('that fails matches the rule, and one that starts or succeeds does not', async () => {
    const { start, requestsTo, wake } = await runningStack();
    await start('good');
    const [{ token }] = await requestsTo('/wait');
    await wake(token);
    await start('bad', { fail: true });

    expect(await requestsTo('/event')).toMatchObject([
      { detail: { name: 'bad', status: 'FAILED', error: 'Error' } },
    ]);
  });

  test('ended from outside lets the function that its state has called run to its end', async () => {
    const { start, receiver, faults } = await runningStack();
    await start('a', { callTwice: true });
    await receiver.until(() => receiver.paths().includes('/work'));
    faults.endExecution('a', 'ABORTED');

    await receiver.until(() => receiver.paths().includes('/second'));
  });

  test('cannot be ended twice, nor when it does not exist', async () => {
    const { start, faults } = await runningStack();
    await start('a');
    faults.endExecution('a', 'ABORTED');

    expect(() => faults.endExecution('a', 'TIMED_OUT')).toThrow('has ended: ABORTED');
    expect(() => faults.endExecution('b', 'ABORTED')).toThrow('There is no execution b');
  });

  test('that has ended still occupies its name, so a new one needs another name', async () => {
    const { start, requestsTo, faults } = await runningStack();
    await start('a', { taskId: 'a' });
    await requestsTo('/wait');
    faults.endExecution('a', 'ABORTED');

    await expect(start('a', { taskId: 'a' })).rejects.toMatchObject({
      name: 'ExecutionAlreadyExists',
    });
    await start('a-2', { taskId: 'a' });
    expect(await requestsTo('/wait', 2)).toHaveLength(2);
  });

  test('has ended even when the event of its end is dropped', async () => {
    const { start, requestsTo, faults } = await runningStack();
    await start('a');
    await requestsTo('/wait');
    const fault = faults.breakEvent({ source: 'execution', fault: 'drop' });
    faults.endExecution('a', 'ABORTED');
    await start('b');
    await requestsTo('/wait', 2);
    faults.endExecution('b', 'ABORTED');

    expect(await requestsTo('/event')).toMatchObject([{ detail: { name: 'b' } }]);
    expect(fault.hasHappened()).toBe(true);
  });

  test('has ended once even when the event of its end is duplicated', async () => {
    const { start, requestsTo, count, faults } = await runningStack();
    faults.breakEvent({ source: 'execution', fault: 'duplicate' });
    await start('a');
    await requestsTo('/wait');
    faults.endExecution('a', 'ABORTED');

    expect(await requestsTo('/event', 2)).toHaveLength(2);
    expect(count('a', 'ExecutionAborted')).toBe(1);
  });

  test('that ends because the stack is closed sends no event', async () => {
    const { start, requestsTo, requestsSoFar, close } = await runningStack();
    await start('a');
    await requestsTo('/wait');
    await close();

    expect(requestsSoFar('/event')).toEqual([]);
  });
});
