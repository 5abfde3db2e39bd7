import { SendTaskFailureCommand, SendTaskHeartbeatCommand } from '@aws-sdk/client-sfn';
import { describe, expect, test } from 'vitest';
import {
  failed,
  lambdaArn,
  localStepFunctions,
  tokenRecorder,
  waiting,
} from './local-step-functions.ts';

const single = (state: object = {}) => ({
  StartAt: 'Await',
  States: { Await: { ...waiting, ...state, End: true } },
});

test('a state waits until its token is returned, and goes on with the output', async () => {
  const { tokens, keep } = tokenRecorder();
  const { start, end, happened, wake } = await localStepFunctions(single(), keep);
  const { executionArn } = await start();
  await happened('TaskSubmitted');

  await wake(tokens[0], { woken: true });

  expect(await end(executionArn)).toMatchObject({ status: 'SUCCEEDED', output: '{"woken":true}' });
});

test('a function may return the token of its own state before it returns', async () => {
  const { start, end, wake } = await localStepFunctions(single(), async ({ token }) => {
    await wake(token, 'early');
    return failed('TooLate');
  });

  const { executionArn } = await start();

  expect(await end(executionArn)).toMatchObject({ status: 'SUCCEEDED', output: '"early"' });
});

test('an error of the function ends the wait at once', async () => {
  const { start, end, types } = await localStepFunctions(single(), () => failed('Crash'));

  const { executionArn } = await start();

  expect(await end(executionArn)).toMatchObject({ status: 'FAILED', error: 'Crash' });
  expect(types()).not.toContain('TaskSubmitted');
});

test('a failure that is caught into the same state waits again, with another token', async () => {
  const { tokens, keep } = tokenRecorder();
  const Catch = [{ ErrorEquals: ['Woken'], ResultPath: null, Next: 'Await' }];
  const { start, end, happened, wake, client } = await localStepFunctions(single({ Catch }), keep);
  const { executionArn } = await start();
  await happened('TaskSubmitted');

  await client.send(
    new SendTaskFailureCommand({ taskToken: tokens[0], error: 'Woken', cause: 'a webhook' }),
  );
  await happened('TaskSubmitted', 2);
  await wake(tokens[1]);

  expect((await end(executionArn)).status).toBe('SUCCEEDED');
  expect(new Set(tokens).size).toBe(2);
});

test('a failure that is not caught fails the execution with its name', async () => {
  const { tokens, keep } = tokenRecorder();
  const { start, end, happened, client } = await localStepFunctions(single(), keep);
  const { executionArn } = await start();
  await happened('TaskSubmitted');

  await client.send(
    new SendTaskFailureCommand({ taskToken: tokens[0], error: 'Refused', cause: 'why' }),
  );

  expect(await end(executionArn)).toMatchObject({
    status: 'FAILED',
    error: 'Refused',
    cause: 'why',
  });
});

test('TimeoutSecondsPath is evaluated on the input of the state, not on its Parameters', async () => {
  const TimeoutSecondsPath = '$.waitSeconds';
  const Catch = [{ ErrorEquals: ['States.Timeout'], ResultPath: '$.error', Next: 'Poll' }];
  const { start, end, history } = await localStepFunctions({
    StartAt: 'Await',
    States: {
      Await: { ...waiting, TimeoutSecondsPath, Catch, Next: 'Poll' },
      Poll: { Type: 'Pass', End: true },
    },
  });

  const { executionArn } = await start({ waitSeconds: 7 });

  const { output = '' } = await end(executionArn);
  expect(JSON.parse(output)).toEqual({
    waitSeconds: 7,
    error: { Error: 'States.Timeout', Cause: '' },
  });
  const scheduled = (await history(executionArn)).find(({ type }) => type === 'TaskScheduled');
  expect(scheduled?.taskScheduledEventDetails?.timeoutInSeconds).toBe(7);
});

test.each([0, 1.5, '7', undefined])('a timeout of %j fails the execution', async (waitSeconds) => {
  const { start, end } = await localStepFunctions(single({ TimeoutSecondsPath: '$.waitSeconds' }));

  const { executionArn } = await start({ waitSeconds });

  expect(await end(executionArn)).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
});

