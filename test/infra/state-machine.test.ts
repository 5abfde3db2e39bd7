import validate from 'asl-validator';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { providerAdapters } from '../../functions/adapters/providers/registry.ts';
import { maxQueueMs } from '../../functions/domain/model/task.ts';
import * as failures from '../../functions/domain/model/workflow-errors.ts';
import {
  PollInput,
  PreparedInput,
  SettleInput,
  TaskInput,
  WaitInput,
} from '../../functions/domain/tasks/state-inputs.ts';
import payloads from '../golden/state-payloads.json' with { type: 'json' };
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

test('the definition is that of the golden file', async () => {
  const text = `${JSON.stringify(definitionIn(stage), null, 2)}\n`;

  await expect(text).toMatchFileSnapshot('../golden/state-machine.json');
});

test('it is the same in every stage', () => {
  for (const other of others) expect(definitionIn(other)).toEqual(definitionIn(stage));
});

test('it is valid Amazon States Language', () => {
  const arnOf = (id: string) => `arn:aws:lambda:us-east-1:000000000000:function:${id}`;
  const validation = validate(definitionIn(stage, arnOf));

  expect(validation.errorsText()).toBe('');
  expect(validation.isValid).toBe(true);
});

test('an execution may last longer than a task may wait for a slot, and then any provider can say how its job ended', () => {
  const access = { baseUrl: 'https://example.com', apiKey: async () => 'key' };
  const retention = Object.values(providerAdapters).map(
    ({ createClient }) => createClient(access).retentionMs,
  );

  expect(retention).not.toEqual([]);
  expect(TimeoutSeconds).toBe(50 * 60 * 60);
  const longestWait = maxQueueMs + Math.max(...retention);
  expect(TimeoutSeconds * 1000).toBeGreaterThan(longestWait);
});

test('it is a standard machine, and its log has no execution data, which would include task tokens', () => {
  const { StateMachineType = 'STANDARD', LoggingConfiguration } = machineIn(stage);

  expect(StateMachineType).toBe('STANDARD');
  expect(LoggingConfiguration).toMatchObject({ IncludeExecutionData: false, Level: 'FATAL' });
});

test('seven states run a function', () => {
  expect(tasks).toHaveLength(7);
});

describe.each(tasks)('%s', (name, { Parameters, Resource, ...state }) => {
  const isWaiting = Resource.endsWith('.waitForTaskToken');

  test('runs the function of its name', () => {
    const invoked = isWaiting ? JSON.stringify(Parameters) : Resource;

    expect(invoked).toMatch(new RegExp(`(^|"FunctionName":")${name}($|")`));
  });

  test('has a timeout that is longer than that of its function, unless it waits', () => {
    const [lambda] = ofType(stage, 'AWS::Lambda::Function').filter((one) => one.name === name);

    if (isWaiting && name !== 'AwaitSlot') expect(state.TimeoutSeconds).toBeUndefined();
    else expect(state.TimeoutSeconds).toBeGreaterThan(Number(lambda?.Properties['Timeout']));
  });

  test('is retried after a temporary error, and never after an error that is a decision', () => {
    const [first] = state.Retry;
    const last = state.Retry.at(-1);
    // The end of a wait is expected. The timeout of a function is an error.
    const waitOver = ['States.Timeout', 'States.HeartbeatTimeout', 'Woken'];
    const decided: Readonly<Record<string, readonly string[]>> = {
      SubmitTask: ['TaskFailed', 'NoFreeSlot'],
      AwaitSlot: waitOver,
      AwaitProvider: waitOver,
      PollTask: [...waitOver, 'Rescheduled'],
      SettleTask: ['TaskFailed', 'OutcomeMissing'],
    };

    expect(first).toEqual({ ErrorEquals: decided[name] ?? ['TaskFailed'], MaxAttempts: 0 });
    expect(last).toMatchObject({ ErrorEquals: ['States.ALL'], BackoffRate: 2 });
    expect(last?.MaxAttempts).toBe(isWaiting ? 12 : 3);
  });

  test.each([
    'Lambda.ClientExecutionTimeoutException',
    'Lambda.ServiceException',
    'Lambda.AWSLambdaException',
    'Lambda.SdkClientException',
    'Lambda.TooManyRequestsException',
  ])('is retried for two minutes or longer after %s', (error) => {
    expect(secondsOfRetries(state.Retry, error)).toBeGreaterThanOrEqual(120);
  });

  test('waits for half an hour until a function is free, if nothing else would continue the task', () => {
    const seconds = secondsOfRetries(state.Retry, 'Lambda.TooManyRequestsException');

    expect(seconds).toBeGreaterThanOrEqual(isWaiting ? 120 : 1800);
  });
});

