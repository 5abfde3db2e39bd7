import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type Body, until, upload } from '../flow/open-stack.ts';
import type { EventFault } from '../support/faults/event-faults.ts';
import type { InjectedFault } from '../support/faults/fault-queue.ts';
import type { RequestFault } from '../support/faults/request-faults.ts';
import { auditMoney } from './audit.ts';
import { isWaitingForProvider } from './execution-events.ts';
import { auditFaultCases, type FaultCase, mentions } from './fault-case.ts';
import { type FaultStack, openFaultStack } from './fault-stack.ts';
import { concurrentTasks, mapConcurrently, runScenario, waitForExecution } from './run-scenario.ts';
import { completed, type Scenario, scenarioNamed, type TaskEnd } from './scenarios.ts';

// Events and requests that get lost, come late, or come twice. Each of these faults is injected into a task of its own.

const byUrl = scenarioNamed('a success by URL');
const byUploads = scenarioNamed('a success by uploads');
const cancelling = scenarioNamed('a cancellation while it waits at the provider');
/** All three attempts of the SDK fail. */
const refused = { fault: 'fail', times: 3 } as const;
const lost = { fault: 'lose-response', times: 3 } as const;
const late = { fault: 'delay', delayMs: 4000 } as const;
const twice = { fault: 'duplicate' } as const;

let stack: FaultStack;
/** The recoveries that the reconciler reports. */
const recovered: { readonly taskId: string; readonly code: string }[] = [];

beforeAll(async () => {
  stack = await openFaultStack({
    outdir: inject('outdir'),
    observer: {
      onLog: (_source, line) => {
        if (!line.includes('"task.recovered"')) return;
        const { taskId, code } = JSON.parse(line);
        recovered.push({ taskId, code });
      },
    },
  });
});
afterAll(() => stack?.close());

type InjectFault = (taskId: string) => InjectedFault;

async function runCase(label: string, scenario: Scenario, inject: InjectFault): Promise<FaultCase> {
  const injected: InjectedFault[] = [];
  const task = await runScenario(stack, scenario, (taskId) => injected.push(inject(taskId)));
  await waitForExecution(stack, task.id);
  return { ...task, label, injected, allowedEnds: [scenario.end] };
}

describe('an event or a start', () => {
  const s3 = (fault: Omit<EventFault, 'source'>) => (taskId: string) =>
    stack.faults.breakEvent({ source: 's3', ...fault, matching: mentions(taskId) });
  const start = (fault: Omit<RequestFault, 'kind'>) => (taskId: string) =>
    stack.faults.breakRequest({ kind: 'start', ...fault, matching: mentions(taskId) });
  const secondStart = (taskId: string) => {
    const fault = start({ ...refused, nth: 2 })(taskId);
    void stack.taskEvents
      .waitFor(taskId, isWaitingForProvider)
      .then(() => stack.faults.endExecution(taskId, 'ABORTED'));
    return fault;
  };

  // Who makes the task go on: the reconciler, or the workflow itself.
  type Recovery = 'reconciler' | 'workflow';
  const cases: readonly (readonly [label: string, Scenario, InjectFault, Recovery])[] = [
    [
      'the event of the first upload is lost',
      byUploads,
      s3({ fault: 'drop', nth: 1 }),
      'reconciler',
    ],
    [
      'the event of the last upload is lost',
      byUploads,
      s3({ fault: 'drop', nth: 2 }),
      'reconciler',
    ],
    ['the event of the first upload is late', byUploads, s3({ ...late, nth: 1 }), 'workflow'],
    ['the event of the last upload is late', byUploads, s3({ ...late, nth: 2 }), 'workflow'],
    ['the event of the first upload comes twice', byUploads, s3({ ...twice, nth: 1 }), 'workflow'],
    ['the event of the last upload comes twice', byUploads, s3({ ...twice, nth: 2 }), 'workflow'],
    [
      'the event of the last upload comes again late',
      byUploads,
      s3({ ...late, ...twice, nth: 2 }),
      'workflow',
    ],
    ['the start by the create request fails', byUrl, start(refused), 'reconciler'],
    ['the start by the last upload fails', byUploads, start(refused), 'workflow'],
    ['the response to the start is lost', byUrl, start(lost), 'workflow'],
    ['the response to the start by an upload is lost', byUploads, start(lost), 'workflow'],
    ['it is started twice', byUrl, start(twice), 'workflow'],
    ['it is started twice by an upload', byUploads, start(twice), 'workflow'],
    ['it is started late', byUrl, start(late), 'workflow'],
    ['the start of its second execution fails', byUrl, secondStart, 'workflow'],
  ];
  const recoveries = new Map<string, Recovery>();
  let problems: readonly string[] = [];

  beforeAll(async () => {
    stack.mockProvider.control(byUrl.provider);
    const faultCases = await mapConcurrently(concurrentTasks, cases, ([label, scenario, inject]) =>
      runCase(label, scenario, inject),
    );
    await until(stack.isIdle, Boolean);
    for (const { id, label } of faultCases) {
      const { finishedAt } = await stack.taskItem(id);
      recoveries.set(label, finishedAt === undefined ? 'reconciler' : 'workflow');
    }
    ({ problems } = await auditFaultCases(stack, faultCases));
  }, 120_000);

  test.each(cases)('a task ends as usual when %s', (label, _scenario, _inject, recovery) => {
    expect(problems.filter((problem) => problem.startsWith(`${label}:`))).toEqual([]);
    expect(recoveries.get(label)).toBe(recovery);
  });
});

