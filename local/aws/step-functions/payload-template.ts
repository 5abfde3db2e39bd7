import { isJsonObject } from '../json-object.ts';
import { type Expression, parseExpression } from './expression.ts';
import type { Scope } from './paths.ts';

/** A Parameters, ItemSelector or ResultSelector: makes its value from the data and the context object. */
export type Template = (scope: Scope) => unknown;

/**
 * Reads a payload template: in it a field `name.$` has a path or an intrinsic function as its value.
 * @throws {Error} when one of them is not supported
 */
export function parseTemplate(template: unknown): Template {
  if (Array.isArray(template)) {
    const items = template.map(parseTemplate);
    return (scope) => items.map((item) => item(scope));
  }
  if (!isJsonObject(template)) return () => template;
  const fields = Object.entries(template).map(parseField);
  const names = new Set(fields.map(([name]) => name));
  if (names.size < fields.length) throw new Error('a field occurs twice, with .$ and without');
  return (scope) => Object.fromEntries(fields.map(([name, make]) => [name, make(scope)]));
}

function parseField([name, value]: [string, unknown]): readonly [string, Template | Expression] {
  if (!name.endsWith('.$')) return [name, parseTemplate(value)];
  if (typeof value !== 'string') throw new Error(`the value of ${name} is not a path`);
  return [name.slice(0, -'.$'.length), parseExpression(value)];
}
