import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  type Content,
  type Operation,
  partsOf,
  type RawDocument,
  readDocument,
  search,
  withAddress,
} from '../../../console/screens/docs/document.ts';
import { blocksOf, inlinesOf, sectionOf } from '../../../console/screens/docs/markdown.ts';
import { errorsText, evolinkText } from '../../../console/screens/docs/page-texts.ts';
import type { Field, RawSchema, Shape } from '../../../console/screens/docs/shapes.ts';
import document from '../../../docs/openapi.json' with { type: 'json' };
import { widestLimits } from '../../../functions/domain/model/catalogue.ts';
import { problemCodes, taskErrorCodes } from '../../../functions/domain/model/problem.ts';
import { keywordsOf, nodesOf } from '../../support/openapi-nodes.ts';

const docs = readDocument(document as unknown as RawDocument);
const operations = docs.tags.flatMap((tag) => tag.operations);

const fieldsIn = (shape: Shape): number =>
  inFields(shape.fields) + partsOf(shape).reduce((sum, part) => sum + fieldsIn(part.shape), 0);
const inFields = (fields: readonly Field[]): number =>
  fields.reduce((sum, { shape }) => sum + 1 + fieldsIn(shape), 0);
const inContents = (contents: readonly Content[] = []): number =>
  contents.reduce((sum, { shape }) => sum + fieldsIn(shape), 0);
const fieldsOf = ({ parameters, body, responses, callbacks }: Operation): number =>
  parameters.length +
  inContents(body?.contents) +
  responses.reduce((sum, one) => sum + one.headers.length + inContents(one.contents), 0) +
  callbacks.reduce((sum, callback) => sum + fieldsOf(callback), 0);
const statusesOf = ({ responses, callbacks }: Operation): readonly string[] => [
  ...responses.map(({ status }) => status),
  ...callbacks.flatMap(statusesOf),
];

describe('the documentation', () => {
  test('has every operation, parameter, header, property and status of the document', () => {
    const wanted = nodesOf(document);

    expect(wanted.size).toBeGreaterThan(40);
    expect(wanted.get('createTask')?.fields).toBeGreaterThan(100);
    expect(
      Object.fromEntries(
        operations.map((one) => [one.id, { fields: fieldsOf(one), statuses: statusesOf(one) }]),
      ),
    ).toEqual(Object.fromEntries(wanted));
  });

  test('has every operation below the first of its tags', () => {
    const { paths } = document;
    const wanted = Object.values(paths).flatMap((methods) => Object.values(methods));

    expect(wanted).not.toEqual([]);
    expect(docs.tags.map(({ name }) => name)).toEqual(document.tags.map(({ name }) => name));
    for (const tag of docs.tags) {
      expect(tag.operations.map(({ id }) => id)).toEqual(
        wanted.filter(({ tags }) => tags[0] === tag.name).map(({ operationId }) => operationId),
      );
    }
  });

  test('knows every keyword that a schema of the document uses', () => {
    const shown = new Set<keyof RawSchema | 'discriminator'>([
      ...(['$ref', 'title', 'description', 'type', 'enum', 'const', 'default', 'not'] as const),
      ...(['properties', 'required', 'additionalProperties', 'propertyNames', 'items'] as const),
      ...(['oneOf', 'anyOf', 'allOf', 'pattern', 'format', 'contentEncoding'] as const),
      ...(['minLength', 'maxLength', 'minimum', 'maximum', 'exclusiveMinimum'] as const),
      ...(['minItems', 'maxItems', 'minProperties', 'maxProperties'] as const),
      'discriminator', // its property is a constant in every form
    ]);

    expect([...keywordsOf(document)].filter((one) => !new Set<string>(shown).has(one))).toEqual([]);
  });

  test('says types, limits, values and examples in words', () => {
    const create = operations.find(({ id }) => id === 'createTask');
    const fields = create?.body?.contents[0]?.shape.fields ?? [];
    const named = Object.fromEntries(fields.map(({ name, shape }) => [name, shape]));
    const limits = widestLimits();

    expect(named['n']).toMatchObject({ type: 'integer or null', limits: [`1 to ${limits.maxN}`] });
    expect(named['prompt']).toMatchObject({
      limits: [`1 to ${limits.maxPromptCodePoints} characters`],
      pattern: '\\S',
    });
    expect(named['image_urls']).toMatchObject({
      type: 'array of string or null',
      limits: [`at most ${limits.maxImages} items`],
      items: { limits: ['at most 8192 characters', 'format uri'] },
    });
    expect(named['metadata']?.limits).toEqual([
      'at most 16 properties',
      'names of 1 to 64 characters',
    ]);
    expect(named['model']?.allowed).toContain('"wan2.5-image-to-image"');
    expect(create?.parameters[0]).toMatchObject({ name: 'Idempotency-Key', place: 'header' });
    expect(create?.scope).toBe('generate');
    expect(operations.find(({ id }) => id === 'health')?.scope).toBeUndefined();
  });

  test.each([
    [{ minimum: 1, maximum: 1 }, ['exactly 1']],
    [{ minimum: -9007199254740991, maximum: 9007199254740991 }, []],
    [{ exclusiveMinimum: 0, not: { const: 7 } }, ['more than 0', 'not 7']],
    [{ minItems: 1, maxItems: 50 }, ['1 to 50 items']],
    [{ minProperties: 1 }, ['at least 1 properties']],
    [{ contentEncoding: 'base64' }, ['in base64']],
  ] as const)('says the limits of %j', (schema, limits) => {
    expect(bodyOf(schema).limits).toEqual(limits);
  });

  test('shows fields beside the forms of a value, and stops where a schema contains itself', () => {
    const tree = { $ref: '#/components/schemas/Tree' };
    const shape = bodyOf(tree, {
      Tree: {
        title: 'Tree',
        type: 'object',
        required: ['name'],
        properties: { name: { type: 'string', default: 'oak' }, child: tree },
        oneOf: [{ properties: { leaf: { const: 1 } } }, { title: 'Twig', properties: {} }],
      },
    });

    expect(shape.fields.map(({ name, required }) => [name, required])).toEqual([
      ['name', true],
      ['child', false],
    ]);
    expect(shape.fields[0]?.shape.default).toBe('"oak"');
    expect(shape.fields[1]?.shape).toMatchObject({ title: 'Tree', fields: [] });
    expect(shape.choice).toBe('One of these');
    expect(shape.variants.map(({ name }) => name)).toEqual(['Form 1', 'Twig']);
    expect(shape.variants[0]?.shape.fields[0]?.shape.allowed).toEqual(['1']);
  });

  test('is searched by name, address, words and the fields that an operation takes', () => {
    const found = (words: string) =>
      search(docs.tags, words).flatMap((tag) => tag.operations.map(({ id }) => id));

    expect(found('callback_url')).toContain('createTask');
    expect(found('content_type')).toContain('createTask');
    expect(found('POST /v1/files')).toContain('createFile');
    expect(found('DELETETASK')).toEqual(['deleteTask']);
    expect(found('')).toHaveLength(operations.length);
    expect(found('no such thing')).toEqual([]);
  });

  test('has the address of this service in every sample', () => {
    const samples = operations.flatMap((one) => one.samples);

    expect(samples.length).toBeGreaterThanOrEqual(operations.length * 3);
    for (const { source } of samples) {
      const filled = withAddress(source, 'https://darkroom.example.com');
      expect(filled).toContain('https://darkroom.example.com/');
      expect(filled).not.toContain('DARKROOM_URL');
    }
  });

  const bodyOf = (schema: RawSchema, schemas = {}): Shape => {
    const content = { 'application/json': { schema } };
    const made = {
      paths: { '/a': { post: { requestBody: { content } } } },
      components: { schemas },
    };
    const shape = readDocument(made).tags[0]?.operations[0]?.body?.contents[0]?.shape;
    if (!shape) throw new Error('there is no body');
    return shape;
  };
});

