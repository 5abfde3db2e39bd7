/** After so long without a touch the key is forgotten, in all tabs. */
const idleMs = 30 * 60_000;

/** Whether nobody has used the page for too long. Timers do not run while a computer sleeps, so the clock is read. */
export const isIdle = (activeAt: number, now: number): boolean => now - activeAt > idleMs;

/** The time of the last touch as it was stored; without one, it was too long ago. */
export const activeAtOf = (stored: string | null): number =>
  stored === null || !/^\d+$/.test(stored) ? 0 : Number(stored);
