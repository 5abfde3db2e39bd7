import { expect, test } from 'vitest';
import {
  matchingRule,
  type Retrier,
  retryDecision,
} from '../../../../local/aws/step-functions/retry.ts';
import { runtimeFailure, TaskFailure } from '../../../../local/aws/step-functions/task-failure.ts';

const failure = (name: string) => new TaskFailure(name, 'why');

/** The delays after these errors, one after another. */
function delays(rules: readonly Retrier[], errors: readonly string[], random = 0.5) {
  const decide = retryDecision(rules, () => random);
  return errors.map((name) => decide(failure(name)));
}

test('by default there are three retries, after 1, 2 and 4 seconds', () => {
  expect(delays([{ ErrorEquals: ['Busy'] }], ['Busy', 'Busy', 'Busy', 'Busy'])).toEqual([
    1,
    2,
    4,
    undefined,
  ]);
});

test('the delay grows by the rate, up to the longest one, and jitter shortens it', () => {
  const rule = { ErrorEquals: ['Busy'], IntervalSeconds: 10, BackoffRate: 3, MaxDelaySeconds: 50 };

  expect(delays([rule], ['Busy', 'Busy', 'Busy'])).toEqual([10, 30, 50]);
  expect(delays([{ ...rule, JitterStrategy: 'FULL' }], ['Busy', 'Busy', 'Busy'])).toEqual([
    5, 15, 25,
  ]);
});

test('every rule counts its own retries, and the first one that matches decides', () => {
  const rules = [
    { ErrorEquals: ['Fatal'], MaxAttempts: 0 },
    { ErrorEquals: ['Busy', 'Slow'], MaxAttempts: 1 },
    { ErrorEquals: ['States.ALL'], MaxAttempts: 2, IntervalSeconds: 7 },
  ];

  expect(delays(rules, ['Busy', 'Other', 'Other', 'Slow', 'Fatal', 'Other'])).toEqual([
    1,
    7,
    14,
    undefined,
    undefined,
    undefined,
  ]);
});

test('nothing is retried without a rule for it', () => {
  expect(delays([], ['Busy'])).toEqual([undefined]);
  expect(delays([{ ErrorEquals: ['Busy'] }], ['Slow'])).toEqual([undefined]);
});

test.each([
  [['Busy'], 'Busy', true],
  [['States.ALL'], 'Busy', true],
  [['States.ALL'], 'States.Timeout', true],
  [['States.TaskFailed'], 'Busy', true],
  [['States.TaskFailed'], 'States.Timeout', false],
  [['States.Timeout'], 'States.Timeout', true],
  [['States.Timeout'], 'States.HeartbeatTimeout', true],
  [['States.HeartbeatTimeout'], 'States.HeartbeatTimeout', true],
  [['States.HeartbeatTimeout'], 'States.Timeout', false],
  [['States.TaskFailed'], 'States.HeartbeatTimeout', false],
  [['busy'], 'Busy', false],
])('%j matches the error %s: %s', (ErrorEquals, name, expected) => {
  expect(matchingRule([{ ErrorEquals }], failure(name)) !== undefined).toBe(expected);
});

test('no rule matches an error that is final', () => {
  const rules = [{ ErrorEquals: ['States.ALL'] }, { ErrorEquals: ['States.Runtime'] }];

  expect(matchingRule(rules, runtimeFailure('no value'))).toBeUndefined();
});
