/** By how many milliseconds a clock is ahead of the machine's: one number that all threads see. */
export type Ahead = Int32Array<SharedArrayBuffer>;

/** A clock that can be put forward, so that nobody has to wait for what is due in an hour. */
export type LaptopClock = {
  readonly ahead: Ahead;
  now(): number;
  /** Lets so many milliseconds pass at once. Timers that run are not shortened. */
  forward(milliseconds: number): void;
};

export function laptopClock(): LaptopClock {
  const machine = Date.now;
  const ahead: Ahead = new Int32Array(new SharedArrayBuffer(4));
  return {
    ahead,
    now: () => machine() + Atomics.load(ahead, 0),
    forward: (milliseconds) => void Atomics.add(ahead, 0, Math.max(0, Math.ceil(milliseconds))),
  };
}

/**
 * From now on this thread lives by that clock: every `Date` is as far ahead. Bundles know no other way
 * to be told the time, and whoever checks their signatures must have the same.
 */
export function liveBy(ahead: Ahead): void {
  const machine = Date.now;
  const now = () => machine() + Atomics.load(ahead, 0);
  globalThis.Date = new Proxy(Date, {
    construct: (target, given, called) =>
      Reflect.construct(target, given.length > 0 ? given : [now()], called),
    get: (target, name, receiver) => (name === 'now' ? now : Reflect.get(target, name, receiver)),
  });
}
