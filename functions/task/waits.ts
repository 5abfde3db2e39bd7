/** What the state machine waits for: before the first question, and between the further ones. */
export type Waits = { readonly waitSeconds: number; readonly pollSeconds: number };

// Chosen by the bench (docs/performance.md): with these, of tasks that take now half and now twice as
// long, all but one in twenty are noticed within five seconds, and ten transitions are enough.
const firstShare = 0.65;
const pollShare = 0.13;
const pollBounds = { least: 2, most: 10 };

// With a provider that calls when it is done the questions are a net for the calls that get lost. It
// is bounded on both sides: what it catches late is learned from as if it had taken so long.
const netShare = 2;
const netBounds = { least: 60, most: 120 };

type Awaited = {
  /** How long such a task usually takes. */
  readonly usualSeconds: number;
  /** How long the provider has had it already. */
  readonly elapsedSeconds?: number;
  readonly callsBack?: boolean | undefined;
};

/** The schedule for a task at a provider. Whole seconds, as the state machine wants them. */
export function waitsFor({ usualSeconds, elapsedSeconds = 0, callsBack }: Awaited): Waits {
  const [first, then] = callsBack
    ? [within(netBounds, usualSeconds * netShare), netBounds.least]
    : [usualSeconds * firstShare, within(pollBounds, usualSeconds * pollShare)];
  return {
    waitSeconds: Math.max(1, Math.round(first - elapsedSeconds)),
    pollSeconds: Math.round(then),
  };
}

const within = ({ least, most }: { least: number; most: number }, seconds: number): number =>
  Math.min(most, Math.max(least, seconds));
