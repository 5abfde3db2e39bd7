import type { ExecutionEvent } from '../local/aws/step-functions/history.ts';
import type { MockProvider } from '../local/providers/server.ts';
import type { TimedEvent } from './task-timeline.ts';

type TaskRequest = {
  /** Also the prompt, which identifies the job at the mock provider. */
  readonly name: string;
  readonly image: string;
  readonly callbackUrl: string;
};

/** A running implementation of waiting for a provider. */
export type Design = {
  readonly mockProvider: Pick<MockProvider, 'url' | 'control'>;
  /** Starts a task; returns the name of its execution. */
  start(request: TaskRequest): Promise<string>;
  historyOf(execution: string): readonly TimedEvent[];
  close(): Promise<void>;
};

/** Records the histories of all executions, with the time of each event. */
export function recordHistories() {
  const histories = new Map<string, TimedEvent[]>();
  return {
    record(event: ExecutionEvent): void {
      const history = histories.get(event.execution) ?? [];
      history.push({ ...event, at: Date.now() });
      histories.set(event.execution, history);
    },
    historyOf: (execution: string): readonly TimedEvent[] => histories.get(execution) ?? [],
  };
}
