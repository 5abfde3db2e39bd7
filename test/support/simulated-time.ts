/** Random numbers that are the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Event = { readonly at: number; readonly order: number; readonly run: () => void };

/**
 * Discrete events for asynchronous code. Time passes only in `sleep`. Everything that follows from one event without a
 * `sleep` happens before the next event.
 */
export function simulatedTime(start: number) {
  const events: Event[] = []; // the latest first
  let now = start;
  let order = 0;
  const add = (milliseconds: number, run: () => void): void => {
    order += 1;
    const event = { at: now + Math.max(0, milliseconds), order, run };
    events.splice(placeOf(events, event), 0, event);
  };
  return {
    now: () => now,
    /** Calls `run` after this time. */
    after: add,
    sleep: (milliseconds: number): Promise<void> =>
      new Promise((resolve) => add(milliseconds, resolve)),
    /** Lets everything happen until this time, or until it is done. */
    async runUntil(end: number, isDone: () => boolean = () => false): Promise<void> {
      while (!isDone() && (events.at(-1)?.at ?? Number.POSITIVE_INFINITY) <= end) {
        const event = events.pop();
        now = event?.at ?? now;
        event?.run();
        await new Promise((resolve) => setImmediate(resolve)); // everything that follows from the event
      }
    },
  };
}

/** The index of the first event that comes before this one. */
function placeOf(events: readonly Event[], event: Event): number {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = events[middle];
    if (other && other.at <= event.at) high = middle;
    else low = middle + 1;
  }
  return low;
}