/** How long the retries after this error last at most, without the time of the attempts. */
function secondsOfRetries(retry: (typeof tasks)[number][1]['Retry'], error: string): number {
  const rule = retry.find(
    ({ ErrorEquals }) => ErrorEquals.includes(error) || ErrorEquals.includes('States.ALL'),
  );
  const { IntervalSeconds = 1, BackoffRate = 2, MaxAttempts = 3 } = rule ?? {};
  const { MaxDelaySeconds = Number.POSITIVE_INFINITY } = rule ?? {};
  return Array.from({ length: MaxAttempts }, (_, n) =>
    Math.min(MaxDelaySeconds, IntervalSeconds * BackoffRate ** n),
  ).reduce((sum, seconds) => sum + seconds, 0);
}

// The states before a provider has the job.
const before = tasks.filter(([name]) => ['PrepareInputs', 'SubmitTask'].includes(name));

test('two states come before a provider has the job', () => {
  expect(before).toHaveLength(2);
});

test.each(before)('any error in %s leads to SettleTask', (_, { Catch }) => {
  expect(Catch.at(-1)).toEqual({
    ErrorEquals: ['States.ALL'],
    Next: 'SettleTask',
    ResultPath: '$.error',
  });
});

describe.each(waiting)('%s, which waits', (name, state) => {
  test('passes its task token to the function', () => {
    expect(state.Parameters).toMatchObject({ Payload: { 'token.$': '$$.Task.Token' } });
  });

  test('goes on to the submit or the poll when the wait is over, with its input unchanged', () => {
    const next = name === 'AwaitSlot' ? 'SubmitTask' : 'PollTask';
    expect(state.Catch.filter(({ Next }) => Next === next)).toEqual([
      {
        ErrorEquals: ['States.Timeout', 'States.HeartbeatTimeout', failures.woken],
        Next: next,
        ResultPath: null,
      },
    ]);
  });

  test('catches no error of ours: none of them settles a task whose job is at a provider', () => {
    const settling = state.Catch.filter(({ Next }) => Next === 'SettleTask');
    const errors = settling.flatMap(({ ErrorEquals }) => ErrorEquals);

    // ResultUnavailable is only thrown when the outcome is known.
    expect(new Set(errors)).toEqual(
      new Set(name === 'PollTask' ? [failures.ResultUnavailable.code] : []),
    );
    expect(state.Catch.flatMap(({ ErrorEquals }) => ErrorEquals)).not.toContain('States.ALL');
  });

  test('does not wait for a missing function: the next execution calls the function that is deployed then', () => {
    expect(secondsOfRetries(state.Retry, 'Lambda.ResourceNotFoundException')).toBe(14);
  });
});

test('a poll that the provider did not answer is followed by a longer wait, which news can end', () => {
  expect(States['PollTask']?.Catch[0]).toEqual({
    ErrorEquals: [failures.rescheduled],
    Next: 'Reschedule',
    ResultPath: '$.rescheduled',
  });
  expect(States['Reschedule']).toMatchObject({
    Type: 'Pass',
    Parameters: { 'next.$': 'States.StringToJson($.rescheduled.Cause)' },
    OutputPath: '$.next',
    Next: 'AwaitProvider',
  });
});

// An execution keeps its definition, and its states invoke the functions of later versions. So the payload of a state may
// only get more fields, and the payloads of older definitions must still be accepted.
test('the payloads of states are recorded', () => {
  expect(Object.keys(payloads)).not.toEqual([]);
});

describe.each(Object.entries(payloads))('the payloads of %s', (name, versions) => {
  const latest = versions.at(-1) ?? [];

  test('are as they have been recorded', () => {
    const { Payload = {} } = z
      .object({ Payload: z.record(z.string(), z.unknown()).optional() })
      .parse(States[name]?.Parameters);
    const fields = Object.keys(Payload).map((field) => field.replace(/\.\$$/, ''));

    expect(fields.toSorted()).toEqual(latest);
  });

  test('only grow', () => {
    for (const version of versions) expect(latest).toEqual(expect.arrayContaining([...version]));
  });

  test.each(versions.map((fields) => [fields]))(
    'with %j are accepted by the function',
    (fields) => {
      const values = { taskId: 'task-1', token: 'token-1', pollSeconds: 4 };
      const payload = Object.fromEntries(
        fields.map((field) => [field, z.record(z.string(), z.unknown()).parse(values)[field]]),
      );

      expect((name === 'PollTask' ? PollInput : WaitInput).parse(payload)).toEqual(payload);
    },
  );
});

// The input of the other states is the result of the state before, in this version or an earlier one.
test.each([
  ['PrepareInputs', TaskInput, { taskId: 'task-1' }],
  ['SubmitTask', PreparedInput, { taskId: 'task-1' }],
  ['SubmitTask', PreparedInput, { taskId: 'task-1', inputFormats: ['png', 'webp'] }],
  ['SettleTask', SettleInput, { taskId: 'task-1' }],
  ['SettleTask', SettleInput, { taskId: 'task-1', error: { Error: 'States.Timeout' } }],
  ['SettleTask', SettleInput, { taskId: 'task-1', error: { Error: 'TaskFailed', Cause: '{}' } }],
  ['NotifyCaller', TaskInput, { taskId: 'task-1' }],
])('%s accepts what executions of all definitions pass to it', (_name, schema, input) => {
  expect(schema.parse(input)).toEqual(input);
  // The waits and formats of earlier states are passed on as well.
  expect(schema.parse({ waitSeconds: 3, pollSeconds: 2, ...input })).toEqual(input);
});

