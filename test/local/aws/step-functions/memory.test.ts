import { DescribeExecutionCommand, ListExecutionsCommand } from '@aws-sdk/client-sfn';
import { expect, test } from 'vitest';
import { newAttempt } from '../../../../local/aws/step-functions/attempt.ts';
import { taskTokens } from '../../../../local/aws/step-functions/task-tokens.ts';
import { localStepFunctions, machineArn } from './local-step-functions.ts';

const brief = { StartAt: 'Done', States: { Done: { Type: 'Succeed' } } };

test('only the latest ended executions are kept as a whole; of older ones only the status and the name stay', async () => {
  const { start, end, history, client } = await localStepFunctions(brief, undefined, {
    maxEnded: 2,
  });
  const arns: (string | undefined)[] = [];
  for (const name of ['a', 'b', 'c', 'd']) {
    const { executionArn } = await start({ name }, name);
    await end(executionArn);
    arns.push(executionArn);
  }
  const describe = (executionArn: string | undefined) =>
    client.send(new DescribeExecutionCommand({ executionArn }));

  const [oldest, , kept] = arns;
  const described = await describe(oldest);
  expect(described).toMatchObject({
    name: 'a',
    stateMachineArn: machineArn,
    status: 'SUCCEEDED',
    stopDate: expect.any(Date),
    inputDetails: { included: false },
    outputDetails: { included: false },
  });
  expect(described).not.toHaveProperty('input');
  expect(described).not.toHaveProperty('output');
  await expect(history(oldest)).rejects.toMatchObject({ name: 'ExecutionDoesNotExist' });
  await expect(start({ name: 'a' }, 'a')).rejects.toMatchObject({
    name: 'ExecutionAlreadyExists',
  });

  expect(await describe(kept)).toMatchObject({ input: '{"name":"c"}', output: '{"name":"c"}' });
  expect(await history(kept)).toHaveLength(4);
  const { executions } = await client.send(
    new ListExecutionsCommand({ stateMachineArn: machineArn }),
  );
  expect(executions?.map(({ name }) => name)).toEqual(['d', 'c', 'b', 'a']);
});

test('only the latest used task tokens are kept, and every token for which a state waits', () => {
  const tokens = taskTokens(2);
  const all = Array.from({ length: 4 }, () => {
    const token = tokens.create();
    const attempt = newAttempt();
    tokens.assign(token, attempt);
    return { token, attempt };
  });

  for (const { attempt } of all.slice(1)) attempt.succeed(null);

  const errors = all.map(({ token }) => {
    try {
      tokens.pendingAttempt(token);
      return 'pending';
    } catch (error) {
      return error;
    }
  });
  expect(errors).toMatchObject([
    'pending',
    { code: 'TaskDoesNotExist' },
    { code: 'TaskTimedOut' },
    { code: 'TaskTimedOut' },
  ]);
});

test('a machine that loops for ever ends at the longest history that AWS allows', async () => {
  const { start, client, events } = await localStepFunctions({
    StartAt: 'A',
    States: {
      A: { Type: 'Pass', Next: 'B' },
      B: {
        Type: 'Choice',
        Choices: [{ Variable: '$.stop', IsPresent: true, Next: 'Done' }],
        Default: 'A',
      },
      Done: { Type: 'Succeed' },
    },
  });

  const { executionArn } = await start();

  const describe = () => client.send(new DescribeExecutionCommand({ executionArn }));
  expect((await describe()).status).toBe('RUNNING'); // other requests are answered meanwhile
  await expect.poll(describe, { timeout: 30_000 }).toMatchObject({
    status: 'FAILED',
    error: 'States.Runtime',
    cause: expect.stringContaining('25000'),
  });
  expect(events).toHaveLength(25_000);
});
