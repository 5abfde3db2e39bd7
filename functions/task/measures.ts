import type { Created } from './create-task.ts';
import { toCredits } from './money.ts';
import type { Settled } from './settle-task.ts';
import type { Ended, Running } from './task.ts';

/** A number that is kept for years and paid for by its name: never one of a caller or a task. */
type Measure = readonly [name: string, unit: 'Count' | 'Seconds', value: number];

/** What one event adds to the figures, and the code it ended with, if it failed. */
export type Measured = { readonly numbers: readonly Measure[]; readonly code?: string | undefined };

/** What a request for a task adds; one that was repeated adds nothing. */
export const created = ({ task, replayed }: Created): Measured => ({
  numbers: replayed
    ? []
    : [
        ['TaskCreated', 'Count', 1],
        ['CreditsReserved', 'Count', toCredits(task.reserved)],
      ],
});

/** What the end of a task adds; it ends once, so only the settlement that ended it does. */
export const settled = (settlement: Settled | undefined): Measured => {
  if (!settlement) return { numbers: [] };
  const { task, ended } = settlement;
  return {
    numbers: [...resultOf(ended), ...timesOf(task, ended)],
    code: ended.status === 'failed' ? ended.failure.code : undefined,
  };
};

function resultOf(ended: Ended): readonly Measure[] {
  if (ended.status === 'failed') {
    const failed: Measure = ['TaskFailed', 'Count', 1];
    // `service_error` is the one code that says: our fault, and neither the caller's nor the picture's.
    return ended.failure.code === 'service_error' ? [failed, ['BrokenTask', 'Count', 1]] : [failed];
  }
  return [
    ['TaskCompleted', 'Count', 1],
    ['ImagesMade', 'Count', ended.images.length],
    ['CreditsCharged', 'Count', toCredits(ended.charged)],
  ];
}

// Counted from the moment the workflow took it up: before it, uploads are the caller's own time.
function timesOf(task: Running, { startedAt, finishedAt }: Ended): readonly Measure[] {
  if (startedAt === undefined) return [];
  const whole: Measure = ['TaskSeconds', 'Seconds', (finishedAt - startedAt) / 1000];
  if (task.status === 'pending') return [whole];
  return [
    whole,
    ['WaitSeconds', 'Seconds', (task.submittedAt - startedAt) / 1000],
    ['ProviderSeconds', 'Seconds', (finishedAt - task.submittedAt) / 1000],
  ];
}
