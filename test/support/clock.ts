/** By how many milliseconds a clock is ahead of the machine's: one number that all threads share. */
export type ClockOffset = Int32Array<SharedArrayBuffer>;

/** A clock that can be advanced, so that no test has to wait for an hour. */
export type FakeClock = {
  readonly offset: ClockOffset;
  now(): number;
  /** Lets time pass at once. Timers that are already running are not shortened. */
  advance(milliseconds: number): void;
};

export function fakeClock(): FakeClock {
  const machineNow = Date.now;
  const offset: ClockOffset = new Int32Array(new SharedArrayBuffer(4));
  return {
    offset,
    now: () => machineNow() + Atomics.load(offset, 0),
    advance: (milliseconds) => void Atomics.add(offset, 0, Math.max(0, Math.ceil(milliseconds))),
  };
}

/**
 * Puts this thread under the clock: from now on every `Date` has its offset. Bundles read the time from
 * `Date` only, and the services that check their signatures must read the same time.
 * @returns a function that puts the thread back under the clock that it had
 */
export function installClock(offset: ClockOffset): () => void {
  const machineDate = Date;
  const machineNow = Date.now;
  const now = () => machineNow() + Atomics.load(offset, 0);
  globalThis.Date = new Proxy(Date, {
    construct: (target, given, newTarget) =>
      Reflect.construct(target, given.length > 0 ? given : [now()], newTarget),
    get: (target, name, receiver) => (name === 'now' ? now : Reflect.get(target, name, receiver)),
  });
  return () => {
    globalThis.Date = machineDate;
  };
}
