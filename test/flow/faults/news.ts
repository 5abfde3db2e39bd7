import type { Observed } from '../../../local/step-functions/history.ts';

/** What happens to executions, kept by task, and told to whoever waits for it. */
export type News = {
  hear(event: Observed): void;
  of(taskId: string): readonly Observed[];
  /** How many executions run. */
  running(): number;
  runs(taskId: string): boolean;
  /** Settles as soon as something of this kind has happened to the task, perhaps never. */
  when(taskId: string, isIt: (event: Observed) => boolean): Promise<void>;
};

/** A task's second execution is called after it, with a number behind. */
const taskOf = (execution: string): string =>
  execution.replace(/^(task-unified-\d+-\w+)-\d+$/, '$1');

export const isClosing = ({ type }: Observed): boolean => /^Execution(?!Started)/.test(type);

export function newsOfExecutions(): News {
  const kept = new Map<string, Observed[]>();
  const open = new Map<string, string>();
  const waiting = new Set<(taskId: string, event: Observed) => void>();
  const of = (taskId: string) => kept.get(taskId) ?? [];
  return {
    hear(event) {
      const taskId = taskOf(event.execution);
      kept.set(taskId, of(taskId).concat(event));
      if (event.type === 'ExecutionStarted') open.set(event.execution, taskId);
      if (isClosing(event)) open.delete(event.execution);
      for (const tell of waiting) tell(taskId, event);
    },
    of,
    running: () => open.size,
    runs: (taskId) => [...open.values()].includes(taskId),
    when(taskId, isIt) {
      if (of(taskId).some(isIt)) return Promise.resolve();
      const { promise, resolve } = Promise.withResolvers<void>();
      const tell = (about: string, event: Observed) => {
        if (about !== taskId || !isIt(event)) return;
        waiting.delete(tell);
        resolve();
      };
      waiting.add(tell);
      return promise;
    },
  };
}
