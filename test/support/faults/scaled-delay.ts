import { setTimeout } from 'node:timers/promises';

/** Waits; resolves to whether the local stack is still running afterwards. */
export type Delay = (milliseconds: number) => Promise<boolean>;

/** Delays that the speed of the local stack divides; `close` ends all of them early. */
export function scaledDelays(speed: number) {
  const closing = new AbortController();
  const { signal } = closing;
  const delay: Delay = (milliseconds) =>
    setTimeout(milliseconds / speed, true, { signal }).catch(() => false);
  return { delay, close: () => closing.abort() };
}
