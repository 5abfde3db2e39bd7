import type { Observed } from '../local/step-functions/history.ts';

export type Seen = Observed & { readonly at: number };

/** What waiting has cost one task. */
export type Journey = {
  readonly transitions: number;
  /** How long the provider took, in milliseconds of the task's time. */
  readonly providerMs: number;
  /** From the end of the job to the question that learned of it, in milliseconds of the task's time. */
  readonly unnoticedMs: number;
  /** From there, or from the provider's call, to the callback's first byte, in real milliseconds. */
  readonly workingMs: number;
};

type Ends = {
  /** When the provider had the job, when it had finished, and when the caller was told. */
  readonly submittedAt: number;
  readonly finishedAt: number;
  readonly toldAt: number;
  readonly speed: number;
};

const isEntry = ({ type }: Observed) => type.endsWith('StateEntered');
const isTry = ({ type }: Observed) => /^(Task|LambdaFunction)Scheduled$/.test(type);
const isWakeUp = (event: Observed | undefined) => event?.error === 'Woken';

/**
 * What the history of an execution says. Only waits are divided by the laptop's speed, so only the
 * time that nobody looked is multiplied by it again.
 */
export function journeyOf(history: readonly Seen[], ends: Ends): Journey {
  const { submittedAt, finishedAt, toldAt, speed } = ends;
  const question = history.findLastIndex((event) => isEntry(event) && isPoll(event));
  const askedAt = history[question]?.at ?? Number.NaN;
  const wasWoken = history.slice(lastEntryBefore(history, question), question).some(isWakeUp);
  const unnoticed = wasWoken ? 0 : Math.max(0, askedAt - finishedAt);
  return {
    transitions: transitionsIn(history),
    providerMs: (finishedAt - submittedAt) * speed,
    unnoticedMs: unnoticed * speed,
    workingMs: toldAt - finishedAt - unnoticed,
  };
}

/** As they are billed: every state that is entered, and every further try. */
function transitionsIn(history: readonly Observed[]): number {
  const entries = history.filter(isEntry);
  const tasks = entries.filter(({ type }) => type.startsWith('Task'));
  return entries.length + history.filter(isTry).length - tasks.length;
}

const isPoll = ({ state }: Observed) => state === 'PollTask';

const lastEntryBefore = (history: readonly Seen[], index: number): number =>
  history.slice(0, index).findLastIndex(isEntry);
