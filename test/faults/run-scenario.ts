import { setTimeout } from 'node:timers/promises';
import { until } from '../flow/open-stack.ts';
import type { FaultStack } from './fault-stack.ts';
import { type Scenario, type SentTask, smallImage } from './scenarios.ts';

let runs = 0;

/** Creates a task and does what the scenario says. `beforeStart` gets its id before its workflow begins. */
export async function runScenario(
  stack: FaultStack,
  scenario: Scenario,
  beforeStart?: (taskId: string) => void,
): Promise<SentTask> {
  runs += 1;
  const { prompt, size } = smallImage(`${scenario.name}, number ${runs}`);
  const callback_url = `${stack.receiver.url}/`;
  const created = await stack.createTask(
    { prompt, size, callback_url, ...scenario.request(stack) },
    beforeStart,
  );
  await scenario.afterCreate?.(stack, created);
  return { id: created.id, prompt };
}

/** Waits until no execution of the task is running. Gives up on one that has not started after 1.5 s. */
export async function waitForExecution({ taskEvents }: FaultStack, taskId: string): Promise<void> {
  await Promise.race([taskEvents.waitFor(taskId, () => true), setTimeout(1500)]);
  await until(() => !taskEvents.isRunning(taskId), Boolean);
}

/** How many tasks run at the same time. With two files at a time this keeps two cores nearly busy. */
export const concurrentTasks = 8;

/** Maps the items in their order, with at most `concurrency` of them at a time. */
export async function mapConcurrently<T, R>(
  concurrency: number,
  items: readonly T[],
  act: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  const left = items.entries();
  const work = async () => {
    for (const [index, item] of left) results[index] = await act(item);
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return results;
}
