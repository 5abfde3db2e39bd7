import { describe, expect, test } from 'vitest';
import { loadRoutes } from '../../../functions/api/routes.ts';
import { openApiDocument } from '../../../functions/openapi/document.ts';

// What generators of clients stumble over: each of these broke a client of openapi-generator, openapi-python-client or
// openapi-typescript, or left a type out of it.

type Schema = Readonly<Record<string, unknown>>;
const document = openApiDocument(await loadRoutes());

const isObject = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Keys whose value is a value, not a schema. */
const values = new Set(['example', 'examples', 'default', 'enum', 'x-codeSamples']);
/** Keywords of JSON Schema that may have a boolean. */
const mayBeBoolean = new Set(['additionalProperties', 'required', 'deprecated', 'uniqueItems']);

type Place = { readonly path: string; readonly node: Schema };

/** Every object of the document with its path, but for what is an example. */
function placesIn(node: unknown, path = '#'): readonly Place[] {
  if (Array.isArray(node)) return node.flatMap((item, at) => placesIn(item, `${path}/${at}`));
  if (!isObject(node)) return [];
  const inner = Object.entries(node)
    .filter(([key]) => !values.has(key))
    .flatMap(([key, value]) => placesIn(value, `${path}/${key}`));
  return [{ path, node }, ...inner];
}

const isOnlyRequired = (alternative: unknown): boolean =>
  isObject(alternative) && 'required' in alternative && !('type' in alternative);

const rules: Readonly<Record<string, (node: Schema) => boolean>> = {
  'a boolean where a schema is expected': (node) =>
    Object.entries(node).some(
      ([key, value]) => typeof value === 'boolean' && key !== 'const' && !mayBeBoolean.has(key),
    ),
  'the type `null` alone': ({ type }) => type === 'null' || String(type) === 'null',
  'a constant that is a boolean': (node) => typeof node['const'] === 'boolean',
  'a default, which makes a field one that must be sent': (node) =>
    'default' in node && 'type' in node,
  'a choice between lists of required fields': ({ oneOf, anyOf }) =>
    [oneOf, anyOf].some((choice) => Array.isArray(choice) && choice.some(isOnlyRequired)),
  'a choice without a type in a component': ({ oneOf, anyOf }) =>
    [oneOf, anyOf].some(
      (choice) =>
        Array.isArray(choice) &&
        choice.some((one) => isObject(one) && !('$ref' in one) && !('type' in one)),
    ),
};

/** The paths of the document at which a rule is broken. */
const broken = (rule: (node: Schema) => boolean, of: unknown = document): readonly string[] =>
  placesIn(of)
    .filter(({ node }) => rule(node))
    .map(({ path }) => path);

describe.each(Object.entries(rules))('generators make nothing of %s', (name, rule) => {
  const bad: Readonly<Record<string, Schema>> = {
    'a boolean where a schema is expected': { properties: { a: true } },
    'the type `null` alone': { properties: { a: { type: 'null' } } },
    'a constant that is a boolean': { properties: { a: { type: 'boolean', const: false } } },
    'a default, which makes a field one that must be sent': {
      properties: { a: { type: 'integer', default: 1 } },
    },
    'a choice between lists of required fields': { anyOf: [{ required: ['a'] }] },
    'a choice without a type in a component': { oneOf: [{ properties: {} }] },
  };

  test('so the document has none', () => {
    expect(broken(rule)).toEqual([]);
  });

  test('and the rule finds one', () => {
    expect(broken(rule, bad[name])).toHaveLength(1);
  });
});

test('the rules cover the whole document', () => {
  expect(placesIn(document).length).toBeGreaterThan(1000);
});

test('a choice between objects is one between components, so that each has a name', () => {
  const unnamed = placesIn(document).flatMap(({ path, node }) =>
    (Array.isArray(node['oneOf']) ? node['oneOf'] : [])
      .filter((one) => isObject(one) && !('$ref' in one) && !('title' in one))
      .map(() => path),
  );

  expect(unnamed).toEqual([]);
});