describe('a wake-up', () => {
  const wakeUpFaults = [refused, lost, twice, late];
  const wakeUp = (fault: Omit<RequestFault, 'kind'>) => () =>
    stack.faults.breakRequest({ kind: 'task-token', ...fault });

  const expectHarmless = async (scenario: Scenario, inject: InjectFault) => {
    await until(stack.isIdle, Boolean);
    stack.mockProvider.control(scenario.provider);
    expect(await auditFaultCases(stack, [await runCase('it', scenario, inject)])).toEqual({
      problems: [],
      reconcilerRuns: 0,
    });
  };

  test.each(wakeUpFaults)('with the fault "$fault" only delays a cancellation', async (fault) => {
    await expectHarmless(cancelling, wakeUp(fault));
  });

  test('that is not sent because CancelTask crashes only delays the cancellation to the next poll', async () => {
    await expectHarmless(cancelling, (taskId) =>
      stack.faults.crash({
        function: 'api/cancel-task',
        callName: 'states SendTaskFailure',
        call: 1,
        when: 'before',
        matching: mentions(taskId),
      }),
    );
  });

  test.each(wakeUpFaults)(
    'with the fault "$fault" only delays the end of the polling',
    async (fault) => {
      await expectHarmless(byUrl, wakeUp(fault));
    },
  );
});

describe('a task whose upload forms have expired', () => {
  const picture = readFileSync('cli/sample.jpg');
  const uploadsNotMade: TaskEnd = { status: 'failed', images: 0, code: 'invalid_parameters' };
  const uploadSome = (count: number) => async (_stack: FaultStack, created: Body) => {
    for (const form of created.uploads.slice(0, count))
      expect(await upload(form, picture)).toBe(204);
  };

  test.each<[string, number, number, TaskEnd, string]>([
    ['goes on when no event of its uploads came', 2, 2, completed, 'upload-event-lost'],
    [
      'fails and is refunded when one picture was not uploaded',
      1,
      0,
      uploadsNotMade,
      'uploads-expired',
    ],
    [
      'fails and is refunded when the event of its only upload is lost, too',
      1,
      1,
      uploadsNotMade,
      'uploads-expired',
    ],
    ['fails and is refunded when no picture was uploaded', 0, 0, uploadsNotMade, 'uploads-expired'],
  ])('%s, by one run of the reconciler', async (_what, uploads, lostEvents, end, code) => {
    await until(stack.isIdle, Boolean);
    stack.mockProvider.control(byUploads.provider);
    const injected: InjectedFault[] = [];
    const scenario = { ...byUploads, afterCreate: uploadSome(uploads), end };
    const task = await runScenario(stack, scenario, (taskId) => {
      for (let nth = 1; nth <= lostEvents; nth += 1) {
        const matching = mentions(taskId);
        injected.push(stack.faults.breakEvent({ source: 's3', fault: 'drop', matching }));
      }
    });
    await until(stack.isIdle, Boolean);
    const { createdAt, nextCheckAt } = await stack.taskItem(task.id);

    expect(Number(nextCheckAt) - Number(createdAt)).toBe(16 * 60_000);
    expect(
      await auditFaultCases(stack, [{ ...task, label: 'it', injected, allowedEnds: [end] }]),
    ).toEqual({ problems: [], reconcilerRuns: 1 });
    await expect
      .poll(() => recovered.filter(({ taskId }) => taskId === task.id))
      .toEqual([{ taskId: task.id, code }]);
  });
});

test('when a run of the reconciler is lost, the next run recovers the task', async () => {
  await until(stack.isIdle, Boolean);
  stack.mockProvider.control(byUrl.provider);
  const faultCase = await runCase('it', byUrl, (taskId) => {
    stack.faults.breakRequest({ kind: 'start', ...refused, matching: mentions(taskId) });
    return stack.faults.breakEvent({ source: 'schedule', fault: 'drop' });
  });

  expect(await auditFaultCases(stack, [faultCase])).toEqual({
    problems: [],
    reconcilerRuns: expect.any(Number),
  });
});

test('after all faults the balance and the entries of the account are right', async () => {
  expect(await auditMoney(stack)).toEqual([]);
});
