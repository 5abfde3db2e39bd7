import type { Transferable } from 'node:worker_threads';
import type { FunctionDefinition } from '../template/read-functions.ts';

/**
 * What a sandbox runs before its bundle. A seam for tests, which give functions another clock or stop
 * them in the middle of their work; without it a sandbox runs the bundle and nothing else.
 */
export type Prelude = {
  /** A module that exports `install`. It is loaded in the sandbox's thread before the bundle. */
  readonly module: URL;
  /** The argument of `install`. The local stack does not read it. */
  readonly data: unknown;
  /** The parts of `data` that are transferred to the sandbox's thread and not copied: a `MessagePort`. */
  readonly transfer?: readonly Transferable[];
  /** Called whenever the sandbox gets an event, with its JSON. */
  readonly onEvent?: (payload: string) => void;
};

/**
 * The prelude of a new sandbox, or nothing. `kill` ends the sandbox, and no other, as if its process
 * were killed.
 */
export type PreludeOf = (definition: FunctionDefinition, kill: () => void) => Prelude | undefined;
