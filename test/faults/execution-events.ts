import type { ExecutionEvent } from '../../local/aws/step-functions/history.ts';

/** The events of all executions, by task. */
export type ExecutionEvents = {
  record(event: ExecutionEvent): void;
  ofTask(taskId: string): readonly ExecutionEvent[];
  /** How many executions are running. */
  runningCount(): number;
  isRunning(taskId: string): boolean;
  /** Resolves once the task has had an event that matches. It may stay pending for ever. */
  waitFor(taskId: string, matches: (event: ExecutionEvent) => boolean): Promise<void>;
};

/** The second execution of a task has the name of the first, followed by a number. */
const taskOf = (execution: string): string =>
  execution.replace(/^(task-unified-\d+-\w+)-\d+$/, '$1');

/** Whether the event is the end of an execution, in whatever way. */
export const isEnd = ({ type }: ExecutionEvent): boolean => /^Execution(?!Started)/.test(type);

/**
 * Whether the task waits for its provider, which has its job. A slow function may save its task token when the
 * first wait is over already: then the event comes from the first poll.
 */
export const isWaitingForProvider = ({ type, state }: ExecutionEvent): boolean =>
  type === 'TaskSubmitted' && state !== 'AwaitSlot';

/** Whether the task waits for a slot: the function that enters the queue has returned. */
export const isWaitingForSlot = ({ type, state }: ExecutionEvent): boolean =>
  type === 'TaskSubmitted' && state === 'AwaitSlot';

export function recordExecutionEvents(): ExecutionEvents {
  const eventsByTask = new Map<string, ExecutionEvent[]>();
  const running = new Map<string, string>();
  const listeners = new Set<(taskId: string, event: ExecutionEvent) => void>();
  const ofTask = (taskId: string) => eventsByTask.get(taskId) ?? [];
  return {
    record(event) {
      const taskId = taskOf(event.execution);
      eventsByTask.set(taskId, ofTask(taskId).concat(event));
      if (event.type === 'ExecutionStarted') running.set(event.execution, taskId);
      if (isEnd(event)) running.delete(event.execution);
      for (const listener of listeners) listener(taskId, event);
    },
    ofTask,
    runningCount: () => running.size,
    isRunning: (taskId) => [...running.values()].includes(taskId),
    waitFor(taskId, matches) {
      if (ofTask(taskId).some(matches)) return Promise.resolve();
      const { promise, resolve } = Promise.withResolvers<void>();
      const listener = (eventTaskId: string, event: ExecutionEvent) => {
        if (eventTaskId !== taskId || !matches(event)) return;
        listeners.delete(listener);
        resolve();
      };
      listeners.add(listener);
      return promise;
    },
  };
}
