/** What the state machine waits for: before the first question, and between the further ones. */
export type Waits = { readonly waitSeconds: number; readonly pollSeconds: number };

// Most tasks should not be done before the first question, and a late answer should cost little:
// a tenth of the usual duration.
const firstShare = 0.8;
const pollShare = 0.1;
const pollBounds = { least: 2, most: 10 };

/**
 * The schedule for a task that usually takes this long, and has been at the provider for so long
 * already. Whole seconds, as the state machine wants them.
 */
export const waitsFor = (usualSeconds: number, elapsedSeconds = 0): Waits => ({
  waitSeconds: Math.max(1, Math.round(usualSeconds * firstShare - elapsedSeconds)),
  pollSeconds: Math.min(
    pollBounds.most,
    Math.max(pollBounds.least, Math.round(usualSeconds * pollShare)),
  ),
});
