import { describe, expect, test } from 'vitest';
import { jsonBody } from '../../../functions/runtime/json-body.ts';
import { event } from './event.ts';

const textOf = (body: string, headers: Record<string, string> = {}) =>
  event({ body, headers: { 'content-type': 'application/json', ...headers } });
const bytesOf = (bytes: Uint8Array, type = 'application/json') =>
  event({
    body: Buffer.from(bytes).toString('base64'),
    isBase64Encoded: true,
    headers: { 'content-type': type },
  });

/** What is said about it: the status, the one to blame, and the words. */
function refusalOf(read: () => unknown): unknown {
  try {
    return read();
  } catch (thrown) {
    const { status, code, param, message } = Object(thrown);
    return [status, code, param, message];
  }
}

describe('a body is read', () => {
  test.each([
    'application/json',
    'Application/JSON',
    'application/json; charset=utf-8',
    'application/json;charset="UTF-8"',
    'application/json; charset=us-ascii',
    'application/json; profile="x"',
    'application/vnd.api+json',
    'application/problem+json; charset=utf8',
  ])('as %s', (type) => {
    expect(jsonBody(textOf('{"a":1}', { 'content-type': type }))).toEqual({ a: 1 });
  });

  test('when its type is not named at all, as bytes, too', () => {
    const body = Buffer.from('{"a":"ü"}').toString('base64');

    expect(jsonBody(event({ body, isBase64Encoded: true, headers: {} }))).toEqual({ a: 'ü' });
    expect(jsonBody(event({ body: '{"a":1}', headers: {} }))).toEqual({ a: 1 });
  });

  test.each([
    ['as text', textOf('\uFEFF{"a":1}')],
    ['as bytes', bytesOf(Buffer.from('\uFEFF{"a":1}'))],
  ])('behind a byte order mark, %s', (_how, sent) => {
    expect(jsonBody(sent)).toEqual({ a: 1 });
  });

  test('with the encoding "identity", which is none', () => {
    expect(jsonBody(textOf('7', { 'content-encoding': 'identity' }))).toBe(7);
  });

  test('with the replacement character, when the caller means it', () => {
    expect(jsonBody(textOf('"\\ufffd"'))).toBe('\uFFFD');
    expect(jsonBody(bytesOf(Buffer.from('"\uFFFD"')))).toBe('\uFFFD');
  });
});

test('no body has no type to be wrong', () => {
  expect(jsonBody(event({ headers: { 'content-type': 'text/plain' } }))).toBeUndefined();
  expect(jsonBody(textOf('', { 'content-encoding': 'gzip' }))).toBeUndefined();
});

describe('400', () => {
  const notUtf8 = [400, 'invalid_request', undefined, 'The body is not valid UTF-8.'];

  test.each([
    ['a byte that begins nothing', [0xff]],
    ['half a letter', [0xc3]],
    ['half of a surrogate pair', [0xed, 0xa0, 0x80]],
    ['a letter that is longer than it has to be', [0xc0, 0xaf]],
  ])('%s in bytes', (_what, bytes) => {
    const sent = bytesOf(Buffer.concat([Buffer.from('"'), Buffer.from(bytes), Buffer.from('"')]));

    expect(refusalOf(() => jsonBody(sent))).toEqual(notUtf8);
  });

  test('what API Gateway could not decode', () => {
    expect(refusalOf(() => jsonBody(textOf('"\uFFFD"')))).toEqual(notUtf8);
  });

  test.each(['\uFEFF', '\uFEFF\uFEFF{}', '\0{}', '{}\0', '{} {}', "{'a':1}", 'NaN', '01', '[1,]'])(
    'the text %j',
    (text) => {
      expect(refusalOf(() => jsonBody(textOf(text)))).toEqual([
        ...[400, 'invalid_request', undefined, 'The body is not valid JSON.'],
      ]);
    },
  );
});

describe('415', () => {
  test.each([
    'text/plain',
    'text/plain;charset=UTF-8',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonp',
    'application/json,application/json',
    'application/json; charset=utf-16',
    'application/json; charset=iso-8859-1',
    'json',
    '',
    `application/${'x'.repeat(8192)}`,
  ])('the type %s', (type) => {
    const sent = textOf('{"a":1}', { 'content-type': type });

    expect(refusalOf(() => jsonBody(sent))).toEqual([
      ...[415, 'unsupported_media_type', 'Content-Type'],
      'The body must be JSON in UTF-8: send it with Content-Type: application/json.',
    ]);
  });

  test.each(['gzip', 'br', 'deflate', 'GZIP, identity', 'identity,identity', ''])(
    'the encoding %j',
    (encoding) => {
      const sent = textOf('{"a":1}', { 'content-encoding': encoding });

      expect(refusalOf(() => jsonBody(sent))).toEqual([
        ...[415, 'unsupported_media_type', 'Content-Encoding'],
        'The body must not be compressed: send it without Content-Encoding.',
      ]);
    },
  );
});
