import { describe, expect, test } from 'vitest';
import { taskErrorCodes } from '../../../../functions/domain/model/problem.ts';
import {
  effectProblem,
  effectsOf,
  maxSandboxBusy,
  maxSandboxSeconds,
} from '../../../../functions/domain/providers/sandbox-effects.ts';

describe('a prompt asks the sandbox', () => {
  test.each([
    ['Make it snow', {}],
    ['Make it snow [seconds: 40]', { seconds: 40 }],
    ['[SECONDS:0] snow', { seconds: 0 }],
    ['[ partial : 2 ]', { partial: 2 }],
    ['[busy]', { busy: 2 }],
    ['[busy: 4]', { busy: 4 }],
    ['[unknown]', { unknown: true }],
    ['[seconds: 5] and then [fail: service_error]', { seconds: 5, fail: 'service_error' }],
    ['[a sign] that says [busy bees] and [failure]', {}],
  ])('%s', (prompt, effects) => {
    expect(effectsOf(prompt)).toEqual(effects);
    expect(effectProblem(prompt)).toBeUndefined();
  });

  test.each(taskErrorCodes)('for a failure with each code that a task can have: %s', (code) => {
    expect(effectsOf(`[fail: ${code}]`)).toEqual({ fail: code });
  });
});

test.each([
  '[fail]',
  '[fail: nonsense]',
  '[seconds]',
  `[seconds: ${maxSandboxSeconds + 1}]`,
  '[seconds: -1]',
  '[seconds: 1.5]',
  '[partial: 0]',
  '[partial: two]',
  `[busy: ${maxSandboxBusy + 1}]`,
  '[unknown: 2]',
  'Make it snow [seconds: 5] [fail: nonsense]',
])('what the sandbox does not do is a problem that says what it does: %s', (prompt) => {
  expect(effectProblem(prompt)).toMatch(/^In test mode \[(fail|seconds|partial|busy|unknown)/);
});
