import { setTimeout } from 'node:timers/promises';
import { seededRandom } from '../../local/providers/images/random.ts';
import { type AuditedTask, auditMoney, auditTasks } from '../faults/audit.ts';
import { crashPointsOf } from '../faults/crash-points.ts';
import { isWaitingForSlot } from '../faults/execution-events.ts';
import type { FaultStack } from '../faults/fault-stack.ts';
import { auditQueue, freeSlots, letTimePass, takeAllSlots } from '../faults/queue-stack.ts';
import { mapConcurrently, runScenario, waitForExecution } from '../faults/run-scenario.ts';
import {
  cancel,
  scenarioNamed,
  smallImage,
  type TaskEnd,
  uploadAll,
  uploadForm,
} from '../faults/scenarios.ts';
import { type Counts, increment, injectFault } from './inject-fault.ts';
import { planTask, type TaskPlan } from './plan.ts';

export type SoakOptions = {
  readonly tasks: number;
  readonly concurrency: number;
  readonly seed: number;
  /** How many jobs the provider takes; without it there is no limit. */
  readonly capacity?: number | undefined;
};

export type SoakResult = {
  readonly problems: readonly string[];
  readonly ended: Counts;
  /** By kind of fault, how many were injected and how many happened. */
  readonly injected: Counts;
  readonly happened: Counts;
  readonly reconcilerRuns: number;
};

/** Creates tasks, injects faults of all kinds, waits until all tasks have ended, and audits them. */
export async function soak(stack: FaultStack, options: SoakOptions): Promise<SoakResult> {
  const crashPoints = [
    ...(await recordCrashPoints(stack, 'a success by URL')),
    ...(await recordCrashPoints(stack, 'a success by uploads')),
    ...(options.capacity === undefined ? [] : await recordInQueue(stack, options.capacity)),
  ];
  const random = seededRandom(options.seed);
  const plans = Array.from({ length: options.tasks }, (_, index) =>
    planTask(index + 1, random, crashPoints),
  );
  // A task may wait for a slot that a crash has left taken.
  const stopTime = letTimePass(stack);
  const tasks = await mapConcurrently(options.concurrency, plans, (plan) => runTask(stack, plan));
  await stopTime();
  const reconcilerRuns = await stack.reconcileUntilDone(tasks.map(({ id }) => id));
  const ended: Counts = new Map();
  const injected: Counts = new Map();
  const happened: Counts = new Map();
  for (const { plan, hasHappened } of tasks) {
    if (!plan.fault) continue;
    increment(injected, plan.fault);
    if (hasHappened()) increment(happened, plan.fault);
  }
  const problems = await auditTasks(stack, tasks);
  for (const { id } of tasks) increment(ended, await endOf(stack, id));
  return {
    ended,
    injected,
    happened,
    reconcilerRuns,
    problems: [
      ...tasks.flatMap(({ id, plan }, index) =>
        (problems[index] ?? []).map((problem) => `${id} (${plan.fault ?? 'no fault'}): ${problem}`),
      ),
      ...(await auditMoney(stack)),
      ...(await auditQueue(stack)),
    ],
  };
}

async function recordCrashPoints(stack: FaultStack, name: string) {
  const scenario = scenarioNamed(name);
  stack.mockProvider.control(scenario.provider);
  const before = stack.invocations.length;
  const { id } = await runScenario(stack, scenario);
  await stack.reconcileUntilDone([id]);
  return crashPointsOf(stack.invocations.slice(before));
}

/** The crash points of a task that waits for a slot and is handed one. */
async function recordInQueue(stack: FaultStack, capacity: number) {
  await takeAllSlots(stack, capacity, { since: 'in a month' });
  const scenario = scenarioNamed('a success by URL');
  stack.mockProvider.control(scenario.provider);
  const before = stack.invocations.length;
  const { id } = await runScenario(stack, scenario);
  await stack.taskEvents.waitFor(id, isWaitingForSlot);
  await freeSlots(stack, capacity);
  await stack.reconcile();
  await stack.reconcileUntilDone([id]);
  const points = crashPointsOf(stack.invocations.slice(before));
  if (!points.some(({ function: name }) => name === 'workflow/await-slot'))
    throw new Error('no task has waited for a slot');
  return points;
}

type SoakedTask = AuditedTask & { readonly plan: TaskPlan; readonly hasHappened: () => boolean };

async function runTask(stack: FaultStack, plan: TaskPlan): Promise<SoakedTask> {
  const { number, n, byUploads, failedCallbacks, cancelAfterMs } = plan;
  const { prompt, size } = smallImage(`task ${number} of the soak`);
  const hasHappened = Promise.withResolvers<() => boolean>();
  const created = await stack.createTask(
    {
      prompt,
      size,
      n,
      ...(byUploads ? { image_uploads: [uploadForm] } : { image_urls: [stack.imageUrl] }),
      ...(failedCallbacks !== undefined && {
        callback_url: `${stack.receiver.url}/${failedCallbacks}`,
      }),
    },
    (taskId) => hasHappened.resolve(injectFault(stack, plan, taskId)),
  );
  const { id } = created;
  const cancelling = cancelAfterMs !== undefined && cancelLater(stack, id, cancelAfterMs);
  if (byUploads) await uploadAll(stack, created);
  await cancelling;
  await waitForExecution(stack, id);
  return {
    id,
    prompt,
    plan,
    hasHappened: await hasHappened.promise,
    allowedEnds: endsOf(plan),
    allowedCallbacks: ['delivered', 'undelivered'],
  };
}

async function cancelLater(stack: FaultStack, id: string, afterMs: number): Promise<void> {
  await setTimeout(afterMs);
  await cancel(stack, { id });
}

const codes = ['service_error', 'generation_timeout', 'resource_exhausted', 'unknown_error'];

// A fault may happen to another task than the one it was planned for, so every kind of end is allowed.
const endsOf = ({ n, cancelAfterMs }: TaskPlan): readonly TaskEnd[] => [
  ...Array.from({ length: n }, (_, index) => ({ status: 'completed', images: index + 1 }) as const),
  ...[...codes, ...(cancelAfterMs === undefined ? [] : ['request_cancelled'])].map(
    (code) => ({ status: 'failed', images: 0, code }) as const,
  ),
];

async function endOf(stack: FaultStack, id: string): Promise<string> {
  const { status, failure } = await stack.taskItem(id);
  const { code } = (failure ?? {}) as { code?: string };
  return code ? `${status}: ${code}` : String(status);
}
