import { Ajv2020 } from 'ajv/dist/2020.js';
import * as z from 'zod';
import document from '../../docs/openapi.json' with { type: 'json' };

// The OpenAPI document as a client without other knowledge reads it.

const Schema = z.record(z.string(), z.unknown());
const Media = z.strictObject({
  schema: Schema,
  examples: z.record(z.string(), z.strictObject({ value: z.unknown() })),
});
const JsonContent = z.strictObject({ 'application/json': Media });
const Form = z.strictObject({ 'multipart/form-data': Media });
const Content = z.union([
  JsonContent,
  JsonContent.extend({ 'text/csv': z.strictObject({ schema: Schema, example: z.string() }) }),
  z.strictObject({
    'application/json': z.undefined().optional(),
    'image/*': z.strictObject({ schema: Schema }),
  }),
]);
const Header = z.looseObject({ required: z.boolean().default(false), schema: Schema });
const Response = z.strictObject({
  description: z.string().min(1),
  headers: z.record(z.string(), z.preprocess(resolveRef, Header)),
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
  requestBody: z
    .strictObject({ required: z.boolean(), content: z.union([JsonContent, Form]) })
    .optional(),
  responses: z.record(z.string(), z.preprocess(resolveRef, Response)),
  callbacks: Schema.optional(),
  'x-codeSamples': z.array(
    z.strictObject({ lang: z.string(), label: z.string(), source: z.string() }),
  ),
});
type DescribedOperation = z.output<typeof Operation>;
type ApiResponse = { readonly status: number; readonly headers: Headers; readonly body: unknown };

/** Every route of the document, by the route key that API Gateway has for it. */
export const describedRoutes: Readonly<Record<string, DescribedOperation>> = Object.fromEntries(
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => [
      `${method.toUpperCase()} ${path}`,
      Operation.parse(operation),
    ]),
  ),
);

const ajv = new Ajv2020({ strict: false, allErrors: true });
ajv.addFormat('uri', (text: string) => URL.canParse(text));
ajv.addFormat('date-time', (text: string) => !Number.isNaN(Date.parse(text)));
ajv.addFormat('binary', true);
ajv.addSchema(document, 'document');

/** Validates a value against a schema of the document. Returns the errors. */
export function schemaErrors(schema: z.output<typeof Schema>, value: unknown): readonly string[] {
  const text = JSON.stringify(schema).replaceAll('"#/', '"document#/');
  const validate = ajv.compile(z.record(z.string(), z.unknown()).parse(JSON.parse(text)));
  if (validate(value)) return [];
  return (validate.errors ?? []).map(({ instancePath, message, params }) =>
    [instancePath, message, JSON.stringify(params)].join(' '),
  );
}

/** Validates a value against a schema that is given by its name. */
export const namedSchemaErrors = (name: string, value: unknown): readonly string[] =>
  schemaErrors({ $ref: `#/components/schemas/${name}` }, value);

/** Validates the status, headers and body of a response of this route against the document. */
export function responseErrors(
  key: string,
  { status, headers, body }: ApiResponse,
): readonly string[] {
  const response = describedRoutes[key]?.responses[status];
  if (!response) return [`${key} does not document ${status}: ${JSON.stringify(body)}`];
  const { content } = response;
  const headerErrors = Object.entries(response.headers).flatMap(([name, { required, schema }]) => {
    const value = headers.get(name);
    if (value === null) return required ? [`${name} is missing`] : [];
    return schemaErrors(schema, schema['type'] === 'integer' ? Number(value) : value);
  });
  if (!content) return body === '' ? headerErrors : [...headerErrors, 'there is a body'];
  if (!content['application/json']) {
    const isImage = headers.get('content-type')?.startsWith('image/');
    return isImage ? headerErrors : [...headerErrors, 'the content type is not that of an image'];
  }
  const isJson = headers.get('content-type') === 'application/json';
  return [
    ...headerErrors,
    ...schemaErrors(content['application/json'].schema, body),
    ...(isJson ? [] : ['the content type is not application/json']),
  ];
}

// Follows a `$ref`; anything else is returned as it is.
function resolveRef(part: unknown): unknown {
  const { data } = z.object({ $ref: z.string() }).safeParse(part);
  return data
    ? data.$ref
        .split('/')
        .slice(1)
        .reduce((at: unknown, name) => Schema.parse(at)[name], document)
    : part;
}
