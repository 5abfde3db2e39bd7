import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { loadRoutes } from '../../../functions/api/routes.ts';
import { isAccountName } from '../../../functions/domain/accounts/account-request.ts';
import { isFileId, isKeyId, isTaskId, patterns } from '../../../functions/domain/model/ids.ts';
import { Problem, problemCodes } from '../../../functions/domain/model/problem.ts';
import { documentedRoutes, openApiDocument } from '../../../functions/openapi/document.ts';
import { requestSchema } from '../../../functions/openapi/json-schema.ts';
import { codesOf } from '../../../functions/openapi/responses.ts';
import { routeKey } from '../../../functions/runtime/route.ts';
import { describedRoutes, namedSchemaErrors, schemaErrors } from '../../support/openapi.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const read = (path: string) => readFileSync(`${root}/${path}`, 'utf8');
const routes = await loadRoutes();
const document = openApiDocument(routes);
const declared = new Map(
  documentedRoutes(routes).map(({ route }) => [routeKey(route), route] as const),
);

test('docs/openapi.json is generated from the route declarations; `npm run openapi` updates it', () => {
  expect(read('docs/openapi.json')).toBe(`${JSON.stringify(document, undefined, 2)}\n`);
});

test('the document describes every declared route', () => {
  expect(Object.keys(describedRoutes).sort()).toEqual([...declared.keys()].sort());
  expect(declared.size).toBeGreaterThan(20);
});

describe.each(Object.entries(describedRoutes))('%s', (key, described) => {
  const bodies = Object.entries(described.responses).flatMap(([status, { content }]) =>
    content?.['application/json'] ? [{ what: status, ...content['application/json'] }] : [],
  );
  const requests = Object.values(described.requestBody?.content ?? {}).map((content) => ({
    what: 'the body',
    ...content,
  }));
  const examples = [...requests, ...bodies].flatMap(({ what, schema, examples }) =>
    Object.entries(examples).map(([name, { value }]) => ({ what, name, schema, value })),
  );

  test('has an example for every body of a request and of a response', () => {
    expect(
      [...requests, ...bodies].filter((one) => Object.keys(one.examples).length === 0),
    ).toEqual([]);
    const inPath = described.parameters.filter((parameter) => parameter.in === 'path');
    expect(
      inPath.map(({ name, schema, example }) => [name, schemaErrors(schema, example)]),
    ).toEqual([...key.matchAll(/\{(\w+)\}/g)].map(([, name]) => [name, []]));
  });

  test.each(examples)('has an example that fits its schema: $what, $name', ({ schema, value }) => {
    expect(schemaErrors(schema, value)).toEqual([]);
  });

  test('lists the declared error codes under their statuses, and no other code', () => {
    const route = declared.get(key);
    const codes = Object.entries(described.responses).flatMap(([status, { content }]) =>
      Number(status) < 400
        ? []
        : Object.keys(content?.['application/json']?.examples ?? {})
            .filter((example) => example !== 'gateway')
            .map((code) => [code, status]),
    );

    expect(Object.fromEntries(codes)).toEqual(
      Object.fromEntries(
        (route ? codesOf(route) : []).map((code) => [code, String(new Problem(code, '').status)]),
      ),
    );
  });

  test('can be throttled by the gateway, which answers in its own words', () => {
    const { headers = {}, content } = described.responses['429'] ?? {};
    const body = content?.['application/json'];

    expect(Object.values(headers).filter(({ required }) => required)).toEqual([]);
    expect(body?.examples['gateway']).toEqual({ value: { message: 'Too Many Requests' } });
    expect(schemaErrors(body?.schema ?? {}, { message: 'Too Many Requests' })).toEqual([]);
    expect(schemaErrors(body?.schema ?? {}, { message: 1 })).not.toEqual([]);
  });

  test('requires a key if and only if it can respond with 401', () => {
    const route = declared.get(key);
    // This route takes a code in place of a key.
    const takesCode = key === 'POST /v1/console/sessions';
    expect(described.security).toEqual(
      '401' in described.responses && !takesCode
        ? [{ apiKey: [typeof route?.access === 'object' && route.access.scope] }]
        : [],
    );
  });
});

