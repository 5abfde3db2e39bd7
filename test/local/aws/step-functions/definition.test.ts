import validate from 'asl-validator';
import { describe, expect, test } from 'vitest';
import { readDefinition } from '../../../../local/aws/step-functions/read-definition.ts';
import { direct, lambdaArn, waiting } from './local-step-functions.ts';

const single = (state: object) => ({ StartAt: 'Work', States: { Work: { ...state, End: true } } });
const only = (state: object) => ({ StartAt: 'Work', States: { Work: state } });
const before = (state: object) => ({
  StartAt: 'Work',
  States: { Work: state, Done: { Type: 'Succeed' } },
});
const rules = (rule: object) =>
  before({ Type: 'Choice', Choices: [{ ...rule, Next: 'Done' }], Default: 'Done' });
const branch = { StartAt: 'Item', States: { Item: { Type: 'Pass', End: true } } };
const map = { Type: 'Map', ItemProcessor: branch };
const invoke = {
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Parameters: { FunctionName: lambdaArn, 'Payload.$': '$' },
};
const n5 = { Variable: '$.n', NumericEquals: 5 };

describe('a machine', () => {
  test.each([
    ['a function', single(direct)],
    ['a service integration', single(invoke)],
    ['a task token', single(waiting)],
    [
      'all fields of a Task',
      before({
        ...direct,
        Comment: 'works',
        InputPath: '$.in',
        OutputPath: null,
        Parameters: { 'id.$': '$.id' },
        ResultSelector: { 'x.$': '$.x' },
        ResultPath: '$.out[0].x',
        TimeoutSecondsPath: '$.t',
        HeartbeatSecondsPath: '$.h',
        Retry: [
          { ErrorEquals: ['Busy'], IntervalSeconds: 1, MaxAttempts: 0, BackoffRate: 1 },
          { ErrorEquals: ['States.ALL'], MaxDelaySeconds: 9, JitterStrategy: 'FULL' },
        ],
        Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: null, Next: 'Done' }],
        Next: 'Done',
      }),
    ],
    ['a Choice', rules({ And: [n5, { Not: { Variable: '$$.Execution.Name', IsNull: true } }] })],
    ['a Wait', single({ Type: 'Wait', Timestamp: '2030-01-01T00:00:00Z' })],
    ['a Pass', single({ Type: 'Pass', Result: { a: 1 }, ResultPath: '$.r' })],
    ['a Fail', only({ Type: 'Fail', ErrorPath: '$.e', CausePath: "States.Format('{}', $.c)" })],
    [
      'a Map',
      single({
        ...map,
        ItemsPath: '$.items',
        ItemSelector: { 'i.$': '$$.Map.Item.Index' },
        MaxConcurrency: 2,
        ItemProcessor: { ...branch, ProcessorConfig: { Mode: 'INLINE' } },
      }),
    ],
    [
      'a Map with the former names of its fields',
      single({ Type: 'Map', Iterator: branch, Parameters: { 'v.$': '$$.Map.Item.Value' } }),
    ],
  ])('that uses %s is accepted', (_, definition) => {
    expect(() => readDefinition(definition)).not.toThrow();
  });
});

// AWS runs these machines. Here each is refused by its name, so that nobody gets a wrong result.
test.each([
  ['the state type Parallel', single({ Type: 'Parallel', Branches: [branch] })],
  ['"Assign"', single({ Type: 'Pass', Assign: { n: 1 } })],
  ['"Credentials"', single({ ...direct, Credentials: { RoleArn: 'arn' } })],
  ['"JSONPath"', { ...single({ Type: 'Pass' }), QueryLanguage: 'JSONata' }],
  ['"Arguments"', single({ ...direct, Arguments: {} })],
  [
    'the resource arn:aws:states:::sqs:sendMessage',
    single({ Type: 'Task', Resource: 'arn:aws:states:::sqs:sendMessage', Parameters: {} }),
  ],
  ['"Qualifier"', single({ ...invoke, Parameters: { ...invoke.Parameters, Qualifier: 'live' } })],
  ['the wildcard (*)', single({ ...direct, InputPath: '$.a[*]' })],
  ['a filter', single({ ...direct, OutputPath: '$.a[?(@.b)]' })],
  ['States.UUID', single({ Type: 'Pass', Parameters: { 'id.$': 'States.UUID()' } })],
  ['"ToleratedFailureCount"', single({ ...map, ToleratedFailureCount: 1 })],
  ['"ToleratedFailurePercentage"', single({ ...map, ToleratedFailurePercentage: 1 })],
  ['"ItemReader"', single({ ...map, ItemReader: {} })],
  ['"ItemBatcher"', single({ ...map, ItemBatcher: { MaxItemsPerBatch: 2 } })],
  ['"ResultWriter"', single({ ...map, ResultWriter: {} })],
  [
    'the Mode DISTRIBUTED',
    single({
      ...map,
      ItemProcessor: {
        ...branch,
        ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
      },
    }),
  ],
])('an unsupported part is refused with its name and its state: %s', (what, definition) => {
  expect(() => readDefinition(definition)).toThrow(what);
  expect(() => readDefinition(definition)).toThrow(/→ at (States\.Work|QueryLanguage)/);
});

