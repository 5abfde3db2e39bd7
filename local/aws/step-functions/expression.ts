import { parsePath, readValue, type Scope } from './paths.ts';
import { TaskFailure } from './task-failure.ts';

/** Evaluates to the value at a path, or the result of an intrinsic function. */
export type Expression = (scope: Scope) => unknown;

const functionCall = /^(?<name>States\.\w+)\((?<args>.*)\)$/s;
// A text in single quotes with `\` before a special character; or anything else up to the next comma.
const argument = /\s*(?:'(?<text>(?:[^'\\]|\\.)*)'|(?<other>[^',\s]+))\s*(?:,|$)/sy;
// Of a format: an escaped character, the place of an argument, or a brace that is neither.
const formatToken = /\\(.)|(\{\})|([{}])/gs;

/**
 * Reads a path, or a call of the intrinsic function `States.Format` or `States.StringToJson`.
 * @throws {Error} when it is another function, or neither
 */
export function parseExpression(text: string): Expression {
  if (text.startsWith('$')) {
    const path = parsePath(text);
    return (scope) => readValue(path, scope);
  }
  const { name, args = '' } = functionCall.exec(text)?.groups ?? {};
  if (!name) throw new Error(`${text} is neither a path nor an intrinsic function`);
  const make = intrinsicFunctions[name];
  if (!make) throw new Error(`the intrinsic function ${name} is not supported`);
  return make(text, parseArguments(text, args));
}

/** By name, what makes the expression of a call from the expressions of its arguments. */
const intrinsicFunctions: Readonly<
  Record<string, (call: string, args: readonly Expression[]) => Expression>
> = {
  'States.Format': parseFormat,
  'States.StringToJson': parseStringToJson,
};

function parseArguments(call: string, args: string): readonly Expression[] {
  const found: Expression[] = [];
  argument.lastIndex = 0;
  while (argument.lastIndex < args.length) {
    const { text, other } = argument.exec(args)?.groups ?? {};
    if (text === undefined && other === undefined)
      throw new Error(`the arguments of ${call} are not supported`);
    // In the format, its own reader takes the escapes away.
    const literal = found.length === 0 ? text : text?.replaceAll(/\\(.)/gs, '$1');
    found.push(other === undefined ? () => literal : parseArgument(call, other));
  }
  return found;
}

function parseArgument(call: string, text: string): Expression {
  if (text.startsWith('$')) return parseExpression(text);
  if (!/^(-?\d+(\.\d+)?|true|false|null)$/.test(text))
    throw new Error(`the argument ${text} of ${call} is not supported`);
  const value: unknown = JSON.parse(text);
  return () => value;
}

function parseFormat(call: string, [format, ...args]: readonly Expression[]): Expression {
  if (!format) throw new Error(`${call} has no arguments`);
  return (scope) => {
    const template = format(scope);
    if (typeof template !== 'string') throw intrinsicFailure(call);
    let used = 0;
    const text = template.replaceAll(formatToken, (_, escaped, placeholder) => {
      if (escaped) return escaped;
      const arg = placeholder && args[used];
      if (!arg) throw intrinsicFailure(call);
      used += 1;
      return formatArgument(arg(scope));
    });
    if (used < args.length) throw intrinsicFailure(call);
    return text;
  };
}

function parseStringToJson(call: string, [text, ...rest]: readonly Expression[]): Expression {
  if (!text || rest.length > 0) throw new Error(`${call} does not have one argument`);
  return (scope) => {
    const value = text(scope);
    if (typeof value !== 'string') throw intrinsicFailure(call);
    try {
      return JSON.parse(value);
    } catch {
      throw intrinsicFailure(call);
    }
  };
}

const formatArgument = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value);

const intrinsicFailure = (call: string) =>
  new TaskFailure('States.IntrinsicFailure', `The arguments of ${call} are not valid`);
