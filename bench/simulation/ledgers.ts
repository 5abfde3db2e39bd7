import type { Process } from './clock.ts';

/** A ledger with one account, as the load sees it. */
export type SimulatedLedger = {
  /** A sandbox of Lambda, with what it remembers from one task to the next. */
  newSandbox(): Sandbox;
};

export type Sandbox = {
  /** Reserves the price of a task. Undefined when the ledger gave up, else the settlement of that task. */
  reserve(): Process<Settle | undefined>;
};

/** Settles a task. Returns whether it was settled: else the ledger gave up. */
export type Settle = () => Process<boolean>;
