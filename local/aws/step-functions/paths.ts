import { isJsonObject } from '../json-object.ts';
import { runtimeFailure, TaskFailure } from './task-failure.ts';

/** What a path is evaluated on: the data (`$`), and the context object (`$$`). */
export type Scope = { readonly data: unknown; readonly context: unknown };

/** A path: where it begins, and the fields and indexes that it follows from there. */
export type Path = {
  readonly text: string;
  readonly root: keyof Scope;
  readonly steps: readonly (string | number)[];
};

// `.name`, `['name']`, `["name"]` or `[0]`.
const step =
  /^(?:\.(?<name>[^\s.[\]()'"*?@,:]+)|\[(?<quote>['"])(?<key>[^'"\\]+)\k<quote>\]|\[(?<index>\d+)\])/;

// What a full JSONPath may contain and a path here may not, to refuse it by name.
const unsupported: readonly (readonly [RegExp, string])[] = [
  [/^\.\./, 'the search of all descendants (..)'],
  [/^(\.|\[)\*/, 'the wildcard (*)'],
  [/^\[\?/, 'a filter ([?(…)])'],
  [/^\[\(/, 'an expression ([(…)])'],
  [/^\[-/, 'an index from the end ([-1])'],
  [/^\[[\d-]*:/, 'a slice ([0:1])'],
  [/^\[[^\]]*,/, 'several fields or indexes ([0,1])'],
  [/^\.?[\w]*\(/, 'a function (length())'],
];

/**
 * Reads a path that leads to one value: `$`, `$.a.b`, `$['a']`, `$.a[0]`, and the same from `$$`.
 * @throws {Error} when it is something else
 */
export function parsePath(text: string): Path {
  const [start = ''] = /^\$\$?/.exec(text) ?? [];
  if (!start) throw new Error(`${text} is not a path: a path begins with $`);
  const steps: (string | number)[] = [];
  for (let rest = text.slice(start.length); rest !== ''; ) {
    const match = step.exec(rest);
    if (!match) throw new Error(pathProblem(text, rest));
    const { name, key, index } = match.groups ?? {};
    steps.push(name ?? key ?? Number(index));
    rest = rest.slice(match[0].length);
  }
  return { text, root: start === '$$' ? 'context' : 'data', steps };
}

function pathProblem(text: string, rest: string): string {
  const [, what] = unsupported.find(([pattern]) => pattern.test(rest)) ?? [];
  return what ? `${what} is not supported in the path ${text}` : `${text} is not a path`;
}

/** The value at a path, or undefined when there is none. A value of JSON is never undefined. */
export function findValue({ root, steps }: Path, scope: Scope): unknown {
  let value = scope[root];
  for (const key of steps) value = memberOf(value, key);
  return value;
}

function memberOf(value: unknown, key: string | number): unknown {
  if (typeof key === 'number') return Array.isArray(value) ? value[key] : undefined;
  return isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** The value at a path. @throws {TaskFailure} when there is none */
export function readValue(path: Path, scope: Scope): unknown {
  const value = findValue(path, scope);
  if (value === undefined)
    throw runtimeFailure(`The JSONPath '${path.text}' could not be found in the input`);
  return value;
}

/** Selects by an InputPath or OutputPath: `null` is an empty object, no path is the whole. */
export function selectByPath(path: Path | null | undefined, scope: Scope): unknown {
  if (path === null) return {};
  return path ? readValue(path, scope) : scope.data;
}

/**
 * Puts a result into the input at a ResultPath: `null` drops the result, no path replaces the input.
 * @throws {TaskFailure} when the input has no place for it
 */
export function placeResult(path: Path | null | undefined, input: unknown, result: unknown) {
  if (path === null) return input;
  return path ? place(path, path.steps, input, result) : result;
}

function place(path: Path, steps: Path['steps'], target: unknown, result: unknown): unknown {
  const [key, ...rest] = steps;
  if (key === undefined) return result;
  if (typeof key === 'number') {
    if (!Array.isArray(target) || key >= target.length) throw noPlace(path);
    return target.with(key, place(path, rest, target[key], result));
  }
  if (!isJsonObject(target)) throw noPlace(path);
  const child = Object.hasOwn(target, key) ? target[key] : {};
  return { ...target, [key]: place(path, rest, child, result) };
}

const noPlace = ({ text }: Path) =>
  new TaskFailure(
    'States.ResultPathMatchFailure',
    `Unable to apply the ReferencePath ${text} to the input`,
  );
