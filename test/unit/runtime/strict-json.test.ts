import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { strictJson } from '../../../functions/runtime/strict-json.ts';

function problemOf(text: string): unknown {
  try {
    return strictJson(text);
  } catch (thrown) {
    const { status, code, param, message } = Object(thrown);
    expect([status, code]).toEqual([400, 'invalid_request']);
    return [param, message];
  }
}

const nested = (levels: number, open = '[', close = ']') =>
  open.repeat(levels) + close.repeat(levels);

test.each([
  '{"a":{"n":1},"b":{"n":2},"n":3}',
  '[{"n":1},{"n":2}]',
  '{"a":"a","b":["a","a","b"]}',
  '{"n":1,"N":2,"n ":3}',
  String.raw`{"a\"b":"\\","c":"{\"n\":1,\"n\":2}"}`,
  String.raw`"\ud83c\udf0c\n\t\r\u0001"`,
  '{"constructor":"a","prototype":"b","toString":"c","hasOwnProperty":"d","":"e"}',
  ' [ ] ',
  '7',
  nested(32),
])('%s is parsed as JSON.parse does', (text) => {
  expect(strictJson(text)).toEqual(JSON.parse(text));
});

test('the output of JSON.stringify is parsed, except for reserved names and NUL', async () => {
  const isOrdinary = (value: unknown) => !/__proto__|\\u0000/.test(JSON.stringify(value));

  await fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }).filter(isOrdinary), (value) => {
      const text = JSON.stringify(value);
      expect(strictJson(text)).toEqual(JSON.parse(text));
    }),
  );
});

describe('a name with an escape is read as it was sent, whatever names were parsed before', () => {
  const names = ['\\\\', '\n', '\r', '\t', '"', '\u0001', '\\', 'a\\n', 'a\n', 'a\n\\n', '\u2028'];

  test.each(names)('%j', (name) => {
    for (const earlier of names) {
      // V8 expects a second name only after a first one that had no other successor.
      const first = JSON.stringify([name, earlier]);
      JSON.parse(JSON.stringify({ [first]: '', [earlier]: '' }));
      const text = JSON.stringify({ [first]: '', [name]: '' });

      expect(JSON.stringify(strictJson(text))).toBe(text);
    }
  });
});

describe('a name that occurs twice in one object', () => {
  const twice = 'stands twice in one object: send it once';

  test.each([
    ['at the top', '{"n":1,"n":2}', 'n'],
    ['with one value', '{"n":1,"n":1}', 'n'],
    ['written with an escape', String.raw`{"n":1,"\u006e":2}`, 'n'],
    ['around others', '{"n":{"n":1},"m":[],"n":2}', 'n'],
    ['deep inside', '{"a":[0,{"b":{"n":1,"n":2}}]}', 'a[1].b.n'],
    ['in a list', '[[],[{"n":1,"m":2,"n":3}]]', '[1][0].n'],
    ['without a letter in it', '{"":1,"":2}', ''],
  ])('%s is refused, and the message says where it is', (_where, text, param) => {
    expect(problemOf(text)).toEqual([param, `${param} ${twice}`]);
  });

  test('is quoted by its start alone when it is long, cut between characters', () => {
    const name = `${'x'.repeat(63)}🌌${'x'.repeat(1000)}`;
    const param = `${'x'.repeat(63)}\uFFFD…`;

    expect(problemOf(`{"${name}":1,"${name}":2}`)).toEqual([param, `${param} ${twice}`]);
  });
});

describe('a text that DynamoDB or UTF-8 cannot store unchanged', () => {
  const rule = 'holds a NUL character or half of a surrogate pair: send it without';

  test.each([
    ['NUL', String.raw`{"prompt":"a\u0000b"}`, 'prompt'],
    ['a first half', String.raw`{"prompt":"\ud83c"}`, 'prompt'],
    ['a second half', String.raw`{"prompt":"a\udf0cb"}`, 'prompt'],
    ['both in the wrong order', String.raw`{"prompt":"\udf0c\ud83c"}`, 'prompt'],
    ['one in a list', String.raw`{"image_urls":["a","\ud800"]}`, 'image_urls[1]'],
    ['one in metadata', String.raw`{"metadata":{"order":"\u0000"}}`, 'metadata.order'],
    ['one in a name', String.raw`{"metadata":{"a":"b","\ud800":"c"}}`, 'metadata'],
  ])('is rejected: %s', (_what, text, param) => {
    expect(problemOf(text)).toEqual([param, `${param} ${rule}`]);
  });

  test('is rejected when it is the whole body', () => {
    expect(problemOf(String.raw`"\ud800"`)).toEqual([undefined, `The body ${rule}`]);
  });
});

test.each([
  ['{"__proto__":{"scopes":["admin"]}}', '__proto__'],
  [String.raw`{"metadata":{"__pro\u0074o__":"x"}}`, 'metadata.__proto__'],
])('%s is rejected, and changes no prototype', (text, param) => {
  expect(problemOf(text)).toEqual([param, `${param} is a name that no field may have`]);
  expect(Object(problemOf('{}'))).not.toHaveProperty('scopes');
});

test.each([
  ['33 lists', nested(33)],
  ['33 objects', `${'{"a":'.repeat(33)}1${'}'.repeat(33)}`],
  ['as many lists as fit into a body', nested(131_072)],
])('%s nested in each other are rejected', (_what, text) => {
  expect(problemOf(text)).toEqual([
    undefined,
    'The body must not be nested deeper than 32 levels.',
  ]);
});

test.each([
  ['one text of backslashes', JSON.stringify('\\'.repeat(130_000))],
  ['one text of quotes', JSON.stringify('"'.repeat(130_000))],
  ['a list of ones', JSON.stringify(Array.from({ length: 130_000 }, () => 1))],
  ['many names', JSON.stringify(Object.fromEntries([...Array(20_000).keys()].map((n) => [n, n])))],
])('a body of 256 kB that is %s is parsed', (_what, text) => {
  expect(strictJson(text)).toEqual(JSON.parse(text));
});
