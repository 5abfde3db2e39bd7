/** How long the state machine waits: before the first poll, and between the further ones. */
export type PollSchedule = { readonly waitSeconds: number; readonly pollSeconds: number };

// Chosen by the bench (docs/performance.md): with tasks that take between half and twice the typical time,
// 19 of 20 results are noticed within five seconds, and a task needs ten state transitions.
const firstShare = 0.65;
const pollShare = 0.13;
const pollBounds = { min: 2, max: 10 };

// For a provider with a webhook, polling is only the fallback for a webhook that gets lost. It is bounded on
// both sides: a result that is found late is recorded as if the provider had taken that long.
const fallbackShare = 2;
const fallbackBounds = { min: 60, max: 120 };

type ProviderTimes = {
  /** How long such a task typically takes. */
  readonly typicalSeconds: number;
  /** How long the provider has already had the job. */
  readonly elapsedSeconds?: number;
  readonly supportsWebhook?: boolean | undefined;
};

/** The schedule for a task at a provider. Whole seconds, as the state machine wants them. */
export function pollSchedule({
  typicalSeconds,
  elapsedSeconds = 0,
  supportsWebhook,
}: ProviderTimes): PollSchedule {
  const [first, then] = supportsWebhook
    ? [within(fallbackBounds, typicalSeconds * fallbackShare), fallbackBounds.min]
    : [typicalSeconds * firstShare, within(pollBounds, typicalSeconds * pollShare)];
  return {
    waitSeconds: Math.max(1, Math.round(first - elapsedSeconds)),
    pollSeconds: Math.round(then),
  };
}

/** The longest interval between two polls, in seconds, unless the provider asks for a longer one. */
const maxIntervalSeconds = 120;
/** The longest `Retry-After` that is waited for, in seconds: five minutes. */
const maxRetryAfterSeconds = 300;
/** How much earlier than the next poll a poll is over, in milliseconds. */
const pollMarginMs = 500;

/** The schedule after a poll without a response: twice the interval, or the provider's `Retry-After`. */
export function slowerSchedule(pollSeconds: number, retryAfterSeconds = 0): PollSchedule {
  const interval = Math.max(pollSeconds, Math.min(2 * pollSeconds, maxIntervalSeconds));
  return {
    waitSeconds: Math.max(interval, Math.min(retryAfterSeconds, maxRetryAfterSeconds)),
    pollSeconds: interval,
  };
}

/** The schedule after a poll with a response: the normal interval; `undefined` when the present one is not longer. */
export function normalSchedule(
  pollSeconds: number,
  times: ProviderTimes,
): PollSchedule | undefined {
  const normal = pollSchedule(times).pollSeconds;
  return pollSeconds > normal ? { waitSeconds: normal, pollSeconds: normal } : undefined;
}

/** How long a poll may wait for its response, so that it is over before the next one begins. */
export const pollDeadlineMs = (pollSeconds: number): number =>
  Math.max(1000, pollSeconds * 1000) - pollMarginMs;

const within = ({ min, max }: { min: number; max: number }, seconds: number): number =>
  Math.min(max, Math.max(min, seconds));
