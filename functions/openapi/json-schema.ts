import * as z from 'zod';
import type { FieldDocs, Json } from '../runtime/route.ts';

const pathOf = (name: string): string => `#/components/schemas/${name}`;

/** The schemas of responses. A schema that is part of another one is referenced by its name. */
export function responseSchemas(responses: Readonly<Record<string, z.ZodType>>): Json {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(responses)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { uri: pathOf });
  return Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, plain(schema)]));
}

/**
 * The schema of a request, as it is sent. `docs` describes each field by its path, like `limits.tasks_in_flight`; `''` is
 * the request itself.
 * @throws {Error} when a field is not described, or when `docs` describes a field that does not exist
 */
export function requestSchema(schema: z.ZodType, docs: Readonly<Record<string, FieldDocs>>): Json {
  const unused = new Set(Object.keys(docs));
  const describeNode = (node: Json, path: string): Json => {
    const fieldDocs = docs[path];
    if (!fieldDocs) throw new Error(`nothing describes ${path}`);
    unused.delete(path);
    const { properties } = node;
    const fields = isJson(properties) ? Object.entries(properties) : [];
    return withDefaultInWords({
      ...node,
      ...(fields.length > 0 && {
        properties: Object.fromEntries(
          fields.map(([name, field]) => [
            name,
            describeNode(isJson(field) ? field : {}, path === '' ? name : `${path}.${name}`),
          ]),
        ),
      }),
      ...fieldDocs,
    });
  };
  const described = describeNode(plain(z.toJSONSchema(schema, { io: 'input' })), '');
  if (unused.size > 0) throw new Error(`there is no ${[...unused].join(', ')}`);
  return described;
}

/**
 * The description says the default, in place of the schema: openapi-typescript would make a field with a default required,
 * although it may be left out.
 */
function withDefaultInWords({ default: value, description, ...schema }: Json): Json {
  const isSaid = value !== undefined && typeof value !== 'object';
  const words = Array.isArray(value) || isSaid ? `. Default: \`${value}\`` : '';
  return { ...schema, description: `${description}${words}` };
}

/** One of several schemas, told apart by the value of one property. */
export function oneOf<T extends string>(
  propertyName: string,
  values: readonly T[],
  nameOf: (value: T) => string,
): Json {
  const mapping = Object.fromEntries(values.map((value) => [value, pathOf(nameOf(value))]));
  const schemas = Object.values(mapping).map(($ref) => ({ $ref }));
  return schemas.length === 1
    ? { ...schemas[0] }
    : { oneOf: schemas, discriminator: { propertyName, mapping } };
}

/** `KEY_EXPIRED` is `KeyExpired`. */
export const pascalCase = (code: string): string =>
  code.toLowerCase().replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** A reference to a part of the document. */
export const reference = (kind: 'schemas' | 'responses' | 'headers', name: string): Json => ({
  $ref: `#/components/${kind}/${name}`,
});

export const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

// Removes what zod adds to every schema: the dialect, which the document says once, and, as the bound of every whole
// number, the largest one that JavaScript can count to.
const plain = (schema: object): Json =>
  JSON.parse(JSON.stringify(schema), (key, value: unknown) =>
    key === '$schema' || key === '$id' || (key === 'maximum' && value === Number.MAX_SAFE_INTEGER)
      ? undefined
      : withNullInType(withoutBooleanConst(value)),
  );

/** The description says a constant boolean: client generators would turn it into an enumeration of strings. */
function withoutBooleanConst(value: unknown): unknown {
  if (!isJson(value) || typeof value['const'] !== 'boolean') return value;
  const { const: constant, description, ...rest } = value;
  const always = `Always \`${constant}\``;
  return {
    ...rest,
    description: typeof description === 'string' ? `${description}. ${always}` : always,
  };
}

/** `anyOf: [{type: T, …}, {type: null}]` as `type: [T, null]`: client generators cannot handle a schema that is only null. */
function withNullInType(value: unknown): unknown {
  if (!isJson(value) || !Array.isArray(value['anyOf'])) return value;
  const { anyOf, ...rest } = value;
  const [first, second, ...more]: readonly unknown[] = anyOf;
  const isPair = isJson(first) && isJson(second) && more.length === 0;
  if (!isPair || second['type'] !== 'null' || typeof first['type'] !== 'string') return value;
  const { type, ...rules } = first;
  const values = Array.isArray(rules['enum']) ? { enum: [...rules['enum'], null] } : {};
  return { ...rest, type: [type, 'null'], ...rules, ...values };
}
