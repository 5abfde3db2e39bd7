import type { HistoryEvent } from '@aws-sdk/client-sfn';
import { expect, test } from 'vitest';
import * as z from 'zod';
import {
  direct,
  failed,
  lambdaArn,
  localStepFunctions,
  ok,
  waiting,
} from './local-step-functions.ts';

// The events that AWS writes into the history of small machines. A line is one event: its id, the id of the event
// before it, its type, and its details.

type Result = ReturnType<typeof ok>;

type Case = {
  readonly machine: object;
  readonly input?: unknown;
  /** The results of the function, one for each call. The last one is repeated. */
  readonly results?: readonly Result[];
  readonly history: readonly string[];
};

const end = { End: true };
const machine = (States: Record<string, object>) => ({
  StartAt: Object.keys(States)[0],
  States,
});

const cases: Record<string, Case> = {
  'the data of Pass, Wait and Succeed': {
    machine: machine({
      Make: {
        Type: 'Pass',
        InputPath: '$.in',
        Parameters: { 'n.$': '$.n', fixed: [true], 'run.$': '$$.State.Name' },
        ResultPath: '$.made',
        OutputPath: '$.made',
        Next: 'Fix',
      },
      Fix: { Type: 'Pass', Result: { s: 2 }, ResultPath: '$.fixed[0]', Next: 'Rest' },
      Rest: { Type: 'Wait', SecondsPath: '$.fixed[0].s', OutputPath: '$.fixed', Next: 'Done' },
      Done: { Type: 'Succeed', InputPath: '$[0]' },
    }),
    input: { in: { n: 1 }, other: 0 },
    history: [
      '1<0 ExecutionStarted {"in":{"n":1},"other":0}',
      '2<0 PassStateEntered Make {"in":{"n":1},"other":0}',
      '3<2 PassStateExited Make {"n":1,"fixed":[true],"run":"Make"}',
      '4<3 PassStateEntered Fix {"n":1,"fixed":[true],"run":"Make"}',
      '5<4 PassStateExited Fix {"n":1,"fixed":[{"s":2}],"run":"Make"}',
      '6<5 WaitStateEntered Rest {"n":1,"fixed":[{"s":2}],"run":"Make"}',
      '7<6 WaitStateExited Rest [{"s":2}]',
      '8<7 SucceedStateEntered Done [{"s":2}]',
      '9<8 SucceedStateExited Done {"s":2}',
      '10<9 ExecutionSucceeded {"s":2}',
    ],
  },
  'a Choice, and a Fail with the error of the input': {
    machine: machine({
      Which: {
        Type: 'Choice',
        Choices: [
          { Variable: '$.gone', IsPresent: true, Next: 'Done' },
          { And: [{ Variable: '$.n', NumericLessThan: 9 }], Next: 'GiveUp' },
        ],
        Default: 'Done',
      },
      GiveUp: {
        Type: 'Fail',
        ErrorPath: '$.error',
        CausePath: "States.Format('n is {}', $.n)",
      },
      Done: { Type: 'Succeed' },
    }),
    input: { n: 5, error: 'TooFew' },
    history: [
      '1<0 ExecutionStarted {"n":5,"error":"TooFew"}',
      '2<0 ChoiceStateEntered Which {"n":5,"error":"TooFew"}',
      '3<2 ChoiceStateExited Which {"n":5,"error":"TooFew"}',
      '4<3 FailStateEntered GiveUp {"n":5,"error":"TooFew"}',
      '5<4 ExecutionFailed TooFew: n is 5',
    ],
  },
  'a Choice without a rule that matches': {
    machine: machine({
      Which: { Type: 'Choice', Choices: [{ Variable: '$.n', NumericEquals: 1, Next: 'Done' }] },
      Done: { Type: 'Succeed' },
    }),
    input: { n: 5 },
    history: [
      '1<0 ExecutionStarted {"n":5}',
      '2<0 ChoiceStateEntered Which {"n":5}',
      '3<2 ExecutionFailed States.NoChoiceMatched: No rule of the Choice Which matches, and it has no Default',
    ],
  },
  'a function that is called directly, retried, with all paths': {
    machine: machine({
      Work: {
        ...direct,
        InputPath: '$.in',
        Parameters: { 'n.$': '$.n' },
        ResultSelector: { 'made.$': '$.list[1]', 'of.$': '$$.State.Name' },
        ResultPath: '$.out',
        TimeoutSeconds: 30,
        Retry: [{ ErrorEquals: ['Busy'] }],
        ...end,
      },
    }),
    input: { in: { n: 1 } },
    results: [failed('Busy'), ok({ list: [1, 2] })],
    history: [
      '1<0 ExecutionStarted {"in":{"n":1}}',
      '2<0 TaskStateEntered Work {"in":{"n":1}}',
      '3<2 LambdaFunctionScheduled {"n":1}',
      '4<3 LambdaFunctionStarted',
      '5<4 LambdaFunctionFailed Busy: {"errorType":"Busy","errorMessage":"no"}',
      '6<5 LambdaFunctionScheduled {"n":1}',
      '7<6 LambdaFunctionStarted',
      '8<7 LambdaFunctionSucceeded {"list":[1,2]}',
      '9<8 TaskStateExited Work {"in":{"n":1},"out":{"made":2,"of":"Work"}}',
      '10<9 ExecutionSucceeded {"in":{"n":1},"out":{"made":2,"of":"Work"}}',
    ],
  },
  'an error that is caught': {
    machine: machine({
      Work: {
        ...direct,
        OutputPath: '$.never',
        Catch: [{ ErrorEquals: ['Refused'], ResultPath: '$.error', Next: 'Done' }],
        ...end,
      },
      Done: { Type: 'Succeed', InputPath: '$.error.Error' },
    }),
    input: { id: 1 },
    results: [failed('Refused')],
    history: [
      '1<0 ExecutionStarted {"id":1}',
      '2<0 TaskStateEntered Work {"id":1}',
      '3<2 LambdaFunctionScheduled {"id":1}',
      '4<3 LambdaFunctionStarted',
      '5<4 LambdaFunctionFailed Refused: {"errorType":"Refused","errorMessage":"no"}',
      '6<5 TaskStateExited Work {"id":1,"error":{"Error":"Refused","Cause":"{\\"errorType\\":\\"Refused\\",\\"errorMessage\\":\\"no\\"}"}}',
      '7<6 SucceedStateEntered Done {"id":1,"error":{"Error":"Refused","Cause":"{\\"errorType\\":\\"Refused\\",\\"errorMessage\\":\\"no\\"}"}}',
      '8<7 SucceedStateExited Done "Refused"',
      '9<8 ExecutionSucceeded "Refused"',
    ],
  },
  'an error that is not caught': {
    machine: machine({
      Work: {
        Type: 'Task',
        Resource: 'arn:aws:states:::lambda:invoke',
        Parameters: { FunctionName: lambdaArn, 'Payload.$': '$.p' },
        ...end,
      },
    }),
    input: { p: 7 },
    results: [failed('Refused')],
    history: [
      '1<0 ExecutionStarted {"p":7}',
      '2<0 TaskStateEntered Work {"p":7}',
      `3<2 TaskScheduled {"FunctionName":"${lambdaArn}","Payload":7}`,
      '4<3 TaskStarted',
      '5<4 TaskFailed Refused: {"errorType":"Refused","errorMessage":"no"}',
      '6<5 ExecutionFailed Refused: {"errorType":"Refused","errorMessage":"no"}',
    ],
  },
  'a wait for a token that times out': {
    machine: machine({
      Await: {
        ...waiting,
        Parameters: { FunctionName: lambdaArn, Payload: 'call' },
        TimeoutSecondsPath: '$.s',
        Catch: [{ ErrorEquals: ['States.Timeout'], ResultPath: null, Next: 'Done' }],
        ...end,
      },
      Done: { Type: 'Succeed' },
    }),
    input: { s: 2 },
    history: [
      '1<0 ExecutionStarted {"s":2}',
      '2<0 TaskStateEntered Await {"s":2}',
      `3<2 TaskScheduled {"FunctionName":"${lambdaArn}","Payload":"call"}`,
      '4<3 TaskStarted',
      '5<4 TaskSubmitted {"ExecutedVersion":"$LATEST","Payload":null,"SdkHttpMetadata":{"HttpStatusCode":200},"StatusCode":200}',
      '6<5 TaskTimedOut States.Timeout',
      '7<6 TaskStateExited Await {"s":2}',
      '8<7 SucceedStateEntered Done {"s":2}',
      '9<8 SucceedStateExited Done {"s":2}',
      '10<9 ExecutionSucceeded {"s":2}',
    ],
  },
  'a path that leads nowhere, which nothing catches': {
    machine: machine({
      Work: {
        ...direct,
        Parameters: { 'id.$': '$.id' },
        Retry: [{ ErrorEquals: ['States.ALL'] }],
        Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Done' }],
        ...end,
      },
      Done: { Type: 'Succeed' },
    }),
    history: [
      '1<0 ExecutionStarted {}',
      '2<0 TaskStateEntered Work {}',
      "3<2 ExecutionFailed States.Runtime: An error occurred while executing the state 'Work' (entered at the event id #2). The JSONPath '$.id' could not be found in the input",
    ],
  },
  'a result that has no place in the input, which can be caught': {
    machine: machine({
      Work: {
        ...direct,
        ResultPath: '$.id.of',
        Catch: [{ ErrorEquals: ['States.ResultPathMatchFailure'], Next: 'Done' }],
        ...end,
      },
      Done: { Type: 'Succeed', InputPath: '$.Error' },
    }),
    input: { id: 1 },
    results: [ok(2)],
    history: [
      '1<0 ExecutionStarted {"id":1}',
      '2<0 TaskStateEntered Work {"id":1}',
      '3<2 LambdaFunctionScheduled {"id":1}',
      '4<3 LambdaFunctionStarted',
      '5<4 LambdaFunctionSucceeded 2',
      '6<5 TaskStateExited Work {"Error":"States.ResultPathMatchFailure","Cause":"Unable to apply the ReferencePath $.id.of to the input"}',
      '7<6 SucceedStateEntered Done {"Error":"States.ResultPathMatchFailure","Cause":"Unable to apply the ReferencePath $.id.of to the input"}',
      '8<7 SucceedStateExited Done "States.ResultPathMatchFailure"',
      '9<8 ExecutionSucceeded "States.ResultPathMatchFailure"',
    ],
  },
  'a Map, one item at a time': {
    machine: machine({
      Each: {
        Type: 'Map',
        InputPath: '$.in',
        ItemsPath: '$.list',
        ItemSelector: {
          'value.$': '$$.Map.Item.Value',
          'index.$': '$$.Map.Item.Index',
          'of.$': '$.of',
        },
        MaxConcurrency: 1,
        ItemProcessor: {
          StartAt: 'Item',
          States: { Item: { Type: 'Pass', OutputPath: '$.value', End: true } },
        },
        ResultSelector: { 'all.$': '$' },
        ResultPath: '$.out',
        OutputPath: '$.out',
        ...end,
      },
    }),
    input: { in: { list: ['a', 'b'], of: 1 } },
    history: [
      '1<0 ExecutionStarted {"in":{"list":["a","b"],"of":1}}',
      '2<0 MapStateEntered Each {"in":{"list":["a","b"],"of":1}}',
      '3<2 MapStateStarted length 2',
      '4<3 MapIterationStarted Each[0]',
      '5<4 PassStateEntered Item {"value":"a","index":0,"of":1}',
      '6<5 PassStateExited Item "a"',
      '7<6 MapIterationSucceeded Each[0]',
      '8<7 MapIterationStarted Each[1]',
      '9<8 PassStateEntered Item {"value":"b","index":1,"of":1}',
      '10<9 PassStateExited Item "b"',
      '11<10 MapIterationSucceeded Each[1]',
      '12<11 MapStateSucceeded',
      '13<12 MapStateExited Each {"all":["a","b"]}',
      '14<13 ExecutionSucceeded {"all":["a","b"]}',
    ],
  },
  'a Map without items': {
    machine: machine({
      Each: {
        Type: 'Map',
        Iterator: { StartAt: 'Item', States: { Item: { Type: 'Succeed' } } },
        ...end,
      },
    }),
    input: [],
    history: [
      '1<0 ExecutionStarted []',
      '2<0 MapStateEntered Each []',
      '3<2 MapStateStarted length 0',
      '4<3 MapStateSucceeded',
      '5<4 MapStateExited Each []',
      '6<5 ExecutionSucceeded []',
    ],
  },
  'a Map whose second item fails while the first one waits': {
    machine: machine({
      Each: {
        Type: 'Map',
        ItemProcessor: {
          StartAt: 'Which',
          States: {
            Which: {
              Type: 'Choice',
              Choices: [{ Variable: '$', NumericEquals: 1, Next: 'Rest' }],
              Default: 'Boom',
            },
            Rest: { Type: 'Wait', Seconds: 3600, End: true },
            Boom: { Type: 'Fail', Error: 'Boom', Cause: 'two' },
          },
        },
        Catch: [{ ErrorEquals: ['Boom'], Next: 'Done' }],
        ...end,
      },
      Done: { Type: 'Succeed' },
    }),
    input: [1, 2],
    history: [
      '1<0 ExecutionStarted [1,2]',
      '2<0 MapStateEntered Each [1,2]',
      '3<2 MapStateStarted length 2',
      '4<3 MapIterationStarted Each[0]',
      '5<3 MapIterationStarted Each[1]',
      '6<4 ChoiceStateEntered Which 1',
      '7<6 ChoiceStateExited Which 1',
      '8<5 ChoiceStateEntered Which 2',
      '9<8 ChoiceStateExited Which 2',
      '10<7 WaitStateEntered Rest 1',
      '11<9 FailStateEntered Boom 2',
      '12<11 MapIterationAborted Each[0]',
      '13<11 WaitStateAborted',
      '14<11 MapIterationFailed Each[1]',
      '15<11 MapStateFailed',
      '16<15 MapStateExited Each {"Error":"Boom","Cause":"two"}',
      '17<16 SucceedStateEntered Done {"Error":"Boom","Cause":"two"}',
      '18<17 SucceedStateExited Done {"Error":"Boom","Cause":"two"}',
      '19<18 ExecutionSucceeded {"Error":"Boom","Cause":"two"}',
    ],
  },
  'a Map that is retried as a whole, and the next state follows it': {
    machine: machine({
      Each: {
        Type: 'Map',
        ItemProcessor: { StartAt: 'Work', States: { Work: { ...direct, End: true } } },
        Retry: [{ ErrorEquals: ['Busy'], MaxAttempts: 1 }],
        Next: 'Done',
      },
      Done: { Type: 'Succeed' },
    }),
    input: [1],
    results: [failed('Busy'), ok('made')],
    history: [
      '1<0 ExecutionStarted [1]',
      '2<0 MapStateEntered Each [1]',
      '3<2 MapStateStarted length 1',
      '4<3 MapIterationStarted Each[0]',
      '5<4 TaskStateEntered Work 1',
      '6<5 LambdaFunctionScheduled 1',
      '7<6 LambdaFunctionStarted',
      '8<7 LambdaFunctionFailed Busy: {"errorType":"Busy","errorMessage":"no"}',
      '9<8 MapIterationFailed Each[0]',
      '10<8 MapStateFailed',
      '11<10 MapStateStarted length 1',
      '12<11 MapIterationStarted Each[0]',
      '13<12 TaskStateEntered Work 1',
      '14<13 LambdaFunctionScheduled 1',
      '15<14 LambdaFunctionStarted',
      '16<15 LambdaFunctionSucceeded "made"',
      '17<16 TaskStateExited Work "made"',
      '18<17 MapIterationSucceeded Each[0]',
      '19<18 MapStateSucceeded',
      '20<19 MapStateExited Each ["made"]',
      '21<20 SucceedStateEntered Done ["made"]',
      '22<21 SucceedStateExited Done ["made"]',
      '23<22 ExecutionSucceeded ["made"]',
    ],
  },
};

