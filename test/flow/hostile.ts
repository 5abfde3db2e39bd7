import { gzipSync } from 'node:zlib';

/** A body that nobody should be able to send with success: what it is, and what it is answered with. */
type HostileBody = {
  readonly what: string;
  readonly body: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  readonly status: number;
};

const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
const bad = (what: string, body: string | Uint8Array, headers = {}) => ({
  ...{ what, body, headers, status: 400 },
});
const typed = (type: string) => ({
  ...{ what: `the type ${type.slice(0, 40)}`, body: '{}', status: 415 },
  headers: { 'content-type': type },
});
const compressed = (encoding: string, body: Uint8Array) => ({
  ...{ what: `the encoding ${encoding}`, body, status: 415 },
  headers: { 'content-encoding': encoding },
});

/** For every route that reads a body. */
export const hostileBodies: readonly HostileBody[] = [
  bad('half of it', '{"prompt":'),
  bad('null', 'null'),
  bad('a text', '"{}"'),
  bad('a list', '[{}]'),
  bad('two of them', '{}{}'),
  bad('a comment', '{}//'),
  bad('no number at all', '[NaN]'),
  bad('a number out of range', '[1e999]'),
  bad('a name twice', '{"prompt":"a","n":1,"n":4}'),
  bad('a name twice, once in other words', String.raw`{"id":"a","\u0069d":"b"}`),
  bad('a name twice, deep inside', '{"x":[{"y":1,"y":2}]}'),
  bad('a prototype', '{"__proto__":{"scopes":["admin"],"enabled":true}}'),
  bad('NUL in a text', String.raw`{"prompt":"\u0000","name":"\u0000","id":"\u0000"}`),
  bad('half of a surrogate pair', String.raw`{"prompt":"\ud800","note":"\udfff"}`),
  bad('half of a surrogate pair in a name', String.raw`{"metadata":{"\ud800":"x"}}`),
  bad('33 levels', nested(33)),
  bad('100000 levels', nested(100_000)),
  bad('NUL before it', '\0{}'),
  bad('two byte order marks', '\uFEFF\uFEFF{}'),
  bad('Latin-1', Buffer.from('{"prompt":"ü"}', 'latin1')),
  bad('Latin-1 without a type', Buffer.from('{"prompt":"ü"}', 'latin1'), { 'content-type': null }),
  bad('UTF-16', Buffer.from('{"prompt":"a"}', 'utf16le')),
  bad('gzip without a word', gzipSync('{}')),
  { what: 'more than 256 kB', body: `"${'x'.repeat(256 * 1024)}"`, status: 413 },
  typed('text/plain'),
  typed('text/html; charset=utf-8'),
  typed('application/x-www-form-urlencoded'),
  typed('multipart/form-data; boundary=a'),
  typed('application/json; charset=utf-16'),
  typed('application/json, application/json'),
  typed(`application/${'x'.repeat(4096)}`),
  compressed('gzip', gzipSync('{}')),
  compressed('br', Buffer.from('{}')),
  compressed('identity, gzip', gzipSync('{}')),
];

/** Headers that hold no key; `key` is one that is valid. */
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

/** What may stand in a path in place of an id. */
export const hostileIds: readonly string[] = [
  ...['%00', '%2e%2e', '..%2f..', '%zz', '%', '%ff', '%c0%af', '%ed%a0%80', '%0d%0aset-cookie:a=b'],
  ...[
    '__proto__',
    'constructor',
    'null',
    '0',
    '-1',
    '*',
    '{task_id}',
    '%7Btask_id%7D',
    "'or'1'='1",
  ],
  ...['task-unified-1757156493-imcg5zqt%00', 'task-unified-1757156493-imcg5zqt%0a', '%F0%9F%97%9D'],
  ...['task-unified-1757156493-IMCG5ZQT', 'key-0123456789abcdef%20', 'x'.repeat(4096), '$default'],
];

const pair = (text: string) => Buffer.from(text).toString('base64url');

/** Queries of the lists; each is wrong in at least one way. */
export const hostileQueries: readonly string[] = [
  ...['limit=0', 'limit=101', 'limit=1e1', 'limit=0x10', 'limit=', 'limit=1&limit=2', 'limit=%00'],
  ...['cursor=', 'cursor=%00', 'cursor=x&cursor=y', `cursor=${'x'.repeat(4096)}`],
  ...[`cursor=${pair('null')}`, `cursor=${pair('[]')}`, `cursor=${pair('{"__proto__":1}')}`],
  ...[`cursor=${pair('[1e999,"x"]')}`, `cursor=${pair('[0,"task-unified-1-\\u0000"]')}`],
  ...[`cursor=${pair('[1.5,"task-unified-1757156493-imcg5zqt"]')}`],
  ...[`cursor=${pair('["1","task-unified-1757156493-imcg5zqt"]')}`],
];
