import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { providerAdapters } from '../../functions/adapters/providers/registry.ts';
import { formatCapacity } from '../../functions/domain/model/capacity.ts';
import { providerNames } from '../../functions/domain/model/catalogue.ts';
import { metricNamespace } from '../../functions/domain/model/metric-names.ts';
import { taskDeadlineMs } from '../../functions/domain/model/task.ts';
import { alarmingExecutions } from '../../functions/domain/tasks/ensure-workflow.ts';
import { functionsOf } from '../../local/aws/template/read-functions.ts';
import { until } from '../flow/open-stack.ts';
import { firedAlarms, type TestedAlarm } from '../support/alarms/evaluate-alarm.ts';
import { observedMetrics } from '../support/alarms/observed-metrics.ts';
import { stackAlarms } from '../support/alarms/stack-alarms.ts';
import {
  type ClosableProxy,
  closableProxy,
  providersBehind,
} from '../support/faults/closable-proxy.ts';
import { functionName } from '../support/faults/crash-injector.ts';
import { isWaitingForProvider, isWaitingForSlot } from './execution-events.ts';
import { mentions } from './fault-case.ts';
import { type FaultStack, openFaultStack } from './fault-stack.ts';
import { freeSlots, takeAllSlots } from './queue-stack.ts';
import { mapConcurrently, runScenario, waitForExecution } from './run-scenario.ts';
import { aDay, type Scenario, scenarioNamed } from './scenarios.ts';

// Each fault is played on the local stack, and the alarms of its template are evaluated over the metrics that the
// functions really emit. Hours pass between two faults, so that no alarm sees more than one.

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const speed = 6;

const byUrl = scenarioNamed('a success by URL');
const byUploads = scenarioNamed('a success by uploads');
const cancelled = scenarioNamed('a cancellation before the uploads');
const healthy = { seconds: 4, submit: 'ok', poll: 'ok', outcome: 'succeeded' } as const;
const notDelivered: Scenario = {
  ...byUrl,
  request: (one) => ({ image_urls: [one.imageUrl], callback_url: `${one.receiver.url}/down` }),
};
/** The caller never uploads the pictures that he has promised. */
const neverUploaded: Scenario = { ...byUploads, afterCreate: async () => undefined };

/** How many jobs each provider takes: more than tasks run here at a time. */
const slots = 20;
/** How long calls to DynamoDB take, in milliseconds. */
const dynamoDbLatency = { read: 0, write: 0, transaction: 0 };

const metrics = observedMetrics(() => Date.now());
let stack: FaultStack;
/** Between the functions and all providers. */
let toProviders: ClosableProxy;
let alarms: readonly TestedAlarm[];

beforeAll(async () => {
  toProviders = await closableProxy();
  stack = await openFaultStack({
    outdir: inject('outdir'),
    speed,
    parameters: {
      ...providersBehind(toProviders),
      ...Object.fromEntries(
        Object.values(providerAdapters).map(({ capacity }) => [
          capacity.name,
          formatCapacity({ running: slots }),
        ]),
      ),
    },
    dynamoDbLatency,
    callbackStatus: (path) => (path === '/down' ? 503 : 200),
    observer: metrics.observer,
  });
  await openProviders();
  alarms = stackAlarms(stack.context);
  metrics.observe({
    apiId: dimension('ApiId'),
    stateMachineArn: dimension('StateMachineArn'),
    context: stack.context,
  });
  // The first task has cold functions: it would be the slowest.
  await runHealthyTasks(1, byUploads);
});
afterAll(async () => {
  await stack?.close();
  await toProviders?.close();
});

const openProviders = () => toProviders.open(Number(new URL(stack.url).port));

/** The value of a dimension of one of the alarms. */
function dimension(name: string): string {
  const values = alarms.flatMap((alarm) => alarm.metrics.map((one) => one.dimensions[name]));
  const value = values.find((one) => one !== undefined);
  if (value === undefined) throw new Error(`no alarm has the dimension ${name}`);
  return value;
}

/** What callers do in ten minutes, a kind of task a minute. */
const tenMinutes = [
  ...[byUrl, byUploads, byUrl, cancelled, byUrl],
  ...[byUrl, byUploads, byUrl, cancelled, byUploads],
];

async function runHealthyTasks(count: number, scenario: Scenario): Promise<void> {
  stack.mockProvider.control(healthy);
  const ids = await startTasks(count, scenario);
  await Promise.all(ids.map((id) => waitForExecution(stack, id)));
  await until(stack.isIdle, Boolean);
  for (const id of ids) expect((await stack.taskItem(id))['status']).toBe(scenario.end.status);
}

const reconcileName = () =>
  functionsOf(stack.context).find((one) => functionName(one) === 'events/reconcile')?.name ?? '';