describe('a text of the documentation', () => {
  test('is paragraphs, lists, tables, code and headings', () => {
    const text = `# A title

Two
lines.

- one
- two
  lines

| | |
|---|---|
| a | b \`c\` |

\`\`\`json
{

}
\`\`\`

## Again

## Again`;

    expect(blocksOf(text)).toEqual([
      { kind: 'heading', level: 1, text: 'A title', id: 'a-title' },
      { kind: 'paragraph', text: 'Two lines.' },
      { kind: 'list', items: ['one', 'two lines'] },
      { kind: 'table', rows: [['a', 'b `c`']] },
      { kind: 'code', text: '{\n\n}' },
      { kind: 'heading', level: 2, text: 'Again', id: 'again' },
      { kind: 'heading', level: 2, text: 'Again', id: 'again-1' },
    ]);
  });

  test('keeps what it does not know as text', () => {
    expect(inlinesOf('<b>a</b> `x` **y** [z](files.md) * ` [')).toEqual([
      { kind: 'text', text: '<b>a</b> ' },
      { kind: 'code', text: 'x' },
      { kind: 'text', text: ' ' },
      { kind: 'strong', text: 'y' },
      { kind: 'text', text: ' ' },
      { kind: 'link', text: 'z', target: 'files.md' },
      { kind: 'text', text: ' * ` [' },
    ]);
  });

  test('is that of the pages in docs/, without links to pages that are not served', () => {
    const [errors = '', readme = '', calling = ''] = [
      'docs/errors.md',
      'README.md',
      'docs/calling.md',
    ].map((path) => readFileSync(path, 'utf8'));
    const headings = blocksOf(errorsText(errors)).flatMap((one) =>
      one.kind === 'heading' && one.level === 3 ? [one.text] : [],
    );
    expect(headings).toEqual(expect.arrayContaining([...problemCodes, ...taskErrorCodes]));

    const evolinkPage = evolinkText(readme, calling);
    expect(evolinkPage).toContain('https://api.evolink.ai');
    expect(evolinkPage).toContain('Keys begin with `sk-dr-`');
    expect(evolinkPage).not.toMatch(/What differs in detail|decisions|## What it costs/);
  });

  test('is the part of a page below a heading', () => {
    const page = '# Page\n\n## One\n\nA\n\n### Below\n\nB\n\n## Two\n\nC';

    expect(sectionOf(page, '## One').trim()).toBe('A\n\n### Below\n\nB');
    expect(sectionOf(page, '## Three')).toBe('');
  });
});