const retry = (...Retry: object[]) => single({ ...direct, Retry });
const caught = (...Catch: object[]) => before({ ...direct, Catch, Next: 'Done' });

// AWS refuses these machines, too.
const invalid: readonly (readonly [string, object])[] = [
  ['no StartAt', { States: { Work: { Type: 'Succeed' } } }],
  ['no States', { StartAt: 'Work' }],
  ['a start that is no state', { ...single(direct), StartAt: 'Begin' }],
  ['a Next that is no state', only({ ...direct, Next: 'Lost' })],
  ['a Default that is no state', only({ Type: 'Choice', Choices: [], Default: 'Lost' })],
  ['a Catch that leads nowhere', caught({ ErrorEquals: ['A'], Next: 'Lost' })],
  ['neither Next nor End', only(direct)],
  ['Next and End', before({ ...direct, Next: 'Done', End: true })],
  ['a state that is never reached', before({ ...direct, End: true })],
  ['a state without Type', single({ Resource: lambdaArn })],
  ['a Task without Resource', single({ Type: 'Task' })],
  ['two timeouts', single({ ...direct, TimeoutSeconds: 1, TimeoutSecondsPath: '$.t' })],
  ['two heartbeats', single({ ...direct, HeartbeatSeconds: 1, HeartbeatSecondsPath: '$.h' })],
  [
    'a heartbeat as long as the timeout',
    single({ ...direct, TimeoutSeconds: 5, HeartbeatSeconds: 5 }),
  ],
  ['a timeout of 0', single({ ...direct, TimeoutSeconds: 0 })],
  ['an invalid path', single({ ...direct, InputPath: 'a.b' })],
  ['a Wait without a duration', single({ Type: 'Wait' })],
  ['a Wait with two durations', single({ Type: 'Wait', Seconds: 1, SecondsPath: '$.s' })],
  ['a Wait until a text', single({ Type: 'Wait', Timestamp: 'tomorrow' })],
  ['a Choice without rules', before({ Type: 'Choice', Choices: [], Default: 'Done' })],
  ['a rule without operator', rules({ Variable: '$.n' })],
  ['a rule with two operators', rules({ ...n5, IsNull: true })],
  ['a rule without Variable', rules({ NumericEquals: 5 })],
  ['a rule with an operand of another type', rules({ Variable: '$.n', NumericEquals: 'five' })],
  ['a Succeed with Next', before({ Type: 'Succeed', Next: 'Done' })],
  ['a Fail with Error and ErrorPath', only({ Type: 'Fail', Error: 'A', ErrorPath: '$.e' })],
  ['a Retry without names', retry({ ErrorEquals: [] })],
  ['a rate below 1', retry({ ErrorEquals: ['A'], BackoffRate: 0.5 })],
  ['a jitter that does not exist', retry({ ErrorEquals: ['A'], JitterStrategy: 'SOME' })],
  ['a Map without a processor', single({ Type: 'Map' })],
  ['a Map with two processors', single({ ...map, Iterator: branch })],
  ['a Map with two selectors', single({ ...map, ItemSelector: {}, Parameters: {} })],
  [
    'a Map whose state leads out of it',
    {
      StartAt: 'Each',
      States: {
        Each: {
          Type: 'Map',
          ItemProcessor: { StartAt: 'Item', States: { Item: { Type: 'Pass', Next: 'Done' } } },
          Next: 'Done',
        },
        Done: { Type: 'Succeed' },
      },
    },
  ],
  [
    'one name for two states',
    single({
      ...map,
      ItemProcessor: { StartAt: 'Work', States: { Work: { Type: 'Pass', End: true } } },
    }),
  ],
  ['a field twice', single({ Type: 'Pass', Parameters: { a: 1, 'a.$': '$.a' } })],
  [
    'States.ALL before the last rule',
    retry({ ErrorEquals: ['States.ALL'] }, { ErrorEquals: ['A'] }),
  ],
  ['States.ALL beside a name', caught({ ErrorEquals: ['A', 'States.ALL'], Next: 'Done' })],
];

test.each(invalid)('a machine that is not valid is refused: %s', (_, definition) => {
  expect(() => readDefinition(definition)).toThrow('This machine would not work here');
});

// asl-validator takes half a second for each machine, so it checks only some.
test.each([
  'a start that is no state',
  'neither Next nor End',
  'a state that is never reached',
  'two timeouts',
  'a Wait with two durations',
  'a rule with an operand of another type',
  'a Map with two processors',
  'one name for two states',
  'a field twice',
])('a machine that asl-validator calls invalid is refused here, too: %s', (name) => {
  const definition = new Map(invalid).get(name);
  if (!definition) throw new Error(`there is no case ${name}`);

  expect(validate(structuredClone(definition)).isValid).toBe(false);
  expect(() => readDefinition(definition)).toThrow();
});

test('every problem of a machine is named at once', () => {
  const definition = {
    StartAt: 'A',
    States: { A: { ...direct, Heartbeat: 1, Next: 'B' }, B: { Type: 'Parallel', Branches: [] } },
  };

  expect(() => readDefinition(definition)).toThrow(/Heartbeat.*Parallel/s);
});
