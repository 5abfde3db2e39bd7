import * as z from 'zod';

/** A JSON schema, and any other part of the document. */
export type Json = { readonly [key: string]: unknown };

/** What zod cannot say of a field: what it is for, and rules that are code. Laid over its schema. */
export type Words = Json & { readonly description: string };

const place = (name: string): string => `#/components/schemas/${name}`;

/** The schemas of answers. One that stands in another is referred to by its name. */
export function answerSchemas(answers: Readonly<Record<string, z.ZodType>>): Json {
  const named = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(answers)) named.add(schema, { id });
  const { schemas } = z.toJSONSchema(named, { uri: place });
  return Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, plain(schema)]));
}

/**
 * The schema of a request, as it is sent. `words` has the fields by their place, like
 * `limits.tasks_in_flight`; `''` is the request itself.
 * @throws {Error} when a field has no words, or words have no field
 */
export function requestSchema(schema: z.ZodType, words: Readonly<Record<string, Words>>): Json {
  const left = new Set(Object.keys(words));
  const described = (node: Json, at: string): Json => {
    const said = words[at];
    if (!said) throw new Error(`nothing describes ${at}`);
    left.delete(at);
    const { properties } = node;
    const fields = isJson(properties) ? Object.entries(properties) : [];
    return {
      ...node,
      ...(fields.length > 0 && {
        properties: Object.fromEntries(
          fields.map(([name, field]) => [
            name,
            described(isJson(field) ? field : {}, at === '' ? name : `${at}.${name}`),
          ]),
        ),
      }),
      ...said,
    };
  };
  const made = described(plain(z.toJSONSchema(schema, { io: 'input' })), '');
  if (left.size > 0) throw new Error(`there is no ${[...left].join(', ')}`);
  return made;
}

/** One of the schemas of these words; which one, its field says. */
export function oneOf<T extends string>(
  propertyName: string,
  words: readonly T[],
  nameOf: (word: T) => string,
): Json {
  const mapping = Object.fromEntries(words.map((word) => [word, place(nameOf(word))]));
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

// Where it stands says what it is and which dialect it is in; and every whole number of JavaScript
// is bounded by what JavaScript can count.
const plain = (schema: object): Json =>
  JSON.parse(JSON.stringify(schema), (key, value: unknown) =>
    key === '$schema' || key === '$id' || (key === 'maximum' && value === Number.MAX_SAFE_INTEGER)
      ? undefined
      : value,
  );