describe('a state with a heartbeat', () => {
  const Catch = [
    { ErrorEquals: ['States.HeartbeatTimeout'], ResultPath: '$.error', Next: 'Silent' },
  ];
  const machine = (heartbeat: object) => ({
    StartAt: 'Await',
    States: {
      Await: { ...waiting, ...heartbeat, Catch, End: true },
      Silent: { Type: 'Pass', End: true },
    },
  });

  test.each([
    ['HeartbeatSeconds', { HeartbeatSeconds: 7, TimeoutSeconds: 3600 }],
    ['HeartbeatSecondsPath', { HeartbeatSecondsPath: '$.seconds' }],
  ])('fails when no heartbeat comes within %s', async (_, heartbeat) => {
    const { start, end, history } = await localStepFunctions(machine(heartbeat));

    const { executionArn } = await start({ seconds: 7 });

    const { output = '' } = await end(executionArn);
    expect(JSON.parse(output)).toMatchObject({ error: { Error: 'States.HeartbeatTimeout' } });
    const events = await history(executionArn);
    const scheduled = events.find(({ type }) => type === 'TaskScheduled');
    const timedOut = events.find(({ type }) => type === 'TaskTimedOut');
    expect(scheduled?.taskScheduledEventDetails?.heartbeatInSeconds).toBe(7);
    expect(timedOut?.taskTimedOutEventDetails?.error).toBe('States.HeartbeatTimeout');
  });
});

test('States.TaskFailed does not match a timeout', async () => {
  const Catch = [
    { ErrorEquals: ['States.TaskFailed'], Next: 'Wrong' },
    { ErrorEquals: ['States.Timeout'], Next: 'Right' },
  ];
  const { start, end, events } = await localStepFunctions({
    StartAt: 'Await',
    States: {
      Await: { ...waiting, TimeoutSeconds: 1, Catch, End: true },
      Wrong: { Type: 'Pass', End: true },
      Right: { Type: 'Pass', End: true },
    },
  });

  const { executionArn } = await start();
  await end(executionArn);

  expect(events.map(({ state }) => state)).toContain('Right');
});

test('a token can send several heartbeats, but can be used only once', async () => {
  const { tokens, keep } = tokenRecorder();
  const { start, end, happened, wake, client } = await localStepFunctions(single(), keep);
  const { executionArn } = await start();
  await happened('TaskSubmitted');
  const beat = () => client.send(new SendTaskHeartbeatCommand({ taskToken: tokens[0] }));

  await beat();
  await beat();
  await wake(tokens[0]);
  await end(executionArn);

  await expect(wake(tokens[0])).rejects.toMatchObject({ name: 'TaskTimedOut' });
  await expect(beat()).rejects.toMatchObject({ name: 'TaskTimedOut' });
});

test('the token of an attempt that timed out is no longer valid', async () => {
  const { tokens, keep } = tokenRecorder();
  const { start, end, wake } = await localStepFunctions(single({ TimeoutSeconds: 1 }), keep);
  const { executionArn } = await start();
  await end(executionArn);

  await expect(wake(tokens[0])).rejects.toMatchObject({ name: 'TaskTimedOut' });
});

test('a token that was never issued is rejected', async () => {
  const { wake } = await localStepFunctions(single());

  await expect(wake('made up')).rejects.toMatchObject({ name: 'InvalidToken' });
  await expect(wake('A'.repeat(128))).rejects.toMatchObject({ name: 'TaskDoesNotExist' });
});

test('an output that is not JSON is rejected, and the state goes on waiting', async () => {
  const { tokens, keep } = tokenRecorder();
  const { start, end, happened, wake, send } = await localStepFunctions(single(), keep);
  const { executionArn } = await start();
  await happened('TaskSubmitted');

  await expect(send(tokens[0], 'no JSON')).rejects.toMatchObject({ name: 'InvalidOutput' });
  await wake(tokens[0]);

  expect((await end(executionArn)).status).toBe('SUCCEEDED');
});

test('every attempt has its own token, also inside a text of the Parameters', async () => {
  const { tokens, keep } = tokenRecorder();
  const { start, end } = await localStepFunctions(
    single({
      Parameters: {
        FunctionName: lambdaArn,
        Payload: { 'token.$': "States.Format('{}/{}', $$.Task.Token, $$.Task.Token)" },
      },
      Retry: [{ ErrorEquals: ['Busy'], MaxAttempts: 1 }],
    }),
    (given) => {
      keep(given);
      return failed('Busy');
    },
  );

  const { executionArn } = await start();
  await end(executionArn);

  const halves = tokens.flatMap((token) => token.split('/'));
  expect(halves).toHaveLength(4);
  expect(new Set(halves).size).toBe(2);
});
