/**
 * Where a watched function stands still until its fate is decided. It is a thread of its own, so it
 * stops in the middle of a statement, as a process does that is killed.
 */
export type Gate = Int32Array<SharedArrayBuffer>;

const closed = 0;
const opened = 1;
const openedToDie = 2;

export const newGate = (): Gate => new Int32Array(new SharedArrayBuffer(4));

/** Waits in front of the gate; answers whether the call may be made but not outlived. */
export function waitAt(gate: Gate, ask: () => void): boolean {
  Atomics.store(gate, 0, closed);
  ask();
  Atomics.wait(gate, 0, closed);
  return Atomics.load(gate, 0) === openedToDie;
}

/** Waits for the end. */
export function stayAt(gate: Gate, tell: () => void): never {
  Atomics.store(gate, 0, closed);
  tell();
  for (;;) Atomics.wait(gate, 0, closed);
}

/** Lets the function make its call, and live on or not. */
export function openGate(gate: Gate, isToDie: boolean): void {
  Atomics.store(gate, 0, isToDie ? openedToDie : opened);
  Atomics.notify(gate, 0);
}
