import { describe, expect, test } from 'vitest';
import { parseCondition } from '../../../../local/aws/step-functions/choice-rule.ts';

const data = {
  n: 5,
  five: 5,
  six: 6,
  text: 'm',
  same: 'm',
  log: 'a*b.log',
  yes: true,
  nothing: null,
  at: '2030-01-01T00:00:00Z',
  alsoAt: '2030-01-01T01:00:00+01:00',
  later: '2030-06-01T00:00:00Z',
};
const matches = (rule: object) => parseCondition(rule)({ data, context: { Name: 'm' } });

describe.each([
  ['Numeric', '$.n', [4, 5, 6]],
  ['String', '$.text', ['a', 'm', 'z']],
  ['Timestamp', '$.at', ['2029-12-31T23:59:59Z', data.alsoAt, data.later]],
] as const)('%s', (type, Variable, [less, equal, greater]) => {
  test.each([
    ['Equals', [false, true, false]],
    ['LessThan', [false, false, true]],
    ['GreaterThan', [true, false, false]],
    ['LessThanEquals', [false, true, true]],
    ['GreaterThanEquals', [true, true, false]],
  ])('%s compares the variable with a value', (name, expected) => {
    const results = [less, equal, greater].map((value) =>
      matches({ Variable, [`${type}${name}`]: value }),
    );

    expect(results).toEqual(expected);
  });
});

test.each([
  [{ Variable: '$.n', NumericEqualsPath: '$.five' }, true],
  [{ Variable: '$.n', NumericLessThanPath: '$.six' }, true],
  [{ Variable: '$.n', NumericGreaterThanPath: '$.six' }, false],
  [{ Variable: '$.text', StringEqualsPath: '$.same' }, true],
  [{ Variable: '$.text', StringEqualsPath: '$$.Name' }, true],
  [{ Variable: '$.at', TimestampLessThanPath: '$.later' }, true],
  [{ Variable: '$.yes', BooleanEqualsPath: '$.yes' }, true],
  [{ Variable: '$.yes', BooleanEquals: false }, false],
  [{ Variable: '$.nothing', IsNull: true }, true],
  [{ Variable: '$.n', IsNull: false }, true],
  [{ Variable: '$.n', IsNumeric: true }, true],
  [{ Variable: '$.text', IsNumeric: true }, false],
  [{ Variable: '$.text', IsString: true }, true],
  [{ Variable: '$.yes', IsBoolean: true }, true],
  [{ Variable: '$.at', IsTimestamp: true }, true],
  [{ Variable: '$.text', IsTimestamp: true }, false],
  [{ Variable: '$.nothing', IsPresent: true }, true],
  [{ Variable: '$.gone', IsPresent: true }, false],
  [{ Variable: '$.gone', IsPresent: false }, true],
  [{ Variable: '$.log', StringMatches: 'a*.log' }, true],
  [{ Variable: '$.log', StringMatches: 'a\\*b.log' }, true],
  [{ Variable: '$.log', StringMatches: 'a\\*.log' }, false],
  [{ Variable: '$.log', StringMatches: 'a*bxlog' }, false],
  [{ Variable: '$.n', StringMatches: '*' }, false],
  [{ Variable: '$.n', StringEquals: '5' }, false],
  [{ Variable: '$.text', NumericEquals: 5 }, false],
  [{ Comment: 'a comment', Variable: '$.n', NumericEquals: 5 }, true],
])('%j is %s', (rule, expected) => {
  expect(matches(rule)).toBe(expected);
});

const yes = { Variable: '$.n', NumericEquals: 5 };
const no = { Variable: '$.n', NumericEquals: 6 };
const gone = { Variable: '$.gone', NumericEquals: 6 };

test.each([
  [{ And: [yes, yes] }, true],
  [{ And: [yes, no] }, false],
  [{ Or: [no, yes] }, true],
  [{ Or: [no, no] }, false],
  [{ Not: no }, true],
  [{ And: [yes, { Not: { Or: [no, { Not: yes }] } }] }, true],
  [{ And: [no, gone] }, false],
  [{ Or: [yes, gone] }, true],
])('%j is %s, and rules after the decisive one are not evaluated', (rule, expected) => {
  expect(matches(rule)).toBe(expected);
});

test.each([gone, { Variable: '$.gone', IsNull: true }, { ...yes, Variable: '$.gone' }])(
  'a variable that is not there fails the execution, unless IsPresent asks for it: %j',
  (rule) => {
    expect(() => matches(rule)).toThrow(expect.objectContaining({ name: 'States.Runtime' }));
  },
);

test.each([
  [{ Variable: '$.n', NumericApproximately: 5 }, 'the operator NumericApproximately'],
  [{ Variable: '$.n', StringMatchesPath: '$.a' }, 'the operator StringMatchesPath'],
  [{ Variable: '$.n', Condition: '{% true %}' }, 'the operator Condition'],
  [{ Variable: '$.n' }, 'has none'],
  [{ ...yes, IsNull: true }, 'NumericEquals, IsNull'],
  [{ And: [{ ...yes, Next: 'A' }, yes] }, 'NumericEquals, Next'],
  [{ And: [] }, 'And is not valid'],
  [{ Variable: '$.n', And: [yes] }, 'And has no Variable'],
  [{ Variable: '$.n', Not: yes }, 'Not has no Variable'],
  [{ NumericEquals: 5 }, 'Variable is not valid'],
  [{ Variable: '$.n', NumericEquals: '5' }, 'NumericEquals is not valid'],
  [{ Variable: '$.n', IsNull: 1 }, 'IsNull is not valid'],
  [{ Variable: '$.n', TimestampEquals: 'today' }, 'TimestampEquals is not valid'],
  [{ Variable: '$.n[*]', NumericEquals: 5 }, 'the wildcard (*)'],
])('a rule that is not supported is refused by name: %j', (rule, message) => {
  expect(() => parseCondition(rule)).toThrow(message);
});
