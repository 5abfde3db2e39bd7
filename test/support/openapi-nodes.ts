import * as z from 'zod';

// What the page of an operation has to show, counted in the document itself, without the code of the page.

const Raw = z.record(z.string(), z.unknown());
type Raw = z.infer<typeof Raw>;

const entriesOf = (value: unknown): readonly (readonly [string, unknown])[] =>
  Object.entries(Raw.safeParse(value).data ?? {});
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** How many parameters, headers and properties an operation has, those of its callbacks with them, and its statuses. */
export type Nodes = { readonly fields: number; readonly statuses: readonly string[] };

export function nodesOf(document: unknown): ReadonlyMap<string, Nodes> {
  const resolve = (value: unknown): Raw => {
    const raw = Raw.parse(value);
    const { $ref } = raw;
    if (typeof $ref !== 'string') return raw;
    let found: unknown = document;
    for (const name of $ref.slice(2).split('/')) found = Raw.parse(found)[name];
    return resolve(found);
  };
  const sum = (values: readonly unknown[], count: (value: unknown) => number) =>
    values.reduce<number>((total, value) => total + count(value), 0);
  const propertiesOf = (schema: unknown): number => {
    const { properties, items, additionalProperties, oneOf, anyOf, allOf } = resolve(schema);
    const own = entriesOf(properties).map(([, property]) => property);
    const others = typeof additionalProperties === 'object' ? [additionalProperties] : [];
    const inside = [...own, ...(items ? [items] : []), ...others];
    return own.length + sum([...inside, ...[oneOf, anyOf, allOf].flatMap(listOf)], propertiesOf);
  };
  const inContent = (content: unknown) =>
    sum(
      entriesOf(content).map(([, media]) => Raw.parse(media)['schema'] ?? {}),
      propertiesOf,
    );
  const fieldsOf = (operation: Raw): number => {
    const { parameters, requestBody, responses, callbacks } = operation;
    const ofResponses = sum(
      entriesOf(responses).map(([, response]) => resolve(response)),
      (response) => {
        const { headers, content } = Raw.parse(response);
        return entriesOf(headers).length + inContent(content);
      },
    );
    return (
      listOf(parameters).length +
      inContent(requestBody && Raw.parse(requestBody)['content']) +
      ofResponses +
      sum(callbacksOf(callbacks), (callback) => fieldsOf(Raw.parse(callback)))
    );
  };
  const callbacksOf = (callbacks: unknown): readonly unknown[] =>
    entriesOf(callbacks)
      .flatMap(([, byAddress]) => entriesOf(byAddress))
      .flatMap(([, methods]) => entriesOf(methods).map(([, callback]) => callback));
  const statusesOf = (operation: Raw): readonly string[] => [
    ...entriesOf(operation['responses']).map(([status]) => status),
    ...callbacksOf(operation['callbacks']).flatMap((one) => statusesOf(Raw.parse(one))),
  ];
  const operations = entriesOf(Raw.parse(document)['paths'])
    .flatMap(([, methods]) => entriesOf(methods))
    .map(([, operation]) => Raw.parse(operation));
  return new Map(
    operations.map((operation) => [
      z.string().parse(operation['operationId']),
      { fields: fieldsOf(operation), statuses: statusesOf(operation) },
    ]),
  );
}

/** Every keyword that occurs in a schema of the document. */
export const keywordsOf = (document: unknown): ReadonlySet<string> =>
  new Set(schemasIn(document).flatMap(keywordsIn));

const keywordsIn = (schema: unknown): readonly string[] =>
  entriesOf(schema).flatMap(([keyword, value]) => [
    keyword,
    ...partsOf(keyword, value).flatMap(keywordsIn),
  ]);

function partsOf(keyword: string, value: unknown): readonly unknown[] {
  if (keyword === 'properties') return entriesOf(value).map(([, property]) => property);
  if (['oneOf', 'anyOf', 'allOf'].includes(keyword)) return listOf(value);
  return ['items', 'additionalProperties', 'propertyNames', 'not'].includes(keyword) ? [value] : [];
}

function schemasIn(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value.flatMap(schemasIn);
  return entriesOf(value).flatMap(([name, inside]) => {
    if (name === 'schema') return [inside];
    if (name === 'schemas') return entriesOf(inside).map(([, schema]) => schema);
    return ['example', 'examples'].includes(name) ? [] : schemasIn(inside);
  });
}
