import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { lenient } from '../../cli/api/lenient.ts';
import { loadRoutes } from '../../functions/api/routes.ts';

const added = { added_later: { a: [1] } };

describe('a lenient schema accepts and keeps a field that is not declared', () => {
  const inner = z.strictObject({ a: z.string() });
  const value = { a: 'x', ...added };

  test.each([
    ['in an object', inner, value],
    ['in an object inside another', z.strictObject({ inner }), { inner: value, ...added }],
    ['in a list', z.array(inner), [value]],
    ['in a record', z.record(z.string(), inner), { b: value }],
    ['in an optional object', z.strictObject({ inner: inner.optional() }), { inner: value }],
    ['in an object that may be null', inner.nullable(), value],
    ['in a union', z.union([z.strictObject({ b: z.string() }), inner]), value],
    [
      'in a discriminated union',
      z.discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('one'), inner }),
        z.strictObject({ kind: z.literal('two') }),
      ]),
      { kind: 'one', inner: value, ...added },
    ],
  ])('%s', (_, schema, input) => {
    expect(schema.safeParse(input).success).toBe(false);
    expect(lenient(schema).parse(input)).toEqual(input);
  });
});

test('a lenient schema accepts a text that its list of texts does not have yet', () => {
  expect(lenient(z.array(z.enum(['a', 'b']))).parse(['a', 'c'])).toEqual(['a', 'c']);
});

describe('a lenient schema still refuses', () => {
  const identified = z.strictObject({ id: z.string().regex(/^[\w-]+$/) });

  test.each([
    ['an object without a required field', identified, {}],
    ['a text with a wrong form', identified, { id: '../x' }],
    ['a text with a wrong form in a list', z.array(identified), [{ id: '../x' }]],
    ['a text that is not an address', z.strictObject({ url: z.url() }), { url: 'x' }],
    ['a list that is too short', z.array(identified).min(1), []],
    ['null', z.strictObject({ inner: identified.optional() }), { inner: null }],
    [
      'another discriminator',
      z.discriminatedUnion('k', [z.strictObject({ k: z.literal('a') })]),
      { k: 'b' },
    ],
    ['a value that is not in its list', z.enum(['a']), 1],
    [
      'an object that breaks a rule about the whole object',
      z.strictObject({ a: z.int(), b: z.int() }).refine(({ a, b }) => a < b),
      { a: 2, b: 1 },
    ],
  ])('%s', (_, schema, input) => {
    expect(lenient(schema).safeParse(input).success).toBe(false);
  });
});

describe('the examples of every declared response', async () => {
  const examples = (await loadRoutes()).flatMap(({ route, response, docs }) => {
    const documented = docs?.().response;
    return response && documented && 'examples' in documented
      ? Object.entries(documented.examples).map(([name, example]) => ({
          name: `${route.method} ${route.path} ${name}`,
          response,
          example,
        }))
      : [];
  });

  test('are many', () => {
    expect(examples.length).toBeGreaterThan(20);
  });

  test.each(examples)(
    'are accepted with an added field in each of their objects: $name',
    ({ response, example }) => {
      const extended = addFields(example);

      expect(lenient(response).parse(extended)).toEqual(extended);
    },
  );
});

/** The value with one field more in each object, at any depth. */
function addFields(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(addFields);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).map(([name, field]) => [name, addFields(field)]);
  return { ...Object.fromEntries(fields), added_later: 'x' };
}
