/** How long to wait after an attempt. Full jitter, so that writers whose transactions were in conflict do not try again at the same moment. */
export const backOffMs = (attempt: number, maxMs: number, random = Math.random): number =>
  random() * Math.min(maxMs, 20 * 2 ** attempt);

/** Waits after an attempt. */
export const backOff = (attempt: number, maxMs: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, backOffMs(attempt, maxMs)));