type Times = { readonly from: number; readonly to: number };

/** Runs tasks at the same time, and returns their ids when each has been created. */
async function startTasks(
  count: number,
  scenario: Scenario,
  beforeStart?: (taskId: string) => void,
): Promise<readonly string[]> {
  const tasks = await mapConcurrently(count, Array.from({ length: count }), () =>
    runScenario(stack, scenario, beforeStart),
  );
  return tasks.map(({ id }) => id);
}

/** Lets time pass until the tasks are over, with all that follows. */
const finish = (ids: readonly string[]) => stack.reconcileUntilDone(ids);

const atProvider = (ids: readonly string[]) =>
  Promise.all(ids.map((id) => stack.taskEvents.waitFor(id, isWaitingForProvider)));

/** As many requests to start the task fail: the SDK tries three times. */
const failStarts = (starts: number) => (taskId: string) => {
  stack.faults.breakRequest({
    kind: 'start',
    fault: 'fail',
    times: 3 * starts,
    matching: mentions(taskId),
  });
};

type Change = Parameters<FaultStack['mockProvider']['control']>[0];

const tasksWith = (count: number, change: Change) => async () => {
  stack.mockProvider.control(change);
  await finish(await startTasks(count, byUrl));
};

async function allJobsTimeOut(): Promise<void> {
  stack.mockProvider.control({ seconds: aDay });
  const ids = await startTasks(3, byUrl);
  await atProvider(ids);
  stack.clock.advance(taskDeadlineMs);
  await finish(ids);
}

/** No submit is taken for some minutes. The tasks wait, and complete afterwards. */
const noJobIsTaken = (begin: () => unknown, end: () => unknown) => async () => {
  await begin();
  const ids = await startTasks(3, byUrl);
  for (let minutes = 0; minutes < 8; minutes += 1) {
    await until(() => ids.every(waitsForSlot) && stack.lambda.isIdle(), Boolean);
    stack.clock.advance(minuteMs);
    await stack.reconcile();
  }
  await end();
  stack.clock.advance(minuteMs);
  await stack.reconcile();
  await finish(ids);
};

/** Whether the latest event of a task is that it waits for a slot. */
const waitsForSlot = (id: string) => stack.taskEvents.ofTask(id).slice(-1).some(isWaitingForSlot);

/** The polls of one task fail from the submit until after its deadline. */
const pollsFail = (begin: () => unknown, end: () => unknown) => async () => {
  const ids = await startTasks(1, byUrl);
  await atProvider(ids);
  await begin();
  stack.clock.advance(taskDeadlineMs + 2 * minuteMs);
  await stack.reconcile();
  await end();
  stack.clock.advance(3 * minuteMs);
  await stack.reconcile();
  await finish(ids);
};

async function executionsDie(): Promise<void> {
  stack.mockProvider.control({ seconds: 10 * 60 * speed });
  const ids = await startTasks(1, byUrl);
  const [id = ''] = ids;
  for (let number = 1; number <= alarmingExecutions; number += 1) {
    const name = number === 1 ? id : `${id}-${number}`;
    const isWaiting = () =>
      stack.executionEvents.some((one) => one.execution === name && isWaitingForProvider(one));
    await until(isWaiting, Boolean);
    stack.faults.endExecution(name, 'ABORTED');
    await until(
      () => stack.taskItem(id),
      ({ execution }) => execution === number + 1,
    );
    // The second execution starts at once, the later ones after a pause.
    if (number === 1) continue;
    stack.clock.advance(minuteMs / 2);
    await stack.reconcile();
  }
  stack.clock.advance(10 * minuteMs);
  await finish(ids);
}

async function functionsCrash(): Promise<void> {
  const ids = await startTasks(3, byUrl, (taskId) => {
    stack.faults.crash({
      function: 'workflow/submit-task',
      call: 1,
      when: 'before',
      times: 4,
      matching: mentions(taskId),
    });
  });
  await finish(ids);
}

async function eventsOfUploadsAreLost(): Promise<void> {
  const ids = await startTasks(1, byUploads, (taskId) => {
    stack.faults.breakEvent({ source: 's3', fault: 'drop', nth: 2, matching: mentions(taskId) });
  });
  await finish(ids);
}

/** Tasks wait because all slots are taken. `during` runs until slots are free. */
const inFullQueue = (count: number, during: (ids: readonly string[]) => unknown) => async () => {
  await takeAllSlots(stack, slots, { since: 'in a month', providers: providerNames });
  const ids = await startTasks(count, byUrl);
  await allWait(ids);
  await during(ids);
  // The slots of the first provider are enough for all tasks.
  await freeSlots(stack, slots);
  await stack.reconcile();
  await finish(ids);
  await freeSlots(stack, slots, providerNames);
  for (const id of ids) expect(await stack.taskItem(id)).toMatchObject({ status: 'completed' });
};

