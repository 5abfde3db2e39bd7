import { internetTimeOf, lastPoll } from './internet-time.ts';
import { median } from './statistics.ts';
import type { TimedEvent } from './task-timeline.ts';

const startEvent = /^(Task|LambdaFunction)Started$/;
// The first of these ends a run. A function of a state that waits for a task token has returned at TaskSubmitted.
const endEvent = /^(TaskSubmitted|(Task|LambdaFunction)(Succeeded|Failed|TimedOut))$/;

export type FunctionRuns = { readonly count: number; readonly typicalMs: number };

/** The runs of a state's function that do the same work, and how long each of them waits for the servers of others. */
type StateRuns = FunctionRuns & { readonly state: string; readonly internetMs: number };

/**
 * How often the function of each state has run, and how long it would typically take on AWS: the time here, plus the time
 * that it waits there for the servers of others. The last poll of a task does more than the other polls, so it is counted
 * separately.
 */
export function runsOf(histories: readonly (readonly TimedEvent[])[]): readonly StateRuns[] {
  const byKind = Map.groupBy(histories.flatMap(runsIn), ({ state, isLastPoll }) =>
    isLastPoll ? lastPoll : state,
  );
  return [...byKind].map(([kind, runs]) => {
    const [{ state } = { state: kind }] = runs;
    const internetMs = internetTimeOf(kind);
    const durations = runs.map(({ milliseconds }) => milliseconds);
    return { state, internetMs, ...typical(durations, internetMs) };
  });
}

type Run = { readonly state: string; readonly milliseconds: number; readonly isLastPoll: boolean };

const runsIn = (history: readonly TimedEvent[]): readonly Run[] =>
  history.flatMap(({ type, state = '', at }, index) => {
    if (!startEvent.test(type)) return [];
    const end = history.slice(index).find((later) => endEvent.test(later.type));
    const isLastPoll = state === 'PollTask' && endsWait(end);
    return [{ state, milliseconds: (end?.at ?? at) - at, isLastPoll }];
  });

/** A poll that uses its task token before it returns, and does not fail, is the last one. */
const endsWait = (end: TimedEvent | undefined): boolean => end?.type === 'TaskSucceeded';

/** The count and the median. The median ignores cold starts and moments when the machine was busy. */
export const typical = (milliseconds: readonly number[], internetMs = 0): FunctionRuns => ({
  count: milliseconds.length,
  typicalMs: median(milliseconds) + internetMs,
});

/** The gigabyte-seconds that Lambda bills for these runs with this memory. */
export const gigabyteSeconds = ({ count, typicalMs }: FunctionRuns, memoryMb: number): number =>
  count * (Math.ceil(typicalMs) / 1000) * (memoryMb / 1024);
