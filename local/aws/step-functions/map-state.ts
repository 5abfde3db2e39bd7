import type { Branch, MapState } from './definition.ts';
import type { EventThread } from './events.ts';
import { readValue, type Scope } from './paths.ts';
import type { Run } from './run.ts';
import { outputOf, selectInput } from './states.ts';
import { abandoned, runtimeFailure } from './task-failure.ts';

type RunBranch = (branch: Branch, input: unknown, run: Run) => Promise<unknown>;

/** AWS runs at most this many iterations of an inline Map at a time. */
const maxConcurrency = 40;

/** Runs the ItemProcessor of a Map for every item. Returns the output of the state. */
export async function runMap(
  name: string,
  state: MapState,
  scope: Scope,
  run: Run,
  runBranch: RunBranch,
) {
  const selected = selectInput(state, scope);
  const items = itemsOf(state, selected);
  run.events.record('MapStateStarted', name, { length: items.length });
  const iterations = new Iterations(name, run);
  const runIteration = (item: unknown, index: number) => {
    const itemContext = { Map: { Item: { Index: index, Value: item } } };
    return iterations.run(index, (iteration) => {
      const context = { ...Object(scope.context), ...itemContext };
      const input = state.ItemSelector
        ? state.ItemSelector({ data: selected.data, context })
        : item;
      return runBranch(state.ItemProcessor, input, {
        ...iteration,
        context: { ...run.context, ...itemContext },
      });
    });
  };
  const concurrency = Math.min(state.MaxConcurrency || maxConcurrency, maxConcurrency);
  const results = await mapConcurrently(concurrency, items, runIteration);
  iterations.throwFailure();
  run.events.record('MapStateSucceeded', name);
  return outputOf(state, scope, results);
}

function itemsOf({ ItemsPath }: MapState, scope: Scope): readonly unknown[] {
  const items = ItemsPath ? readValue(ItemsPath, scope) : scope.data;
  if (Array.isArray(items)) return items;
  throw runtimeFailure(`The items at ${ItemsPath?.text ?? '$'} are not an array`);
}

/** The iterations of one attempt of a Map. The first one that fails stops all others. */
class Iterations {
  readonly #name: string;
  readonly #run: Run;
  readonly #stop = new AbortController();
  readonly #running = new Map<number, EventThread>();
  #failure: { readonly error: unknown } | undefined;

  constructor(name: string, run: Run) {
    this.#name = name;
    this.#run = run;
  }

  /** Runs one iteration. Never rejects: `throwFailure` does it, when all have stopped. */
  async run(index: number, runStates: (iteration: Run) => Promise<unknown>): Promise<unknown> {
    const signal = AbortSignal.any([this.#run.signal, this.#stop.signal]);
    if (signal.aborted) return undefined;
    const events = this.#run.events.fork(signal);
    this.#running.set(index, events);
    events.record('MapIterationStarted', this.#name, { name: this.#name, index });
    try {
      const output = await runStates({ ...this.#run, events, signal });
      events.record('MapIterationSucceeded', this.#name, { name: this.#name, index });
      this.#run.events.lastId = events.lastId;
      return output;
    } catch (error) {
      if (!signal.aborted) this.#fail(index, events, error);
      return undefined;
    } finally {
      this.#running.delete(index);
    }
  }

  throwFailure(): void {
    this.#run.signal.throwIfAborted();
    if (this.#failure) throw this.#failure.error;
  }

  #fail(index: number, { lastId }: EventThread, error: unknown): void {
    this.#failure = { error };
    this.#running.delete(index);
    // All of these events name the last event of the failed iteration as the one before them.
    const record = (type: string, state: string, details = {}) => {
      this.#run.events.lastId = lastId;
      this.#run.events.record(type, state, details);
    };
    for (const [other, { current }] of this.#running) {
      record('MapIterationAborted', this.#name, { name: this.#name, index: other });
      if (current) record(`${current.type}StateAborted`, current.name);
    }
    record('MapIterationFailed', this.#name, { name: this.#name, index });
    record('MapStateFailed', this.#name);
    this.#stop.abort(abandoned());
  }
}

/** Maps the items with so many at a time, in the order of the items. */
async function mapConcurrently<T>(
  concurrency: number,
  items: readonly T[],
  run: (item: T, index: number) => Promise<unknown>,
): Promise<readonly unknown[]> {
  const results = new Array<unknown>(items.length);
  const queue = items.entries();
  const worker = async () => {
    for (const [index, item] of queue) results[index] = await run(item, index);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return results;
}
