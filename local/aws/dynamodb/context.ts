import type { Engine } from './dynalite.ts';
import type { ItemsInFlight } from './items-in-flight.ts';

/** What an operation on items works with. */
export type Context = {
  readonly engine: Engine;
  readonly inFlight: ItemsInFlight;
  /** Is called by a transaction between its checks and its writes: other operations run in the meantime. */
  readonly prepared: () => Promise<void>;
};
