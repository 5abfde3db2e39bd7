import { setTimeout } from 'node:timers/promises';
import { mentions } from '../faults/fault-case.ts';
import type { FaultStack } from '../faults/fault-stack.ts';
import type { InjectedFault } from '../support/faults/fault-queue.ts';
import type { FaultKind, TaskPlan } from './plan.ts';

/** Numbers of occurrences, by what occurred. */
export type Counts = Map<string, number>;

export const increment = (counts: Counts, key: string): Counts =>
  counts.set(key, (counts.get(key) ?? 0) + 1);

/** Injects a fault. The result says whether it happens; undefined for a fault that always happens. */
type InjectFault = (
  stack: FaultStack,
  plan: TaskPlan,
  taskId: string,
) => InjectedFault | Promise<boolean> | undefined;

const refused = { fault: 'fail', times: 3 } as const;
const lost = { fault: 'lose-response', times: 3 } as const;
const setProvider =
  (change: Parameters<FaultStack['mockProvider']['control']>[0]): InjectFault =>
  ({ mockProvider }) => {
    mockProvider.control(change);
    return undefined;
  };
const recoverers = ['events/reconcile', 'events/execution-ended'] as const;

// A fault that does not name the task applies to the next request or event of any task.
const faultsByKind: Readonly<Record<FaultKind, InjectFault>> = {
  'function crashes': ({ faults }, { crashPoint }, id) =>
    faults.crash({ ...crashPoint, matching: mentions(id) }),
  'function crashes at every attempt': ({ faults }, { crashPoint }, id) =>
    faults.crash({
      function: crashPoint.function,
      call: 1,
      when: 'before',
      times: 4,
      matching: mentions(id),
    }),
  'CreateTask crashes': ({ faults }, { chance }) =>
    faults.crash({
      function: 'api/create-task',
      call: upTo(8, chance),
      when: beforeOrAfter(chance),
    }),
  'recovery function crashes': ({ faults }, { chance, number }) =>
    faults.crash({
      function: recoverers[number % 2] ?? recoverers[0],
      call: upTo(8, chance),
      when: beforeOrAfter(chance),
    }),
  'upload event is lost': ({ faults }, _plan, id) =>
    faults.breakEvent({ source: 's3', fault: 'drop', matching: mentions(id) }),
  'upload event comes twice': ({ faults }, _plan, id) =>
    faults.breakEvent({ source: 's3', fault: 'duplicate', delayMs: 2000, matching: mentions(id) }),
  'start fails': ({ faults }, _plan, id) =>
    faults.breakRequest({ kind: 'start', ...refused, matching: mentions(id) }),
  'response to the start is lost': ({ faults }, _plan, id) =>
    faults.breakRequest({ kind: 'start', ...lost, matching: mentions(id) }),
  'start comes twice': ({ faults }, _plan, id) =>
    faults.breakRequest({ kind: 'start', fault: 'duplicate', matching: mentions(id) }),
  'wake-up fails': ({ faults }) => faults.breakRequest({ kind: 'task-token', ...refused }),
  'response to the wake-up is lost': ({ faults }) =>
    faults.breakRequest({ kind: 'task-token', ...lost }),
  'wake-up is lost': ({ faults }) => faults.breakRequest({ kind: 'task-token', fault: 'drop' }),
  'wake-up comes twice': ({ faults }) =>
    faults.breakRequest({ kind: 'task-token', fault: 'duplicate' }),
  'execution is aborted': (stack, { chance }, id) => endExecution(stack, id, 'ABORTED', chance),
  'execution is aborted and its event lost': (stack, { chance }, id) => {
    stack.faults.breakEvent({ source: 'execution', fault: 'drop', matching: mentions(id) });
    return endExecution(stack, id, 'ABORTED', chance);
  },
  'execution times out': (stack, { chance }, id) => endExecution(stack, id, 'TIMED_OUT', chance),
  'run of the reconciler is lost': ({ faults }) =>
    faults.breakEvent({ source: 'schedule', fault: 'drop' }),
  'response of the provider is lost': setProvider({ submit: 'lost', times: 1 }),
  'provider is busy': setProvider({ submit: 'busy', poll: 'busy', times: 2 }),
  'provider generates fewer images': setProvider({ outcome: 'partial', times: 1 }),
  'provider fails': setProvider({ outcome: 'failed', times: 1 }),
};

/** Injects the planned fault of a task. The returned function says, at the end, whether it has happened. */
export function injectFault(stack: FaultStack, plan: TaskPlan, taskId: string): () => boolean {
  const injected = plan.fault && faultsByKind[plan.fault](stack, plan, taskId);
  if (injected && 'hasHappened' in injected) return injected.hasHappened;
  let hasHappened = injected === undefined; // the mock provider always does what it is set to
  void injected?.then((happened) => {
    hasHappened = happened;
  });
  return () => hasHappened;
}

const upTo = (max: number, chance: number): number => 1 + Math.floor(chance * max);
const beforeOrAfter = (chance: number) => ((chance * 1000) % 1 < 0.5 ? 'before' : 'after');

// Ends the execution after a random time. The execution may be over by then.
async function endExecution(
  { faults, taskEvents }: FaultStack,
  taskId: string,
  how: 'ABORTED' | 'TIMED_OUT',
  chance: number,
): Promise<boolean> {
  await taskEvents.waitFor(taskId, ({ type }) => type === 'ExecutionStarted');
  await setTimeout(chance * 6000);
  if (!taskEvents.isRunning(taskId)) return false;
  try {
    faults.endExecution(taskId, how);
    return true;
  } catch {
    return false; // the next execution of the task is running by now
  }
}
