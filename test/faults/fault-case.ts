import type { InjectedFault } from '../support/faults/fault-queue.ts';
import { auditTasks } from './audit.ts';
import type { FaultStack } from './fault-stack.ts';
import type { SentTask, TaskEnd } from './scenarios.ts';

/** A task and the faults that were injected for it. */
export type FaultCase = SentTask & {
  readonly label: string;
  readonly allowedEnds: readonly TaskEnd[];
  readonly injected: readonly InjectedFault[];
};

/** Whether an event or a request mentions this task. */
export const mentions = (taskId: string) => (message: unknown) =>
  JSON.stringify(message).includes(taskId);

/** Lets time pass until the tasks are done. Returns the problems found, and how often the reconciler ran. */
export async function auditFaultCases(stack: FaultStack, cases: readonly FaultCase[]) {
  const reconcilerRuns = await stack.reconcileUntilDone(cases.map(({ id }) => id));
  const problemsByTask = await auditTasks(stack, cases);
  const problems = cases.flatMap(({ label, injected }, index) => [
    ...(injected.every((fault) => fault.hasHappened())
      ? []
      : [`${label}: the fault did not happen`]),
    ...(problemsByTask[index] ?? []).map((problem) => `${label}: ${problem}`),
  ]);
  return { problems, reconcilerRuns };
}
