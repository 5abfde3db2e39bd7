import type { Process } from './clock.ts';

/** A ledger with one account, as the simulated load uses it. */
export type SimulatedLedger = {
  /** Makes a sandbox of Lambda, with what it caches from one task to the next. */
  newSandbox(): Sandbox;
};

export type Sandbox = {
  /** Reserves the price of a task. Returns the settlement of that task, or undefined when the ledger gave up. */
  reserve(): Process<Settle | undefined>;
};

/** Settles a task. Returns false when the ledger gave up. */
export type Settle = () => Process<boolean>;