/** Time passes, after which the reconciler runs. */
const waitInQueue = (milliseconds: number) => async (ids: readonly string[]) => {
  stack.clock.advance(milliseconds);
  await stack.reconcile();
  await allWait(ids);
};

/** Waits until all of these tasks wait and no function runs, since time must not jump while one does. */
const allWait = (ids: readonly string[]) =>
  until(() => ids.every(waitsForSlot) && stack.lambda.isIdle(), Boolean);

/** A task that is handed a slot does not get the wake-up, so it does not take the slot up. */
async function wakesAreLost(ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    const { wakeToken } = await stack.taskItem(id);
    stack.faults.breakRequest({
      kind: 'task-token',
      fault: 'drop',
      matching: mentions(String(wakeToken)),
    });
  }
  await freeSlots(stack, slots);
  await stack.reconcile();
  await allWait(ids);
  stack.clock.advance(minuteMs);
}

async function slotsAreNotFreed(): Promise<void> {
  await takeAllSlots(stack, slots, { since: 'now', providers: providerNames });
  stack.clock.advance(5 * minuteMs);
  await stack.reconcile();
}

/** Longer than a response may take, and shorter than the functions wait for DynamoDB. */
const slowMs = 3100;

/** A caller sends a request every four minutes. Each one writes to DynamoDB, and the writes of the first ones are slow. */
const dynamoDbIsSlow = (slowRequests: number, requests: number) => async () => {
  for (let request = 0; request < requests; request += 1) {
    dynamoDbLatency.write = request < slowRequests ? slowMs : 0;
    const { status } = await stack.call('GET', '/v1/models').finally(() => {
      dynamoDbLatency.write = 0;
    });
    expect(status).toBe(200);
    stack.clock.advance(4 * minuteMs);
  }
};

type Fault = {
  readonly what: string;
  /** All alarms that the fault sets off, in the order of the template. */
  readonly alarms: readonly string[];
  readonly play: () => Promise<unknown>;
};

const faults: readonly Fault[] = [
  {
    what: 'no provider takes a job',
    alarms: ['ProviderFailing'],
    play: noJobIsTaken(
      () => stack.mockProvider.control({ submit: 'busy' }),
      () => stack.mockProvider.control({ submit: 'ok' }),
    ),
  },
  {
    what: 'no provider can be connected to',
    alarms: ['ProviderFailing'],
    play: noJobIsTaken(() => toProviders.close(), openProviders),
  },
  { what: 'no job is finished in time', alarms: ['ProviderFailing'], play: allJobsTimeOut },
  {
    what: 'the provider fails all jobs by a fault of its own',
    alarms: ['BrokenTask'],
    play: tasksWith(3, { outcome: 'failed' }),
  },
  {
    what: 'a function of the workflow crashes for three tasks',
    alarms: ['BrokenTask'],
    play: functionsCrash,
  },
  {
    what: 'the provider does not say whether it has taken three jobs',
    alarms: ['BrokenTask', 'UnknownSubmit'],
    play: tasksWith(3, { submit: 'lost' }),
  },
  {
    what: 'the provider rejects our key',
    alarms: ['ProviderAccountRejected'],
    play: tasksWith(1, { submit: 'refused', code: 'InvalidApiKey' }),
  },
  {
    what: 'polls are not answered for longer than the deadline',
    alarms: ['TaskPastDeadline'],
    play: pollsFail(
      () => stack.mockProvider.control({ poll: 'busy' }),
      () => stack.mockProvider.control({ poll: 'ok' }),
    ),
  },
  {
    what: 'the provider of a job cannot be connected to for longer than the deadline',
    alarms: ['TaskPastDeadline'],
    play: pollsFail(() => toProviders.close(), openProviders),
  },
  {
    what: 'five executions of a task are aborted',
    alarms: ['ExhaustedTask', 'ExecutionFailed'],
    play: executionsDie,
  },
  {
    what: 'nobody starts five tasks',
    alarms: ['UnstartedTask'],
    play: async () => finish(await startTasks(5, byUrl, failStarts(1))),
  },
  {
    what: 'the reconciler cannot start three tasks either',
    alarms: ['ReconcilerFailure'],
    play: async () => finish(await startTasks(3, byUrl, failStarts(2))),
  },
  {
    what: 'the event of an upload is lost',
    alarms: ['UploadEventLost'],
    play: eventsOfUploadsAreLost,
  },
  {
    what: 'a receiver of callbacks is down for five tasks',
    alarms: ['UndeliveredCallback'],
    play: async () => finish(await startTasks(5, notDelivered)),
  },
  {
    what: 'five tasks are not woken when they are handed their slots',
    alarms: ['QueueStuck'],
    play: inFullQueue(5, wakesAreLost),
  },
  {
    what: 'a task is handed no slot for half a day',
    alarms: ['QueueStuck'],
    play: inFullQueue(1, waitInQueue(12 * hourMs)),
  },
  {
    what: 'tasks end and do not free their slots',
    alarms: ['QueueStuck'],
    play: slotsAreNotFreed,
  },
  {
    what: 'DynamoDB is slow for a quarter of an hour',
    alarms: ['ApiSlow'],
    play: dynamoDbIsSlow(5, 5),
  },
];

