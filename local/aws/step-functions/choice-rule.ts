import * as z from 'zod';
import { findValue, type Path, parsePath, readValue, type Scope } from './paths.ts';

/** A rule of a Choice: whether it matches. */
export type Condition = (scope: Scope) => boolean;

type Compare = (value: unknown, operand: unknown) => boolean;

const Timestamp = z.iso.datetime({ offset: true });
const isTimestamp = (value: unknown): boolean => Timestamp.safeParse(value).success;
const isString = (value: unknown): value is string => typeof value === 'string';
const isNumber = (value: unknown): value is number => typeof value === 'number';
const isBoolean = (value: unknown): value is boolean => typeof value === 'boolean';

const compareStrings =
  (matches: (value: string, operand: string) => boolean): Compare =>
  (value, operand) =>
    isString(value) && isString(operand) && matches(value, operand);
const compareNumbers =
  (matches: (value: number, operand: number) => boolean): Compare =>
  (value, operand) =>
    isNumber(value) && isNumber(operand) && matches(value, operand);
const compareTimestamps = (matches: (value: number, operand: number) => boolean): Compare =>
  compareStrings(
    (value, operand) =>
      isTimestamp(value) && isTimestamp(operand) && matches(Date.parse(value), Date.parse(operand)),
  );

const orders = {
  Equals: (a: string | number, b: string | number) => a === b,
  LessThan: (a: string | number, b: string | number) => a < b,
  GreaterThan: (a: string | number, b: string | number) => a > b,
  LessThanEquals: (a: string | number, b: string | number) => a <= b,
  GreaterThanEquals: (a: string | number, b: string | number) => a >= b,
};

type Operator = { readonly operand: z.ZodType; readonly compare: Compare };

/** Compare the value at Variable with an operand. With `Path` at the end, the operand is at a path. */
const comparisons: ReadonlyMap<string, Operator> = new Map([
  ...Object.entries(orders).flatMap(([name, matches]): [string, Operator][] => [
    [`String${name}`, { operand: z.string(), compare: compareStrings(matches) }],
    [`Numeric${name}`, { operand: z.number(), compare: compareNumbers(matches) }],
    [`Timestamp${name}`, { operand: Timestamp, compare: compareTimestamps(matches) }],
  ]),
  [
    'BooleanEquals',
    { operand: z.boolean(), compare: (value, operand) => isBoolean(value) && value === operand },
  ],
]);

const typeTests: ReadonlyMap<string, (value: unknown) => boolean> = new Map([
  ['IsNull', (value) => value === null],
  ['IsString', isString],
  ['IsNumeric', isNumber],
  ['IsBoolean', isBoolean],
  ['IsTimestamp', isTimestamp],
]);

const Rule = z.record(z.string(), z.unknown());
const Rules = z.array(z.unknown()).min(1, 'must contain a rule');

/**
 * Reads a rule of a Choice, without its Next.
 * @throws {Error} when its operator is not supported, or it is no rule
 */
export function parseCondition(rule: unknown): Condition {
  const fields = parse('a rule', Rule, rule);
  const operators = Object.keys(fields).filter((name) => name !== 'Variable' && name !== 'Comment');
  const [operator = ''] = operators;
  if (operators.length !== 1)
    throw new Error(`a rule has one operator, and this has ${operators.join(', ') || 'none'}`);
  if (['And', 'Or', 'Not'].includes(operator) && Object.hasOwn(fields, 'Variable'))
    throw new Error(`a rule with ${operator} has no Variable`);
  const operand = fields[operator];
  if (operator === 'Not') {
    const condition = parseCondition(operand);
    return (scope) => !condition(scope);
  }
  if (operator === 'And' || operator === 'Or') {
    const conditions = parse(operator, Rules, operand).map(parseCondition);
    return operator === 'And'
      ? (scope) => conditions.every((condition) => condition(scope))
      : (scope) => conditions.some((condition) => condition(scope));
  }
  return parseTest(operator, operand, parsePath(parse('Variable', z.string(), fields['Variable'])));
}

function parseTest(operator: string, operand: unknown, variable: Path): Condition {
  if (operator === 'IsPresent') {
    const expected = parse(operator, z.boolean(), operand);
    return (scope) => (findValue(variable, scope) !== undefined) === expected;
  }
  const test = typeTests.get(operator);
  if (test) {
    const expected = parse(operator, z.boolean(), operand);
    return (scope) => test(readValue(variable, scope)) === expected;
  }
  if (operator === 'StringMatches') {
    const pattern = toRegExp(parse(operator, z.string(), operand));
    return (scope) => {
      const value = readValue(variable, scope);
      return isString(value) && pattern.test(value);
    };
  }
  return parseComparison(operator, operand, variable);
}

function parseComparison(operator: string, operand: unknown, variable: Path): Condition {
  const comparison = comparisons.get(operator.replace(/Path$/, ''));
  if (!comparison) throw new Error(`the operator ${operator} is not supported`);
  const { compare } = comparison;
  if (operator.endsWith('Path')) {
    const path = parsePath(parse(operator, z.string(), operand));
    return (scope) => compare(readValue(variable, scope), readValue(path, scope));
  }
  const expected = parse(operator, comparison.operand, operand);
  return (scope) => compare(readValue(variable, scope), expected);
}

// `*` stands for any text, and `\\` before a `*` or `\\` for that character.
const toRegExp = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern.replaceAll(/\\(.)|(\*)|([^\\*]+)/gs, (_, escaped, star, text) =>
      star ? '[^]*' : escapeRegExp(escaped ?? text),
    )}$`,
  );

const escapeRegExp = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, '\\$&');

function parse<T>(what: string, schema: z.ZodType<T>, value: unknown): T {
  const { success, data, error } = schema.safeParse(value);
  if (!success) throw new Error(`${what} is not valid: ${z.prettifyError(error)}`);
  return data;
}