test('every error code is declared by some route, except for those about paths that are no routes', () => {
  const used = new Set([...declared.values()].flatMap(codesOf));

  expect(problemCodes.filter((code) => !used.has(code))).toEqual([
    'moved_permanently',
    'not_found',
  ]);
});

test('every tag is in one group of the pages that show the document', () => {
  const { tags, 'x-tagGroups': groups } = z
    .object({
      tags: z.array(z.object({ name: z.string() })),
      'x-tagGroups': z.array(z.object({ tags: z.array(z.string()) })),
    })
    .parse(document);

  expect(groups.flatMap((group) => group.tags).toSorted()).toEqual(
    tags.map(({ name }) => name).toSorted(),
  );
});

test('no two operations have the same id', () => {
  const names = Object.values(describedRoutes).map(({ operationId }) => operationId);

  expect(new Set(names).size).toBe(names.length);
});

const { components } = z
  .object({ components: z.object({ schemas: z.record(z.string(), z.unknown()) }) })
  .parse(document);
const requestNames = /Request$|Patch$/;
const responses = Object.entries(components.schemas).filter(
  ([name]) => !requestNames.test(name) && name !== 'Document',
);
const wire = readdirSync(`${root}/test/golden`).filter(
  (file) => file.endsWith('.json') && !file.startsWith('state-'),
);

test('there are schemas of requests, schemas of responses, and golden responses', () => {
  expect(Object.keys(components.schemas).filter((name) => requestNames.test(name))).toHaveLength(
    15,
  );
  expect(responses).not.toEqual([]);
  expect(wire).not.toEqual([]);
});

test.each(responses)('%s allows no field that is not described', (_, schema) => {
  for (const { type, properties, additionalProperties } of objectsIn(schema)) {
    expect([type, properties === undefined || additionalProperties === false]).toEqual([
      ...['object', true],
    ]);
  }
});

test.each(Object.entries(components.schemas))('the schema %s has a description', (_, schema) => {
  expect(schema).toHaveProperty('description');
});

test.each(wire)('the golden response %s fits the document', (file) => {
  const name = file.startsWith('created') ? 'CreatedTask' : 'Task';

  expect(namedSchemaErrors(name, JSON.parse(read(`test/golden/${file}`)))).toEqual([]);
});

test.each([
  [patterns.taskId, isTaskId],
  [patterns.fileId, isFileId],
  [patterns.keyId, isKeyId],
  [patterns.account, isAccountName],
])('the API accepts exactly the ids that match %s', (pattern, is) => {
  fc.assert(fc.property(fc.stringMatching(pattern), is));
  fc.assert(fc.property(fc.string(), (text) => is(text) === pattern.test(text)));
});

describe('a request', () => {
  const Request = z.object({ n: z.int().max(4), of: z.object({ a: z.string() }).optional() });
  const descriptions = {
    '': { description: 'A request' },
    n: { description: 'How many' },
    of: { description: 'Of what' },
    'of.a': { description: 'A name', maxLength: 9 },
  };

  test('is described field by field, including rules that exist only in code', () => {
    expect(requestSchema(Request, descriptions)).toMatchObject({
      description: 'A request',
      required: ['n'],
      properties: {
        n: { type: 'integer', maximum: 4, description: 'How many' },
        of: { properties: { a: { type: 'string', description: 'A name', maxLength: 9 } } },
      },
    });
  });

  test('cannot have a field without a description', () => {
    const { '': whole, of, 'of.a': a } = descriptions;

    expect(() => requestSchema(Request, { '': whole, of, 'of.a': a })).toThrow(
      'nothing describes n',
    );
  });

  test('cannot describe a field that does not exist', () => {
    const more = { ...descriptions, m: { description: 'Something else' } };

    expect(() => requestSchema(Request, more)).toThrow('there is no m');
  });
});

type Node = { readonly [key: string]: unknown };

function objectsIn(node: unknown): readonly Node[] {
  if (typeof node !== 'object' || node === null) return [];
  const inner = Object.values(node).flatMap(objectsIn);
  return 'type' in node && node.type === 'object' ? [{ ...node }, ...inner] : inner;
}
