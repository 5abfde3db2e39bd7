import { setImmediate } from 'node:timers/promises';
import type { Branch, MapState, State, Task } from './definition.ts';
import { runMap } from './map-state.ts';
import { placeResult, type Scope } from './paths.ts';
import { matchingRule, retryDecision } from './retry.ts';
import { pause, type Run } from './run.ts';
import { choose, fail, passOn, succeed, wait } from './states.ts';
import { sizeFailure, TaskFailure } from './task-failure.ts';
import { runTaskState } from './task-state.ts';

/** How a state ends: its output, and the next state unless it is the last one. */
type Transition = { readonly output: unknown; readonly next: string | undefined };

/**
 * Runs states one after another, from the first to one that ends the branch. Returns its output.
 * @throws {TaskFailure} when a state fails and no Catch of it matches
 */
export async function runBranch({ StartAt, States }: Branch, input: unknown, run: Run) {
  let name: string | undefined = StartAt;
  let output = input;
  while (name !== undefined) {
    await setImmediate(); // a machine that only loops must not block everything else
    run.signal.throwIfAborted();
    const state: State | undefined = States[name];
    if (!state) throw new Error(`there is no state ${name}`);
    const transition: Transition = await visitState(name, state, output, run);
    ({ output, next: name } = transition);
  }
  return output;
}

async function visitState(name: string, state: State, input: unknown, run: Run) {
  run.events.record(`${state.Type}StateEntered`, name, { name, input: JSON.stringify(input) });
  run.events.current = { type: state.Type, name };
  const entered = run.events.lastId;
  try {
    const transition = await leaveState(name, state, input, run);
    const failure = sizeFailure(transition.output);
    if (failure) throw failure;
    run.events.record(`${state.Type}StateExited`, name, {
      name,
      output: JSON.stringify(transition.output),
    });
    run.events.current = undefined;
    return transition;
  } catch (error) {
    throw error instanceof TaskFailure ? error.inState(name, entered) : error;
  }
}

async function leaveState(
  name: string,
  state: State,
  input: unknown,
  run: Run,
): Promise<Transition> {
  const EnteredTime = new Date(run.emulator.now()).toISOString();
  const scopeOf = (retry: object): Scope => ({
    data: input,
    context: { ...run.context, State: { Name: name, EnteredTime, ...retry } },
  });
  switch (state.Type) {
    case 'Task':
    case 'Map':
      return leaveWithRetries(state, input, run, (RetryCount) => {
        const scope = scopeOf({ RetryCount });
        return state.Type === 'Task'
          ? runTaskState(name, state, scope, run)
          : runMap(name, state, scope, run, runBranch);
      });
    case 'Pass':
      return { output: passOn(state, scopeOf({})), next: state.Next };
    case 'Wait':
      return { output: await wait(state, scopeOf({}), run), next: state.Next };
    case 'Choice':
      return choose(name, state, scopeOf({}));
    case 'Succeed':
      return { output: succeed(state, scopeOf({})), next: undefined };
    case 'Fail':
      throw fail(state, scopeOf({}));
  }
}

async function leaveWithRetries(
  state: Task | MapState,
  input: unknown,
  run: Run,
  attempt: (retryCount: number) => Promise<unknown>,
): Promise<Transition> {
  const decide = retryDecision(state.Retry);
  for (let retryCount = 0; ; retryCount += 1) {
    try {
      return { output: await attempt(retryCount), next: state.Next };
    } catch (error) {
      if (!(error instanceof TaskFailure)) throw error;
      const delay = decide(error);
      if (delay === undefined) return caught(state, input, error);
      await pause(delay, run);
    }
  }
}

function caught({ Catch }: Task | MapState, input: unknown, failure: TaskFailure): Transition {
  const catcher = matchingRule(Catch ?? [], failure);
  if (!catcher) throw failure;
  const error = { Error: failure.name, Cause: failure.message };
  return { output: placeResult(catcher.ResultPath, input, error), next: catcher.Next };
}
