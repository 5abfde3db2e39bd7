import { gzipSync } from 'node:zlib';

/** A request body that no route may accept, and the status it is refused with. */
type HostileBody = {
  readonly description: string;
  readonly body: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  readonly status: number;
};

const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
const badRequest = (description: string, body: string | Uint8Array, headers = {}) => ({
  description,
  body,
  headers,
  status: 400,
});
const withContentType = (type: string) => ({
  description: `the type ${type.slice(0, 40)}`,
  body: '{}',
  status: 415,
  headers: { 'content-type': type },
});
const withEncoding = (encoding: string, body: Uint8Array) => ({
  description: `the encoding ${encoding}`,
  body,
  status: 415,
  headers: { 'content-encoding': encoding },
});

/** Sent to every route that reads a body. */
export const hostileBodies: readonly HostileBody[] = [
  badRequest('truncated JSON', '{"prompt":'),
  badRequest('null', 'null'),
  badRequest('a string', '"{}"'),
  badRequest('a list', '[{}]'),
  badRequest('two objects', '{}{}'),
  badRequest('a comment', '{}//'),
  badRequest('NaN', '[NaN]'),
  badRequest('a number out of range', '[1e999]'),
  badRequest('a name twice', '{"prompt":"a","n":1,"n":4}'),
  badRequest('a name twice, once escaped', String.raw`{"id":"a","\u0069d":"b"}`),
  badRequest('a name twice in a nested object', '{"x":[{"y":1,"y":2}]}'),
  badRequest('__proto__', '{"__proto__":{"scopes":["admin"],"enabled":true}}'),
  badRequest('NUL in a string', String.raw`{"prompt":"\u0000","name":"\u0000","id":"\u0000"}`),
  badRequest('a lone surrogate', String.raw`{"prompt":"\ud800","note":"\udfff"}`),
  badRequest('a lone surrogate in a name', String.raw`{"metadata":{"\ud800":"x"}}`),
  badRequest('33 levels of nesting', nested(33)),
  badRequest('100000 levels of nesting', nested(100_000)),
  badRequest('a leading NUL', '\0{}'),
  badRequest('two byte order marks', '\uFEFF\uFEFF{}'),
  // With a content type of JSON, API Gateway has made a text of it before a function sees it.
  badRequest('Latin-1 without a content type', Buffer.from('{"prompt":"ü"}', 'latin1'), {
    'content-type': null,
  }),
  badRequest('UTF-16', Buffer.from('{"prompt":"a"}', 'utf16le')),
  badRequest('gzip without Content-Encoding', gzipSync('{}')),
  { description: 'more than 256 kB', body: `"${'x'.repeat(256 * 1024)}"`, status: 413 },
  withContentType('text/plain'),
  withContentType('text/html; charset=utf-8'),
  withContentType('application/x-www-form-urlencoded'),
  withContentType('multipart/form-data; boundary=a'),
  withContentType('application/json; charset=utf-16'),
  withContentType('application/json, application/json'),
  withContentType(`application/${'x'.repeat(4096)}`),
  withEncoding('gzip', gzipSync('{}')),
  withEncoding('br', Buffer.from('{}')),
  withEncoding('identity, gzip', gzipSync('{}')),
];

/** Values of the Authorization header that are refused. `key` is a valid key. */
export const hostileAuthorizations = (key: string): readonly (readonly string[])[] => [
  [],
  [''],
  ['Bearer'],
  ['Bearer    '],
  [key],
  [`Basic ${Buffer.from(key).toString('base64')}`],
  [`Bearer "${key}"`],
  [`Bearer ${key}, Bearer ${key}`],
  [`Bearer ${key}`, `Bearer ${key}`],
  [`Bearer ${key} ${key}`],
  [`Bearer ${key}\t`.replace('\t', '\u00a0')],
  [`Bearer ${key}; drop table`],
  [`Bearer ${key.slice(0, -1)}`],
  [`Bearer ${key.toUpperCase()}`],
  [`Bearer ${key.replace('a', 'а')}🗝`],
  ['Bearer sk-dr-\u0080\u009f'],
  ['Bearer __proto__'],
  [`Bearer sk-dr-${'x'.repeat(43)}`],
  [`Bearer ${'x'.repeat(8192)}`],
  [`Bearer ${' '.repeat(8192)}x`],
  [`${' '.repeat(64)}Bearer`],
];

/** Strings that a caller may put into a path in place of an id. */
export const hostileIds: readonly string[] = [
  '%00',
  '%2e%2e',
  '..%2f..',
  '%zz',
  '%',
  '%ff',
  '%c0%af',
  '%ed%a0%80',
  '%0d%0aset-cookie:a=b',
  '__proto__',
  'constructor',
  'null',
  '0',
  '-1',
  '*',
  '{task_id}',
  '%7Btask_id%7D',
  "'or'1'='1",
  'task-unified-1757156493-imcg5zqt%00',
  'task-unified-1757156493-imcg5zqt%0a',
  '%F0%9F%97%9D',
  'task-unified-1757156493-IMCG5ZQT',
  'key-0123456789abcdef%20',
  'x'.repeat(4096),
  '$default',
];

const encoded = (text: string) => Buffer.from(text).toString('base64url');

/** Queries for the list routes. Each breaks at least one rule. */
export const hostileQueries: readonly string[] = [
  'limit=0',
  'limit=101',
  'limit=1e1',
  'limit=0x10',
  'limit=',
  'limit=1&limit=2',
  'limit=%00',
  'Limit=5',
  'limit[]=5',
  `${'x'.repeat(4096)}=1`,
  '__proto__=1',
  'cursor=',
  'cursor=%00',
  'cursor=x&cursor=y',
  `cursor=${'x'.repeat(4096)}`,
  `cursor=${encoded('null')}`,
  `cursor=${encoded('[]')}`,
  `cursor=${encoded('{"__proto__":1}')}`,
  `cursor=${encoded('[1e999,"x"]')}`,
  `cursor=${encoded('[0,"task-unified-1-\\u0000"]')}`,
  `cursor=${encoded('[1.5,"task-unified-1757156493-imcg5zqt"]')}`,
  `cursor=${encoded('["1","task-unified-1757156493-imcg5zqt"]')}`,
];
