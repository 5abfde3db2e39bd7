import { setTimeout } from 'node:timers/promises';

/** Waits; answers whether there still is a laptop afterwards. */
export type Later = (milliseconds: number) => Promise<boolean>;

export function delays(speed: number) {
  const closing = new AbortController();
  const { signal } = closing;
  const later: Later = (milliseconds) =>
    setTimeout(milliseconds / speed, true, { signal }).catch(() => false);
  return { later, close: () => closing.abort() };
}
