/** Waits after an attempt. Full jitter, so that writers that met once do not meet again. */
export const backOff = (attempt: number, mostMs: number): Promise<void> =>
  new Promise((resolve) =>
    setTimeout(resolve, Math.random() * Math.min(mostMs, 20 * 2 ** attempt)),
  );
