import { SendTaskFailureCommand, SendTaskHeartbeatCommand } from '@aws-sdk/client-sfn';
import { expect, test } from 'vitest';
import { failed, lambdaArn, tokenKeeper, waiting, world } from './world.ts';

const single = (state: object = {}) => ({
  StartAt: 'Await',
  States: { Await: { ...waiting, ...state, End: true } },
});

test('waits until the token comes back, and goes on with what came with it', async () => {
  const { tokens, keep } = tokenKeeper();
  const { start, end, happened, wake } = await world(single(), keep);
  const { executionArn } = await start();
  await happened('TaskSubmitted');

  await wake(tokens[0], { woken: true });

  expect(await end(executionArn)).toMatchObject({ status: 'SUCCEEDED', output: '{"woken":true}' });
});

test('a function may wake its own state before it has answered', async () => {
  const { start, end, wake } = await world(single(), async ({ token }) => {
    await wake(token, 'early');
    return failed('TooLate');
  });

  const { executionArn } = await start();

  expect(await end(executionArn)).toMatchObject({ status: 'SUCCEEDED', output: '"early"' });
});

test('the error of the function ends the wait at once', async () => {
  const { start, end, types } = await world(single(), () => failed('Crash'));

  const { executionArn } = await start();

  expect(await end(executionArn)).toMatchObject({ status: 'FAILED', error: 'Crash' });
  expect(types()).not.toContain('TaskSubmitted');
});

test('a failure caught into the same state waits again, with another token', async () => {
  const { tokens, keep } = tokenKeeper();
  const Catch = [{ ErrorEquals: ['AskAgain'], ResultPath: null, Next: 'Await' }];
  const { start, end, happened, wake, client } = await world(single({ Catch }), keep);
  const { executionArn } = await start();
  await happened('TaskSubmitted');

  await client.send(
    new SendTaskFailureCommand({ taskToken: tokens[0], error: 'AskAgain', cause: 'news' }),
  );
  await happened('TaskSubmitted', 2);
  await wake(tokens[1]);

  expect((await end(executionArn)).status).toBe('SUCCEEDED');
  expect(new Set(tokens).size).toBe(2);
});

test('a failure that nothing catches fails the execution under its name', async () => {
  const { tokens, keep } = tokenKeeper();
  const { start, end, happened, client } = await world(single(), keep);
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

test('times out after what the state was given, not after what it makes of that', async () => {
  const TimeoutSecondsPath = '$.waitSeconds';
  const Catch = [{ ErrorEquals: ['States.Timeout'], ResultPath: '$.error', Next: 'Poll' }];
  const { start, end, history } = await world({
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
  const { start, end } = await world(single({ TimeoutSecondsPath: '$.waitSeconds' }));

  const { executionArn } = await start({ waitSeconds });

  expect(await end(executionArn)).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
});

test('States.TaskFailed does not stand for a timeout', async () => {
  const Catch = [
    { ErrorEquals: ['States.TaskFailed'], Next: 'Wrong' },
    { ErrorEquals: ['States.Timeout'], Next: 'Right' },
  ];
  const { start, end, seen } = await world({
    StartAt: 'Await',
    States: {
      Await: { ...waiting, TimeoutSeconds: 1, Catch, End: true },
      Wrong: { Type: 'Pass', End: true },
      Right: { Type: 'Pass', End: true },
    },
  });

  const { executionArn } = await start();
  await end(executionArn);

  expect(seen.map(({ state }) => state)).toContain('Right');
});

test('a token may be heard from more than once while it waits, but used only once', async () => {
  const { tokens, keep } = tokenKeeper();
  const { start, end, happened, wake, client } = await world(single(), keep);
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

test('the token of an attempt that timed out is stale', async () => {
  const { tokens, keep } = tokenKeeper();
  const { start, end, wake } = await world(single({ TimeoutSeconds: 1 }), keep);
  const { executionArn } = await start();
  await end(executionArn);

  await expect(wake(tokens[0])).rejects.toMatchObject({ name: 'TaskTimedOut' });
});

test('a token that was never issued is refused', async () => {
  const { wake } = await world(single());

  await expect(wake('made up')).rejects.toMatchObject({ name: 'InvalidToken' });
  await expect(wake('A'.repeat(128))).rejects.toMatchObject({ name: 'TaskDoesNotExist' });
});

test('an output that is not JSON is refused, and the state goes on waiting', async () => {
  const { tokens, keep } = tokenKeeper();
  const { start, end, happened, wake, send } = await world(single(), keep);
  const { executionArn } = await start();
  await happened('TaskSubmitted');

  await expect(send(tokens[0], 'no JSON')).rejects.toMatchObject({ name: 'InvalidOutput' });
  await wake(tokens[0]);

  expect((await end(executionArn)).status).toBe('SUCCEEDED');
});

test('every attempt has a token of its own, which a path can be part of', async () => {
  const { tokens, keep } = tokenKeeper();
  const { start, end } = await world(
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
