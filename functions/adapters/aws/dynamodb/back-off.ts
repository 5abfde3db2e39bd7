/** How long to wait after an attempt. Full jitter, so that writers that met once do not meet again. */
export const backOffMs = (attempt: number, maxMs: number, random = Math.random): number =>
  random() * Math.min(maxMs, 20 * 2 ** attempt);

/** Waits after an attempt. */
export const backOff = (attempt: number, maxMs: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, backOffMs(attempt, maxMs)));