/** Events that must set off no alarm: faults of callers, and faults that are over soon. */
const noFaults: readonly Fault[] = [
  {
    what: 'five callers do not upload their pictures',
    alarms: [],
    play: async () => finish(await startTasks(5, neverUploaded)),
  },
  {
    what: 'the provider rejects five prompts',
    alarms: [],
    play: tasksWith(5, { outcome: 'failed', code: 'DataInspectionFailed' }),
  },
  {
    what: 'two tasks wait for their slots for eleven hours',
    alarms: [],
    play: inFullQueue(2, waitInQueue(11 * hourMs)),
  },
  {
    what: 'DynamoDB is slow for one request of five',
    alarms: [],
    play: dynamoDbIsSlow(1, 5),
  },
];

/** Plays a fault with a provider that is healthy otherwise. Returns when the fault began and when all was over. */
async function play({ play: run }: Fault): Promise<Times> {
  await until(stack.isIdle, Boolean);
  stack.clock.advance(4 * hourMs);
  stack.mockProvider.control(healthy);
  const from = stack.clock.now();
  await run();
  await until(stack.isIdle, Boolean);
  return { from, to: stack.clock.now() };
}

// While a fault is played, time jumps, and the reconciler does not run in all of its minutes. The local stack knows no
// throttles.
const notObserved = [
  'ReconcilerStopped',
  'FunctionThrottled',
  'WorkflowThrottled',
  'TableThrottled',
  'IndexThrottled',
];
const observed = () => alarms.filter(({ name }) => !notObserved.includes(name));

// The last lines of a function may come a moment after it has ended.
const expectAlarms = (
  times: Times,
  names: readonly string[],
  among: readonly TestedAlarm[] = observed(),
) => expect.poll(() => firedAlarms(among, metrics.data, times), { timeout: 5000 }).toEqual(names);

describe('alarms', () => {
  const playedAt = new Map<Fault, Times>();

  test('are silent for a quarter of an hour in which fifty tasks end and nothing goes wrong', async () => {
    await until(stack.isIdle, Boolean);
    const from = stack.clock.now();
    for (const scenario of [...tenMinutes, ...tenMinutes.map(() => undefined)]) {
      if (scenario) await runHealthyTasks(5, scenario);
      stack.clock.advance(minuteMs);
      await stack.reconcile();
      metrics.invoked(reconcileName());
    }
    const to = stack.clock.now();
    const ended = metrics.data.filter(
      ({ metricName, at }) => metricName === 'TaskSeconds' && at >= from,
    );

    expect(ended).toHaveLength(50);
    await expectAlarms({ from: from + 10 * minuteMs, to }, [], alarms);
    await expectAlarms({ from, to }, []);
  }, 240_000);

  test.each([...faults, ...noFaults])(
    'when $what, these fire and no other: $alarms',
    async (fault) => {
      const times = await play(fault);
      playedAt.set(fault, times);

      await expectAlarms(times, fault.alarms);
    },
    240_000,
  );

  test('are silent again in the hours after each fault', () => {
    for (const [{ what }, { to }] of playedAt) {
      const later = { from: to + 3 * hourMs + minuteMs, to: to + 4 * hourMs - minuteMs };

      expect([what, ...firedAlarms(observed(), metrics.data, later)]).toEqual([what]);
    }
    expect(playedAt.size).toBe(faults.length + noFaults.length);
  });

  test('over our own metrics each have a fault that sets them off', () => {
    const ours = alarms.filter((alarm) =>
      alarm.metrics.some((one) => one.namespace === metricNamespace),
    );
    const played = new Set(faults.flatMap((fault) => fault.alarms));

    expect(ours.map(({ name }) => name).filter((name) => !played.has(name))).toEqual([]);
    expect(ours.map(({ name }) => name)).toEqual([
      'TaskPastDeadline',
      'ExhaustedTask',
      'BrokenTask',
      'ProviderFailing',
      'UnstartedTask',
      'UploadEventLost',
      'UnknownSubmit',
      'ProviderAccountRejected',
      'UndeliveredCallback',
      'ReconcilerFailure',
      'ApiSlow',
      'QueueStuck',
    ]);
  });
});
