import type { Branch, State } from './definition.ts';

/** Why AWS would refuse the transitions of a branch: a dead end, a missing target, a state that is never reached. */
export function transitionProblems(branch: Branch): readonly string[] {
  const names = namesOf(branch);
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  return [...twice.map((name) => `there are two states ${name}`), ...branchProblems(branch)];
}

/** The names of all states, also of those in a Map: they must differ in the whole machine. */
const namesOf = ({ States }: Branch): readonly string[] =>
  Object.entries(States).flatMap(([name, state]) =>
    state.Type === 'Map' ? [name, ...namesOf(state.ItemProcessor)] : [name],
  );

function branchProblems({ StartAt, States }: Branch): readonly string[] {
  const all = Object.entries(States);
  const targets = new Set([StartAt, ...all.flatMap(([, state]) => targetsOf(state))]);
  const lost = [...targets].filter((name) => !Object.hasOwn(States, name));
  const reached = reachedFrom(StartAt, States);
  return [
    ...lost.map((name) => `there is no state ${name}`),
    ...all.filter(([name]) => !reached.has(name)).map(([name]) => `no state leads to ${name}`),
    ...all.flatMap(([name, state]) => endProblems(name, state)),
    ...all.flatMap(([, state]) =>
      state.Type === 'Map' ? branchProblems(state.ItemProcessor) : [],
    ),
  ];
}

function reachedFrom(start: string, states: Branch['States']): ReadonlySet<string> {
  const reached = new Set<string>();
  for (let next = [start]; next.length > 0; ) {
    const [name = '', ...others] = next;
    const state = reached.has(name) ? undefined : states[name];
    reached.add(name);
    next = state ? [...others, ...targetsOf(state)] : others;
  }
  return reached;
}

function endProblems(name: string, state: State): readonly string[] {
  if (state.Type === 'Succeed' || state.Type === 'Fail' || state.Type === 'Choice') return [];
  const isRight = state.End ? state.Next === undefined : state.Next !== undefined;
  return isRight ? [] : [`the state ${name} needs either a Next or "End": true`];
}

function targetsOf(state: State): readonly string[] {
  if (state.Type === 'Succeed' || state.Type === 'Fail') return [];
  if (state.Type === 'Choice') {
    const choices = state.Choices.map(({ Next }) => Next);
    return state.Default === undefined ? choices : [...choices, state.Default];
  }
  const next = state.Next === undefined ? [] : [state.Next];
  if (state.Type === 'Wait' || state.Type === 'Pass') return next;
  return [...next, ...(state.Catch ?? []).map(({ Next }) => Next)];
}
