import type { Judge } from '../rights/judge.ts';
import type { Credentials } from './secret.ts';
import type { Store } from './store.ts';

/** What it takes to let a request in. */
export type Gate = {
  readonly stores: ReadonlyMap<string, Store>;
  readonly credentials: readonly Credentials[];
  readonly judge: Judge;
  readonly now: () => number;
};
