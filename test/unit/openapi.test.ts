import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { openApiDocument } from '../../functions/openapi/document.ts';
import { patterns } from '../../functions/openapi/fields.ts';
import { requestSchema } from '../../functions/openapi/json-schema.ts';
import { operations } from '../../functions/openapi/operations.ts';
import { codesOf } from '../../functions/openapi/responses.ts';
import { isAccountName } from '../../functions/task/admin/account-request.ts';
import { isFileId, isKeyId, isTaskId } from '../../functions/task/ids.ts';
import { Problem, problemCodes } from '../../functions/task/problem.ts';
import { complaints, complaintsOf, describedRoutes } from '../support/openapi.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(`${root}/${path}`, 'utf8');

test('docs/openapi.json is what the schemas make; `npm run openapi` writes it anew', () => {
  expect(read('docs/openapi.json')).toBe(`${JSON.stringify(openApiDocument(), undefined, 2)}\n`);
});

describe.each(Object.entries(describedRoutes))('%s', (key, route) => {
  const bodies = Object.entries(route.responses).flatMap(([status, { content }]) =>
    content ? [{ what: status, ...content['application/json'] }] : [],
  );
  const requests = route.requestBody
    ? [{ what: 'the body', ...route.requestBody.content['application/json'] }]
    : [];
  const examples = [...requests, ...bodies].flatMap(({ what, schema, examples }) =>
    Object.entries(examples).map(([name, { value }]) => ({ what, name, schema, value })),
  );

  test('has an example for everything that is sent and answered', () => {
    expect(
      [...requests, ...bodies].filter((one) => Object.keys(one.examples).length === 0),
    ).toEqual([]);
    const inPath = route.parameters.filter((parameter) => parameter.in === 'path');
    expect(inPath.map(({ name, schema, example }) => [name, complaints(schema, example)])).toEqual(
      [...key.matchAll(/\{(\w+)\}/g)].map(([, name]) => [name, []]),
    );
  });

  test.each(examples)('fits its own example: $what, $name', ({ schema, value }) => {
    expect(complaints(schema, value)).toEqual([]);
  });

  test('says under each status which codes come with it, and under each code its status', () => {
    const [, operation] = Object.entries(operations).find(([one]) => one === key) ?? [];
    const described = Object.entries(route.responses).flatMap(([status, { content }]) =>
      Number(status) < 400
        ? []
        : Object.keys(content?.['application/json'].examples ?? {}).map((code) => [code, status]),
    );

    expect(Object.fromEntries(described)).toEqual(
      Object.fromEntries(
        (operation ? codesOf(operation) : []).map((code) => [
          ...[code, String(new Problem(code, '').status)],
        ]),
      ),
    );
  });

  test('asks for a key where it answers 401, and nowhere else', () => {
    expect(route.security).toEqual(
      '401' in route.responses
        ? [{ apiKey: [key.includes('/admin/') ? 'admin' : 'generate'] }]
        : [],
    );
  });
});

test('every code is answered by some route, but for the one about routes that are none', () => {
  const answered = new Set(Object.values(operations).flatMap(codesOf));

  expect(problemCodes.filter((code) => !answered.has(code))).toEqual(['not_found']);
});

test('every operation has a name of its own', () => {
  const names = Object.values(describedRoutes).map(({ operationId }) => operationId);

  expect(new Set(names).size).toBe(names.length);
});

const { components } = z
  .object({ components: z.object({ schemas: z.record(z.string(), z.unknown()) }) })
  .parse(openApiDocument());
const asked = /Request$|Patch$/;
const answers = Object.entries(components.schemas).filter(([name]) => !asked.test(name));

test.each(answers.filter(([name]) => name !== 'Document'))(
  '%s is closed: a field that is not described does not fit',
  (_, schema) => {
    for (const { type, properties, additionalProperties } of objectsIn(schema)) {
      expect([type, properties === undefined || additionalProperties === false]).toEqual([
        ...['object', true],
      ]);
    }
  },
);

test.each(Object.entries(components.schemas))('%s is described', (_, schema) => {
  expect(schema).toHaveProperty('description');
});

const wire = readdirSync(`${root}/test/golden`).filter(
  (file) => file.endsWith('.json') && file !== 'state-machine.json',
);

test.each(wire)('the golden answer %s fits', (file) => {
  const name = file.startsWith('created') ? 'CreatedTask' : 'Task';

  expect(complaintsOf(name, JSON.parse(read(`test/golden/${file}`)))).toEqual([]);
});

test.each([
  [patterns.taskId, isTaskId],
  [patterns.fileId, isFileId],
  [patterns.keyId, isKeyId],
  [patterns.account, isAccountName],
])('what matches %s is what the API takes for one', (pattern, is) => {
  fc.assert(fc.property(fc.stringMatching(pattern), is));
  fc.assert(fc.property(fc.string(), (text) => is(text) === pattern.test(text)));
});

describe('a request', () => {
  const Request = z.object({ n: z.int().max(4), of: z.object({ a: z.string() }).optional() });
  const words = {
    ...{ '': { description: 'A request' }, n: { description: 'How many' } },
    ...{ of: { description: 'Of what' }, 'of.a': { description: 'A name', maxLength: 9 } },
  };

  test('is described field by field, with the rules that are code', () => {
    expect(requestSchema(Request, words)).toMatchObject({
      description: 'A request',
      required: ['n'],
      properties: {
        n: { type: 'integer', maximum: 4, description: 'How many' },
        of: { properties: { a: { type: 'string', description: 'A name', maxLength: 9 } } },
      },
    });
  });

  test('cannot have a field that nothing describes', () => {
    const { n: _, ...others } = words;

    expect(() => requestSchema(Request, others)).toThrow('nothing describes n');
  });

  test('cannot have words for a field that is not there', () => {
    const more = { ...words, m: { description: 'Something else' } };

    expect(() => requestSchema(Request, more)).toThrow('there is no m');
  });
});

type Node = { readonly [key: string]: unknown };

function objectsIn(node: unknown): readonly Node[] {
  if (typeof node !== 'object' || node === null) return [];
  const inner = Object.values(node).flatMap(objectsIn);
  return 'type' in node && node.type === 'object' ? [{ ...node }, ...inner] : inner;
}
