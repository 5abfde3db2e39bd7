import validate from 'asl-validator';
import { describe, expect, test } from 'vitest';
import * as failures from '../../functions/task/failures.ts';
import { readable } from './readable.ts';
import { definitionIn, machineIn, machineOf } from './state-machine.ts';
import { ofType, synthesised } from './synthesised.ts';

const stage = synthesised('prod');
const others = [synthesised('dev'), synthesised('local')];
const { States, TimeoutSeconds } = machineOf(stage);
const tasks = Object.entries(States).filter(([, { Type }]) => Type === 'Task');
const waiting = tasks.filter(([, { Resource }]) => Resource.endsWith('.waitForTaskToken'));
const errorsNamed = tasks.flatMap(([, { Retry, Catch }]) =>
  [...Retry, ...Catch].flatMap(({ ErrorEquals }) => ErrorEquals),
);

test('the workflow is the one that was agreed on', async () => {
  const text = `${JSON.stringify(definitionIn(stage), null, 2)}\n`;

  await expect(text).toMatchFileSnapshot('../golden/state-machine.json');
});

test('it is the same in every stage', () => {
  for (const other of others) expect(definitionIn(other)).toEqual(definitionIn(stage));
});

test('it is valid Amazon States Language', () => {
  const arnOf = (id: string) => `arn:aws:lambda:us-east-1:000000000000:function:${id}`;
  const verdict = validate(definitionIn(stage, arnOf));

  expect(verdict.errorsText()).toBe('');
  expect(verdict.isValid).toBe(true);
});

test('an execution ends, whatever happens: after half an hour at the latest', () => {
  expect(TimeoutSeconds).toBe(30 * 60);
});

test('it is of the kind that lasts, and its log has no data in it: task tokens are data', () => {
  const { StateMachineType = 'STANDARD', LoggingConfiguration } = machineIn(stage);

  expect(StateMachineType).toBe('STANDARD');
  expect(LoggingConfiguration).toMatchObject({ IncludeExecutionData: false, Level: 'ERROR' });
});

describe.each(tasks)('%s', (name, { Parameters, Resource, ...state }) => {
  test('runs the function of its name', () => {
    const called = Resource.endsWith('.waitForTaskToken') ? JSON.stringify(Parameters) : Resource;

    expect(called).toMatch(new RegExp(`(^|"FunctionName":")${name}($|")`));
  });

  test('has a deadline, not before that of its function', () => {
    const [lambda] = ofType(stage, 'AWS::Lambda::Function').filter((one) => one.name === name);

    if (state.TimeoutSecondsPath) expect(state.TimeoutSeconds).toBeUndefined();
    else expect(state.TimeoutSeconds).toBeGreaterThan(Number(lambda?.Properties['Timeout']));
  });

  test('is tried again for what may pass, and never at once for what was decided', () => {
    const [first] = state.Retry;
    const last = state.Retry.at(-1);
    // The end of a wait is no accident; the timeout of a function is one.
    const decided = state.TimeoutSecondsPath ? ['States.Timeout', 'Woken'] : ['TaskRefused'];

    expect(first).toEqual({ ErrorEquals: decided, MaxAttempts: 0 });
    expect(last).toMatchObject({ ErrorEquals: ['States.ALL'], MaxAttempts: 3, BackoffRate: 2 });
  });
});

// The last two are where everything leads.
const before = tasks.filter(([name]) => !['SettleTask', 'NotifyCaller'].includes(name));

test.each(before)('%s leads to the settlement, whatever goes wrong in it', (_, { Catch }) => {
  expect(Catch.at(-1)).toEqual({
    ErrorEquals: ['States.ALL'],
    Next: 'SettleTask',
    ResultPath: '$.error',
  });
});

describe.each(waiting)('%s, which waits', (_name, state) => {
  test('hands out its token, and waits only so long', () => {
    expect(state.Parameters).toMatchObject({ Payload: { 'token.$': '$$.Task.Token' } });
    expect(state.TimeoutSecondsPath).toMatch(/^\$\.(wait|poll)Seconds$/);
  });

  test('asks the provider when the wait is over, with its input as it was', () => {
    expect(state.Catch[0]).toEqual({
      ErrorEquals: ['States.Timeout', failures.woken],
      Next: 'PollTask',
      ResultPath: null,
    });
  });
});

test('two states wait: for the first answer, and for every further one', () => {
  expect(waiting.map(([name]) => name)).toEqual(['AwaitProvider', 'PollTask']);
});

test('a caller who does not listen is told again after 1, 2 and 4 seconds, as the contract says', () => {
  const retry = States['NotifyCaller']?.Retry.find(({ ErrorEquals }) =>
    ErrorEquals.includes(failures.CallbackRefused.code),
  );
  const { IntervalSeconds = 0, BackoffRate = 0, MaxAttempts = 0 } = retry ?? {};
  const pauses = Array.from({ length: MaxAttempts }, (_, n) => IntervalSeconds * BackoffRate ** n);

  expect(pauses).toEqual([1, 2, 4]);
  expect(retry).not.toHaveProperty('JitterStrategy');
});

test('a task is settled before its caller is told, and a caller who cannot be told fails nothing', () => {
  expect(States['SettleTask']?.Next).toBe('NotifyCaller');
  expect(States['NotifyCaller']?.Catch).toMatchObject([
    { ErrorEquals: ['States.ALL'], Next: 'Undelivered' },
  ]);
  expect(States['Undelivered']?.Type).toBe('Succeed');
});

test('a result that cannot be fetched is settled without it', () => {
  expect(States['SettleTask']?.Catch).toEqual([
    { ErrorEquals: [failures.ResultUnavailable.code], Next: 'SettleTask', ResultPath: '$.error' },
  ]);
});

test('every error it knows by name is one that the code throws', () => {
  const thrown = Object.values(failures).map((failure) =>
    typeof failure === 'string' ? failure : failure.code,
  );
  const ours = errorsNamed.filter((error) => !error.startsWith('States.'));

  expect(thrown).toEqual(expect.arrayContaining([...new Set(ours)]));
  expect(errorsNamed.filter((error) => error.startsWith('States.'))).toEqual(
    expect.arrayContaining(['States.ALL', 'States.Timeout']),
  );
});

test('every name of such an error is the name that Step Functions gets to see', () => {
  const { ProviderRefused, InputRefused, woken: _, ...simple } = failures;
  const failure = { code: 'service_error', message: 'no' } as const;
  const made = [
    ...Object.values(simple).map((Failure) => new Failure('no')),
    new ProviderRefused(failure),
    new InputRefused(failure),
  ];

  for (const error of made) expect(Object(error.constructor).code).toBe(error.name);
});

test('its log goes to a group of ours', () => {
  expect(JSON.stringify(machineIn(stage)['LoggingConfiguration'])).toContain('WorkflowLogs');
  expect(readable(machineIn(stage)['RoleArn'], stage.nameOf)).toBe('Role');
});
