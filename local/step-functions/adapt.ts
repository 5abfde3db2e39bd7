import * as z from 'zod';
import type { Catcher, Definition, Retrier, State, Task, Wait } from './definition.ts';
import { timeout } from './failure.ts';
import { neverSeconds } from './pace.ts';

/** One stay in a state, from its entry to its exit, with as many attempts as its Retry allows. */
export type Stay = {
  /** Called before the Parameters of each attempt are evaluated, so that they find a fresh token. */
  attempted(): void;
  /** The name of the error that the last attempt ended with. */
  lastError(): string | undefined;
};

type Enter = (name: string, state: State) => Stay;

/**
 * The definition as the engine (exactly version 3.0.0) gets it for one execution. The engine has no
 * hooks that come before the Parameters, but it reads `States[name]` once for every entry and
 * `InputPath` once for every attempt: those two are ours.
 */
export function adapt(definition: Definition, speed: number, enter: Enter) {
  const States = {};
  for (const [name, state] of Object.entries(definition.States)) {
    Object.defineProperty(States, name, { get: () => watched(state, enter(name, state), speed) });
  }
  return { StartAt: definition.StartAt, States };
}

const Enclosed = z.object({ parameters: z.unknown(), beside: z.unknown() });

/** What a handler was given, taken apart again: the Parameters and what was evaluated beside them. */
export const open = (state: Task | Wait, given: unknown): z.infer<typeof Enclosed> =>
  pathBeside(state) ? Enclosed.parse(given) : { parameters: given, beside: undefined };

const watched = (state: State, stay: Stay, speed: number): object =>
  Object.defineProperty(fieldsOf(state, stay, speed), 'InputPath', {
    get() {
      stay.attempted();
      return state.InputPath === '$' ? undefined : state.InputPath;
    },
  });

function fieldsOf(state: State, stay: Stay, speed: number): object {
  if (state.Type === 'Task') return taskFields(state, stay, speed);
  if (state.Type === 'Wait') return waitFields(state);
  // Without an error the engine would make one up.
  return state.Type === 'Fail' ? { Error: '', Cause: '', ...explicit(state) } : explicit(state);
}

const taskFields = (task: Task, stay: Stay, speed: number) => ({
  ...explicit(task),
  ...parametersOf(task),
  TimeoutSeconds: neverSeconds, // an attempt has its own; the engine's default is a minute
  ...(task.Retry && { Retry: task.Retry.map((rule) => matching(paced(rule, speed), stay)) }),
  ...(task.Catch && { Catch: task.Catch.map((rule) => matching(rule, stay)) }),
});

// The engine's Wait cannot be paced, so a Wait becomes a Task whose handler waits.
const waitFields = (wait: Wait) => ({
  ...explicit(wait),
  ...parametersOf(wait),
  Type: 'Task',
  TimeoutSeconds: neverSeconds,
});

const defaultIsWhole = new Set(['InputPath', 'OutputPath', 'ResultPath']);

// A `$` that says what is true anyway is left out: the engine would write a field of that name, and
// finds no value in a null.
const explicit = (fields: object) =>
  Object.fromEntries(
    Object.entries(fields).filter(([name, value]) => value !== '$' || !defaultIsWhole.has(name)),
  );

const pathBeside = (state: Task | Wait): string | undefined =>
  state.Type === 'Task' ? state.TimeoutSecondsPath : (state.SecondsPath ?? state.TimestampPath);

// The engine evaluates TimeoutSecondsPath against what the Parameters made of the input, AWS against
// the input itself. As one of the Parameters it is evaluated as AWS does.
function parametersOf(state: Task | Wait) {
  const path = pathBeside(state);
  const parameters = state.Type === 'Task' ? state.Parameters : undefined;
  if (!path) return parameters === undefined ? {} : { Parameters: parameters };
  const enclosed = parameters === undefined ? { 'parameters.$': '$' } : { parameters };
  return { Parameters: { 'beside.$': path, ...enclosed } };
}

const paced = (retrier: Retrier, speed: number): Retrier => ({
  ...retrier,
  IntervalSeconds: (retrier.IntervalSeconds ?? 1) / speed,
  ...(retrier.MaxDelaySeconds && { MaxDelaySeconds: retrier.MaxDelaySeconds / speed }),
});

// States.TaskFailed stands for every error but a timeout, and the engine knows only its own timeouts.
const matching = (rule: Retrier | Catcher, stay: Stay) => ({
  ...explicit(rule),
  get ErrorEquals() {
    if (stay.lastError() !== timeout) return rule.ErrorEquals;
    return rule.ErrorEquals.filter((name) => name !== 'States.TaskFailed');
  },
});
