import type { Seen } from './journey.ts';
import { median } from './quantile.ts';

const begins = /^(Task|LambdaFunction)Started$/;
// Whatever comes first: a function that waits for its token has returned when it is submitted.
const ends = /^(TaskSubmitted|(Task|LambdaFunction)(Succeeded|Failed|TimedOut))$/;

export type Runs = { readonly count: number; readonly typicalMs: number };

/** How often each state's function has run, and how long it did typically. */
export function runsOf(histories: readonly (readonly Seen[])[]): ReadonlyMap<string, Runs> {
  const durations = new Map<string, number[]>();
  for (const history of histories) {
    for (const [index, { type, state = '', at }] of history.entries()) {
      if (!begins.test(type)) continue;
      const end = history.slice(index).find((later) => ends.test(later.type));
      durations.set(state, [...(durations.get(state) ?? []), (end?.at ?? at) - at]);
    }
  }
  return new Map([...durations].map(([state, all]) => [state, typical(all)]));
}

/** The median: a cold start, or a machine that is busy with something else, is not what is paid for. */
export const typical = (milliseconds: readonly number[]): Runs => ({
  count: milliseconds.length,
  typicalMs: median(milliseconds),
});

/** What they are billed for with so much memory. */
export const gigabyteSeconds = ({ count, typicalMs }: Runs, memoryMb: number): number =>
  count * (Math.ceil(typicalMs) / 1000) * (memoryMb / 1024);
