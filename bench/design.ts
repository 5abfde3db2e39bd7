import type { Painter } from '../local/painter/server.ts';
import type { Observed } from '../local/step-functions/history.ts';
import type { Seen } from './journey.ts';

type Order = {
  /** Also its prompt, by which the painter knows it. */
  readonly name: string;
  readonly image: string;
  readonly callbackUrl: string;
};

/** A way to wait for a provider, at work. */
export type Design = {
  readonly painter: Painter;
  /** Begins a task; answers the name of its execution. */
  start(order: Order): Promise<string>;
  historyOf(execution: string): readonly Seen[];
  close(): Promise<void>;
};

/** Keeps the histories of all executions, with the time at which each event was seen. */
export function histories() {
  const all = new Map<string, Seen[]>();
  return {
    hear(event: Observed): void {
      const history = all.get(event.execution) ?? [];
      history.push({ ...event, at: Date.now() });
      all.set(event.execution, history);
    },
    historyOf: (execution: string): readonly Seen[] => all.get(execution) ?? [],
  };
}