test.each(Object.entries(cases))(
  'the history of %s',
  async (_, { machine: definition, input = {}, results = [ok()], history: expected }) => {
    let calls = 0;
    const {
      start,
      end: ended,
      history,
    } = await localStepFunctions(definition, () => {
      calls += 1;
      return results[Math.min(calls, results.length) - 1] ?? ok();
    });

    const { executionArn } = await start(input);
    await ended(executionArn);

    expect((await history(executionArn)).map(formatEvent)).toEqual(expected);
  },
);

const formatEvent = (event: HistoryEvent): string =>
  [`${event.id}<${event.previousEventId}`, event.type, detailsOf(event)].filter(Boolean).join(' ');

const text = z.string().optional();
const Details = z.object({
  name: text,
  input: text,
  output: text,
  parameters: text,
  error: text,
  cause: text,
  index: z.number().optional(),
  length: z.number().optional(),
});

function detailsOf(event: HistoryEvent): string | undefined {
  const { id, previousEventId, timestamp, type, ...details } = event;
  const [found] = Object.values(details).filter((value) => value !== undefined);
  return found && summaryOf(Details.parse(found));
}

function summaryOf(details: z.infer<typeof Details>): string {
  const { name, input, output, parameters, error, cause, index, length } = details;
  if (error !== undefined) return cause === undefined ? error : `${error}: ${cause}`;
  if (length !== undefined) return `length ${length}`;
  if (index !== undefined) return `${name}[${index}]`;
  return [name, input ?? output ?? parameters].filter((part) => part !== undefined).join(' ');
}
