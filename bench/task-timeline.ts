import type { ExecutionEvent } from '../local/aws/step-functions/history.ts';

export type TimedEvent = ExecutionEvent & { readonly at: number };

/** What one task needed to wait for its provider. */
export type TaskTimeline = {
  readonly transitions: number;
  /** How long the provider took, in milliseconds of simulated time. */
  readonly providerMs: number;
  /** From the end of the job to the poll that noticed it, in milliseconds of simulated time. */
  readonly detectionMs: number;
  /** From that poll, or from the provider's webhook, to the first byte of the callback, in real milliseconds. */
  readonly processingMs: number;
};

type Timestamps = {
  /** When the provider accepted the job. */
  readonly submittedAt: number;
  /** When the provider finished it. */
  readonly finishedAt: number;
  /** When the callback arrived. */
  readonly callbackAt: number;
  /** The speed of the local stack. */
  readonly speed: number;
};

const isEntry = ({ type }: ExecutionEvent) => type.endsWith('StateEntered');
const isAttempt = ({ type }: ExecutionEvent) => /^(Task|LambdaFunction)Scheduled$/.test(type);
const isWakeUp = (event: ExecutionEvent | undefined) => event?.error === 'Woken';

/**
 * Derives the timeline of a task from the history of its execution. The speed of the local stack divides only waits, so
 * only the time before the detection is multiplied by the speed.
 */
export function timelineOf(
  history: readonly TimedEvent[],
  { submittedAt, finishedAt, callbackAt, speed }: Timestamps,
): TaskTimeline {
  const lastPoll = history.findLastIndex((event) => isEntry(event) && isPoll(event));
  const polledAt = history[lastPoll]?.at ?? Number.NaN;
  const wasWoken = history.slice(lastEntryBefore(history, lastPoll), lastPoll).some(isWakeUp);
  const detectionMs = wasWoken ? 0 : Math.max(0, polledAt - finishedAt);
  return {
    transitions: transitionsIn(history),
    providerMs: (finishedAt - submittedAt) * speed,
    detectionMs: detectionMs * speed,
    processingMs: callbackAt - finishedAt - detectionMs,
  };
}

/** Transitions as Step Functions bills them: every state that is entered, and every retry. */
function transitionsIn(history: readonly ExecutionEvent[]): number {
  const entries = history.filter(isEntry);
  const tasks = entries.filter(({ type }) => type.startsWith('Task'));
  return entries.length + history.filter(isAttempt).length - tasks.length;
}

const isPoll = ({ state }: ExecutionEvent) => state === 'PollTask';

const lastEntryBefore = (history: readonly TimedEvent[], index: number): number =>
  history.slice(0, index).findLastIndex(isEntry);