test('the first waits have a time limit; the wait between polls ends when there is no sign of life for as long', () => {
  const limits = waiting.map(
    ([name, { TimeoutSeconds, TimeoutSecondsPath, HeartbeatSecondsPath }]) => [
      name,
      TimeoutSeconds ?? TimeoutSecondsPath,
      HeartbeatSecondsPath,
    ],
  );

  expect(limits.toSorted()).toEqual([
    ['AwaitProvider', '$.waitSeconds', undefined],
    ['AwaitSlot', 6 * 60 * 60, undefined],
    ['PollTask', undefined, '$.pollSeconds'],
  ]);
});

test('three states wait: AwaitSlot for a free slot, AwaitProvider before the first poll, and PollTask between polls', () => {
  expect(waiting.map(([name]) => name).toSorted()).toEqual([
    'AwaitProvider',
    'AwaitSlot',
    'PollTask',
  ]);
});

test('a task without a slot waits for one, with its input unchanged, and then submits', () => {
  expect(States['SubmitTask']?.Catch[0]).toEqual({
    ErrorEquals: [failures.NoFreeSlot.code],
    Next: 'AwaitSlot',
    ResultPath: null,
  });
  expect(States['AwaitSlot']?.Next).toBe('SubmitTask');
});

test.each([
  ['a callback that fails', 'NotifyCaller', failures.CallbackFailed.code, [1, 2, 4]],
  ['a callback that fails', 'PollTask', failures.CallbackFailed.code, [1, 2, 4]],
  ['a result that is missing', 'SettleTask', failures.ResultUnavailable.code, [2, 4, 8, 16, 32]],
  ['a result that is missing', 'PollTask', failures.ResultUnavailable.code, [2, 4, 8, 16, 32]],
])('%s is tried again by %s after the pauses of the contract', (_what, name, error, expected) => {
  const retry = States[name]?.Retry.find(({ ErrorEquals }) => ErrorEquals.includes(error));
  const { IntervalSeconds = 0, BackoffRate = 0, MaxAttempts = 0 } = retry ?? {};
  const pauses = Array.from({ length: MaxAttempts }, (_, n) => IntervalSeconds * BackoffRate ** n);

  expect(pauses).toEqual(expected);
  expect(retry).not.toHaveProperty('JitterStrategy');
});

test('a task is settled before its caller is notified, and a failed callback fails nothing', () => {
  const leadTo = (name: string) =>
    tasks.flatMap(([state, { Catch }]) =>
      Catch.filter(({ Next }) => Next === name).map(({ ErrorEquals }) => [state, ErrorEquals]),
    );

  expect(States['SettleTask']?.Next).toBe('NotifyCaller');
  expect(leadTo('Undelivered')).toEqual(
    expect.arrayContaining([
      ['NotifyCaller', ['States.ALL']],
      ['PollTask', [failures.CallbackFailed.code]],
    ]),
  );
  expect(States['Undelivered']?.Type).toBe('Succeed');
});

test('the state that finds a job finished is the last one: it settles and notifies', () => {
  expect(States['PollTask']).toMatchObject({ End: true });
});

test.each(['PollTask', 'SettleTask'])(
  'a task whose result cannot be fetched by %s is settled without that result',
  (name) => {
    expect(States[name]?.Catch).toContainEqual({
      ErrorEquals: [failures.ResultUnavailable.code],
      Next: 'SettleTask',
      ResultPath: '$.error',
    });
  },
);

test('every error that it names is one that the code throws', () => {
  const thrown = Object.values(failures).map((failure) =>
    typeof failure === 'string' ? failure : failure.code,
  );
  const appErrors = errorsNamed.filter((error) => !/^(States|Lambda)\./.test(error));

  expect(thrown).toEqual(expect.arrayContaining([...new Set(appErrors)]));
  expect(errorsNamed.filter((error) => error.startsWith('States.'))).toEqual(
    expect.arrayContaining(['States.ALL', 'States.Timeout']),
  );
});

test('the code of every such error is the name that Step Functions sees', () => {
  const classes = Object.values(failures).filter((one) => typeof one === 'function');
  expect(classes.length).toBeGreaterThan(0);

  for (const Failure of classes) {
    expect(Reflect.construct(Failure, ['no']).name).toBe(Failure.code);
  }
});

test('it has a log group and a role of its own', () => {
  expect(JSON.stringify(machineIn(stage)['LoggingConfiguration'])).toContain('WorkflowLogs');
  expect(readable(machineIn(stage)['RoleArn'], stage.nameOf)).toBe('Role');
});
