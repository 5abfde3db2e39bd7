import { expect, test } from 'vitest';
import {
  direct,
  failed,
  localStepFunctions,
  ok,
  tokenRecorder,
  waiting,
} from './local-step-functions.ts';

test('the history has every transition of an execution in order', async () => {
  const { tokens, keep } = tokenRecorder();
  const Catch = [{ ErrorEquals: ['States.Timeout'], ResultPath: null, Next: 'Ask' }];
  const { start, end, happened, wake, history } = await localStepFunctions(
    {
      StartAt: 'Prepare',
      States: {
        Prepare: { Type: 'Pass', Next: 'Await' },
        Await: { ...waiting, TimeoutSeconds: 1, Catch, Next: 'Ask' },
        Ask: { ...waiting, ResultPath: null, Next: 'Rest' },
        Rest: { Type: 'Wait', Seconds: 1, End: true },
      },
    },
    keep,
  );
  const { executionArn } = await start();
  await happened('TaskSubmitted', 2);
  await wake(tokens[1]);
  await end(executionArn);

  const events = await history(executionArn);

  const attempt = ['TaskScheduled', 'TaskStarted', 'TaskSubmitted'];
  expect(events.map(({ type }) => type)).toEqual([
    'ExecutionStarted',
    'PassStateEntered',
    'PassStateExited',
    'TaskStateEntered',
    ...attempt,
    'TaskTimedOut',
    'TaskStateExited',
    'TaskStateEntered',
    ...attempt,
    'TaskSucceeded',
    'TaskStateExited',
    'WaitStateEntered',
    'WaitStateExited',
    'ExecutionSucceeded',
  ]);
  expect(events.map(({ id }) => id)).toEqual(events.map((_, index) => index + 1));
});

test('the history has each attempt of a retried state, and why it failed', async () => {
  let calls = 0;
  const { start, end, history } = await localStepFunctions(
    {
      StartAt: 'Work',
      States: { Work: { ...direct, Retry: [{ ErrorEquals: ['Busy'] }], End: true } },
    },
    () => (++calls === 1 ? failed('Busy') : ok({ made: 1 })),
  );
  const { executionArn } = await start();
  await end(executionArn);

  const events = await history(executionArn);

  expect(events.map(({ type }) => type)).toEqual([
    'ExecutionStarted',
    'TaskStateEntered',
    'LambdaFunctionScheduled',
    'LambdaFunctionStarted',
    'LambdaFunctionFailed',
    'LambdaFunctionScheduled',
    'LambdaFunctionStarted',
    'LambdaFunctionSucceeded',
    'TaskStateExited',
    'ExecutionSucceeded',
  ]);
  expect(events[4]?.lambdaFunctionFailedEventDetails?.error).toBe('Busy');
  expect(events[8]?.stateExitedEventDetails).toMatchObject({ name: 'Work', output: '{"made":1}' });
});

test('onEvent gets the same events, with the names of the execution, the state and the error', async () => {
  const { start, end, events } = await localStepFunctions(
    { StartAt: 'Work', States: { Work: { ...direct, End: true } } },
    () => failed('Crash'),
  );
  const { executionArn } = await start({}, 'task-1');
  await end(executionArn);

  expect(events).toContainEqual({
    execution: 'task-1',
    type: 'TaskStateEntered',
    state: 'Work',
    error: undefined,
  });
  expect(events).toContainEqual({
    execution: 'task-1',
    type: 'LambdaFunctionFailed',
    state: 'Work',
    error: 'Crash',
  });
});
