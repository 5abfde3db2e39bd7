import { Ajv2020 } from 'ajv/dist/2020.js';
import * as z from 'zod';
import document from '../../docs/openapi.json' with { type: 'json' };

// The document, as somebody reads it who knows nothing else.

const Schema = z.record(z.string(), z.unknown());
const Content = z.strictObject({
  'application/json': z.strictObject({
    schema: Schema,
    examples: z.record(z.string(), z.strictObject({ value: z.unknown() })),
  }),
});
const Header = z.looseObject({ required: z.boolean().default(false), schema: Schema });
const Response = z.strictObject({
  description: z.string().min(1),
  headers: z.record(z.string(), z.preprocess(followed, Header)),
  content: Content.optional(),
});
const Parameter = z.strictObject({
  name: z.string(),
  in: z.enum(['path', 'query', 'header']),
  required: z.boolean(),
  description: z.string().min(1),
  schema: Schema,
  example: z.unknown().optional(),
});
const Operation = z.strictObject({
  operationId: z.string(),
  tags: z.tuple([z.enum(document.tags.map(({ name }) => name))]),
  summary: z.string().min(1),
  description: z.string().min(1),
  security: z.array(z.record(z.literal('apiKey'), z.array(z.string()))),
  parameters: z.array(Parameter).default([]),
  requestBody: z.strictObject({ required: z.boolean(), content: Content }).optional(),
  responses: z.record(z.string(), z.preprocess(followed, Response)),
  callbacks: Schema.optional(),
});
type Described = z.output<typeof Operation>;
type Answer = { readonly status: number; readonly headers: Headers; readonly body: unknown };

/** Every route of the document, under the key that API Gateway has for it. */
export const describedRoutes: Readonly<Record<string, Described>> = Object.fromEntries(
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => [
      `${method.toUpperCase()} ${path}`,
      Operation.parse(operation),
    ]),
  ),
);

const ajv = new Ajv2020({ strict: false, allErrors: true });
ajv.addFormat('uri', (text: string) => URL.canParse(text));
ajv.addSchema(document, 'document');

/** What a schema of the document has against a value. */
export function complaints(schema: z.output<typeof Schema>, value: unknown): readonly string[] {
  const text = JSON.stringify(schema).replaceAll('"#/', '"document#/');
  const validate = ajv.compile(z.record(z.string(), z.unknown()).parse(JSON.parse(text)));
  if (validate(value)) return [];
  return (validate.errors ?? []).map(({ instancePath, message, params }) =>
    [instancePath, message, JSON.stringify(params)].join(' '),
  );
}

/** The same for a schema by its name. */
export const complaintsOf = (name: string, value: unknown): readonly string[] =>
  complaints({ $ref: `#/components/schemas/${name}` }, value);

/** What the document has against an answer of this route. */
export function complaintsAbout(key: string, { status, headers, body }: Answer): readonly string[] {
  const response = describedRoutes[key]?.responses[status];
  if (!response) return [`${key} does not answer ${status}: ${JSON.stringify(body)}`];
  const { content } = response;
  const told = Object.entries(response.headers).flatMap(([name, { required, schema }]) => {
    const value = headers.get(name);
    if (value === null) return required ? [`${name} is missing`] : [];
    return complaints(schema, schema['type'] === 'integer' ? Number(value) : value);
  });
  if (!content) return body === '' ? told : [...told, 'there is a body'];
  const isJson = headers.get('content-type') === 'application/json';
  return [
    ...[...told, ...complaints(content['application/json'].schema, body)],
    ...(isJson ? [] : ['it is not declared as JSON']),
  ];
}

// A part that stands elsewhere is read there.
function followed(part: unknown): unknown {
  const { data } = z.object({ $ref: z.string() }).safeParse(part);
  return data
    ? data.$ref
        .split('/')
        .slice(1)
        .reduce((at: unknown, name) => Schema.parse(at)[name], document)
    : part;
}
