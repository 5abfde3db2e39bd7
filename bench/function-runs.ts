import { internetTimeOf } from './internet-time.ts';
import { median } from './statistics.ts';
import type { TimedEvent } from './task-timeline.ts';

const startEvent = /^(Task|LambdaFunction)Started$/;
// Whichever comes first. A function that waits for its task token has returned at TaskSubmitted.
const endEvent = /^(TaskSubmitted|(Task|LambdaFunction)(Succeeded|Failed|TimedOut))$/;

export type FunctionRuns = { readonly count: number; readonly typicalMs: number };

/**
 * How often the function of each state has run, and how long it would typically take on AWS: as long as here, and what
 * it waits for servers of others there.
 */
export function runsOf(
  histories: readonly (readonly TimedEvent[])[],
): ReadonlyMap<string, FunctionRuns> {
  const durations = new Map<string, number[]>();
  for (const history of histories) {
    for (const [index, { type, state = '', at }] of history.entries()) {
      if (!startEvent.test(type)) continue;
      const end = history.slice(index).find((later) => endEvent.test(later.type));
      durations.set(state, [...(durations.get(state) ?? []), (end?.at ?? at) - at]);
    }
  }
  return new Map(
    [...durations].map(([state, all]) => [state, typical(all, internetTimeOf(state))]),
  );
}

/** The count and the median. The median ignores cold starts and moments when the machine was busy. */
export const typical = (milliseconds: readonly number[], internetMs = 0): FunctionRuns => ({
  count: milliseconds.length,
  typicalMs: median(milliseconds) + internetMs,
});

/** The gigabyte-seconds that Lambda bills for these runs with this memory. */
export const gigabyteSeconds = ({ count, typicalMs }: FunctionRuns, memoryMb: number): number =>
  count * (Math.ceil(typicalMs) / 1000) * (memoryMb / 1024);
