import * as z from 'zod';
import type { Choice, Fail, Pass, Succeed, Wait } from './definition.ts';
import { type Path, placeResult, readValue, type Scope, selectByPath } from './paths.ts';
import type { Template } from './payload-template.ts';
import { pause, type Run } from './run.ts';
import { runtimeFailure, TaskFailure } from './task-failure.ts';

/** A Pass: its Result, else its Parameters, else its input. */
export function passOn(state: Pass, scope: Scope): unknown {
  const selected = selectInput(state, scope);
  const made = state.Parameters ? state.Parameters(selected) : selected.data;
  return outputOf(state, scope, state.Result === undefined ? made : state.Result);
}

/** A Wait, until its time has passed. */
export async function wait(state: Wait, scope: Scope, run: Run): Promise<unknown> {
  const selected = selectInput(state, scope);
  await pause(waitSeconds(state, selected, run.emulator.now()), run);
  return outputOf(state, selected, selected.data);
}

/** A Choice: the next state is that of the first rule that matches. */
export function choose(name: string, state: Choice, scope: Scope) {
  const selected = selectInput(state, scope);
  const rule = state.Choices.find(({ condition }) => condition(selected));
  const next = rule?.Next ?? state.Default;
  if (next === undefined)
    throw new TaskFailure(
      'States.NoChoiceMatched',
      `No rule of the Choice ${name} matches, and it has no Default`,
    );
  return { output: outputOf(state, selected, selected.data), next };
}

export const succeed = (state: Succeed, scope: Scope): unknown => {
  const selected = selectInput(state, scope);
  return outputOf(state, selected, selected.data);
};

/** The error of a Fail. */
export function fail({ Error: error, ErrorPath, Cause, CausePath }: Fail, scope: Scope) {
  const textOf = (text: string | undefined, expression: typeof ErrorPath) =>
    expression ? parseValue(z.string(), expression(scope), 'The Error or Cause') : (text ?? '');
  return new TaskFailure(textOf(error, ErrorPath), textOf(Cause, CausePath));
}

type Fields = {
  readonly InputPath?: Path | null | undefined;
  readonly OutputPath?: Path | null | undefined;
  readonly ResultSelector?: Template | undefined;
  readonly ResultPath?: Path | null | undefined;
};

/** The scope of a state's own fields: its input after the InputPath. */
export const selectInput = ({ InputPath }: Fields, scope: Scope): Scope => ({
  data: selectByPath(InputPath, scope),
  context: scope.context,
});

/** The output of a state: its result after ResultSelector, ResultPath and OutputPath. */
export function outputOf(state: Fields, { data: input, context }: Scope, result: unknown): unknown {
  const selected = state.ResultSelector ? state.ResultSelector({ data: result, context }) : result;
  const data = placeResult(state.ResultPath, input, selected);
  return selectByPath(state.OutputPath, { data, context });
}

/** How long a Wait takes from `nowMs` on. */
function waitSeconds(state: Wait, scope: Scope, nowMs: number): number {
  if (state.Seconds !== undefined) return state.Seconds;
  if (state.SecondsPath) return readParsed(z.int().nonnegative(), state.SecondsPath, scope);
  if (state.Timestamp !== undefined) return secondsUntil(state.Timestamp, nowMs);
  if (state.TimestampPath)
    return secondsUntil(readParsed(Timestamp, state.TimestampPath, scope), nowMs);
  throw runtimeFailure('The Wait has no duration'); // a definition without one is refused
}

const Timestamp = z.iso.datetime({ offset: true });

const secondsUntil = (timestamp: string, nowMs: number): number =>
  Math.max(0, (Date.parse(timestamp) - nowMs) / 1000);

/** The value at a path. @throws {TaskFailure} when it does not have this shape */
export const readParsed = <T>(schema: z.ZodType<T>, path: Path, scope: Scope): T =>
  parseValue(schema, readValue(path, scope), path.text);

function parseValue<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const { success, data, error } = schema.safeParse(value);
  if (!success) throw runtimeFailure(`${what} is not valid: ${z.prettifyError(error)}`);
  return data;
}
