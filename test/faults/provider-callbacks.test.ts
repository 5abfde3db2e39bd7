import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { EventFault } from '../support/faults/event-faults.ts';
import { auditMoney } from './audit.ts';
import { auditFaultCases, type FaultCase, mentions } from './fault-case.ts';
import { type FaultStack, openFaultStack } from './fault-stack.ts';
import { mapConcurrently, runScenario, waitForExecution } from './run-scenario.ts';
import { scenarioNamed } from './scenarios.ts';

// A provider's webhook gets lost, comes late, or comes twice. Each of these faults is injected into a task of its own.

const scenario = scenarioNamed('a success by URL');
const cases: readonly (readonly [label: string, fault: Omit<EventFault, 'source'>])[] = [
  ['is lost', { fault: 'drop' }],
  ['comes late', { fault: 'delay', delayMs: 8000 }],
  ['comes after the task has ended', { fault: 'delay', delayMs: 100_000 }],
  ['comes twice at once', { fault: 'duplicate' }],
  ['comes again after the task has ended', { fault: 'duplicate', delayMs: 20_000 }],
];

let stack: FaultStack;
let problems: readonly string[];

beforeAll(async () => {
  stack = await openFaultStack({ outdir: inject('outdir'), parameters: { Providers: 'evolink' } });
  stack.mockProvider.control(scenario.provider);
  const faultCases = await mapConcurrently(
    cases.length,
    cases,
    async ([label, fault]): Promise<FaultCase> => {
      const { promise: injected, resolve } = Promise.withResolvers<FaultCase['injected'][number]>();
      const task = await runScenario(stack, scenario, (taskId) =>
        resolve(
          stack.faults.breakEvent({ source: 'provider', ...fault, matching: mentions(taskId) }),
        ),
      );
      await waitForExecution(stack, task.id);
      return { ...task, label, injected: [await injected], allowedEnds: [scenario.end] };
    },
  );
  ({ problems } = await auditFaultCases(stack, faultCases));
}, 120_000);
afterAll(() => stack?.close());

test.each(cases)('a task ends as usual when the webhook of the provider %s', (label) => {
  expect(problems.filter((problem) => problem.startsWith(`${label}:`))).toEqual([]);
});

test('after all faults the balance and the entries of the account are right', async () => {
  expect(await auditMoney(stack)).toEqual([]);
});
