import { expect, test } from 'vitest';
import { direct, failed, lambdaArn, localStepFunctions, ok } from './local-step-functions.ts';

const single = (state: object = {}) => ({
  StartAt: 'Work',
  States: { Work: { ...direct, ...state, End: true } },
});

const guarded = (state: object) => ({
  StartAt: 'Work',
  States: { Work: { ...direct, ...state, End: true }, Settle: { Type: 'Pass', End: true } },
});

test('the result of a function is the input of the next state', async () => {
  const machine = {
    StartAt: 'First',
    States: { First: { ...direct, Next: 'Second' }, Second: { ...direct, End: true } },
  };
  const { start, end } = await localStepFunctions(machine, ({ steps }) => ok({ steps: steps + 1 }));

  const { executionArn } = await start();

  expect(await end(executionArn)).toMatchObject({ status: 'SUCCEEDED', output: '{"steps":2}' });
});

test('a ResultPath of null keeps the input', async () => {
  const { start, end } = await localStepFunctions(single({ ResultPath: null }), () =>
    ok('forgotten'),
  );

  const { executionArn } = await start({ taskId: 'task-1' });

  expect((await end(executionArn)).output).toBe('{"taskId":"task-1"}');
});

test('a function that returns nothing gives null to the next state', async () => {
  const { start, end } = await localStepFunctions(
    {
      StartAt: 'First',
      States: {
        First: { ...direct, OutputPath: '$', Next: 'Second' },
        Second: { ...direct, ResultPath: '$', End: true },
      },
    },
    () => ok(undefined),
  );

  const { executionArn } = await start();

  expect((await end(executionArn)).output).toBe('null');
});

test('the result of lambda:invoke is wrapped as by the service integration', async () => {
  const called: unknown[] = [];
  const Resource = 'arn:aws:states:::lambda:invoke';
  const Parameters = { FunctionName: lambdaArn, Payload: { 'id.$': '$.taskId' } };
  const { start, end } = await localStepFunctions(
    {
      StartAt: 'Work',
      States: { Work: { Type: 'Task', Resource, Parameters, OutputPath: '$.Payload', End: true } },
    },
    ({ id }, functionArn) => {
      called.push([functionArn, id]);
      return ok({ made: 2 });
    },
  );

  const { executionArn } = await start({ taskId: 'task-1' });

  expect((await end(executionArn)).output).toBe('{"made":2}');
  expect(called).toEqual([[lambdaArn, 'task-1']]);
});

test('the context object has the execution, the state and the retry count', async () => {
  const Parameters = {
    'name.$': '$$.Execution.Name',
    'id.$': '$$.Execution.Id',
    'state.$': '$$.State.Name',
    'retry.$': '$$.State.RetryCount',
  };
  const Retry = [{ ErrorEquals: ['Busy'] }];
  const given: object[] = [];
  const { start, end } = await localStepFunctions(single({ Parameters, Retry }), (payload) => {
    given.push(payload);
    return given.length === 1 ? failed('Busy') : ok();
  });

  const { executionArn } = await start({}, 'task-1');
  await end(executionArn);

  const context = { name: 'task-1', id: executionArn, state: 'Work' };
  expect(given).toMatchObject([
    { ...context, retry: 0 },
    { ...context, retry: 1 },
  ]);
});

test('a path to the task token in a state without one fails the execution', async () => {
  const Parameters = { 'token.$': '$$.Task.Token' };
  const { start, end } = await localStepFunctions(single({ Parameters }));

  const { executionArn } = await start();

  expect(await end(executionArn)).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
});

test('the error of a function fails the execution with its name, and its report is the cause', async () => {
  const { start, end } = await localStepFunctions(single(), () => ({
    ok: false,
    errorType: 'Crash',
    errorMessage: 'no',
    trace: ['at work'],
  }));

  const { executionArn } = await start();

  expect(await end(executionArn)).toMatchObject({
    status: 'FAILED',
    error: 'Crash',
    cause: '{"errorType":"Crash","errorMessage":"no","trace":["at work"]}',
  });
});

test.each([
  ['the error of the function by its name', failed('Refused'), 'Refused', 'Refused'],
  [
    'the timeout of the function',
    failed('Sandbox.Timedout'),
    'Sandbox.Timedout',
    'Sandbox.Timedout',
  ],
  ['an error without a name', failed(''), 'Lambda.Unknown', 'Lambda.Unknown'],
  ['every error of a task', failed('Crash'), 'States.TaskFailed', 'Crash'],
  ['every error', failed('Crash'), 'States.ALL', 'Crash'],
])('a Catch matches %s and adds the error to the input', async (_, invokeResult, caught, error) => {
  const { start, end } = await localStepFunctions(
    guarded({ Catch: [{ ErrorEquals: [caught], ResultPath: '$.error', Next: 'Settle' }] }),
    () => invokeResult,
  );

  const { executionArn } = await start({ taskId: 'task-1' });

  const { output = '' } = await end(executionArn);
  expect(JSON.parse(output)).toEqual({
    taskId: 'task-1',
    error: { Error: error, Cause: expect.stringContaining('"errorMessage":"no"') },
  });
});

test('a function that cannot be called at all fails the state with a client error', async () => {
  const { start, end } = await localStepFunctions(single(), () =>
    Promise.reject(new Error('no such function')),
  );

  const { executionArn } = await start();

  expect(await end(executionArn)).toMatchObject({
    error: 'Lambda.SdkClientException',
    cause: 'no such function',
  });
});

test('a result larger than 256 KiB ends the execution, whatever is caught', async () => {
  const Catch = [{ ErrorEquals: ['States.ALL'], Next: 'Settle' }];
  const { start, end } = await localStepFunctions(guarded({ Catch }), () =>
    ok('x'.repeat(256 * 1024)),
  );

  const { executionArn } = await start();

  expect(await end(executionArn)).toMatchObject({
    status: 'FAILED',
    error: 'States.DataLimitExceeded',
  });
});
