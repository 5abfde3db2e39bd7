import { describe, expect, test } from 'vitest';
import { parseJsonBody } from '../../../functions/runtime/json-body.ts';
import { event } from './event.ts';

const maxBytes = 256 * 1024;
const parsed = (sent: Parameters<typeof parseJsonBody>[0]) => parseJsonBody(sent, maxBytes);

const textOf = (body: string, headers: Record<string, string> = {}) =>
  event({ body, headers: { 'content-type': 'application/json', ...headers } });
const bytesOf = (bytes: Uint8Array, type = 'application/json') =>
  event({
    body: Buffer.from(bytes).toString('base64'),
    isBase64Encoded: true,
    headers: { 'content-type': type },
  });

/** The status, code, parameter and message of the problem; or the parsed value when there is no problem. */
function problemOf(read: () => unknown): unknown {
  try {
    return read();
  } catch (thrown) {
    const { status, code, param, message } = Object(thrown);
    return [status, code, param, message];
  }
}

describe('a body is parsed', () => {
  test.each([
    'application/json',
    'Application/JSON',
    'application/json; charset=utf-8',
    'application/json;charset="UTF-8"',
    'application/json; charset=us-ascii',
    'application/json; profile="x"',
    'application/vnd.api+json',
    'application/problem+json; charset=utf8',
  ])('when its content type is %s', (type) => {
    expect(parsed(textOf('{"a":1}', { 'content-type': type }))).toEqual({ a: 1 });
  });

  test('when it has no content type, as text and as bytes', () => {
    const body = Buffer.from('{"a":"ü"}').toString('base64');

    expect(parsed(event({ body, isBase64Encoded: true, headers: {} }))).toEqual({ a: 'ü' });
    expect(parsed(event({ body: '{"a":1}', headers: {} }))).toEqual({ a: 1 });
  });

  test.each([
    ['as text', textOf('\uFEFF{"a":1}')],
    ['as bytes', bytesOf(Buffer.from('\uFEFF{"a":1}'))],
  ])('when it starts with a byte order mark, sent %s', (_how, sent) => {
    expect(parsed(sent)).toEqual({ a: 1 });
  });

  test('when its content encoding is "identity", which means none', () => {
    expect(parsed(textOf('7', { 'content-encoding': 'identity' }))).toBe(7);
  });

  test('when it contains a replacement character that the caller sent', () => {
    expect(parsed(textOf('"\\ufffd"'))).toBe('\uFFFD');
    expect(parsed(bytesOf(Buffer.from('"\uFFFD"')))).toBe('\uFFFD');
    expect(parsed(textOf('"\uFFFD"'))).toBe('\uFFFD');
  });
});

test('the content type of a request without a body does not matter', () => {
  expect(parsed(event({ headers: { 'content-type': 'text/plain' } }))).toBeUndefined();
  expect(parsed(textOf('', { 'content-encoding': 'gzip' }))).toBeUndefined();
});

describe('400: the body is rejected', () => {
  const notUtf8 = [400, 'invalid_request', undefined, 'The body is not valid UTF-8.'];

  test.each([
    ['a byte that starts no character', [0xff]],
    ['half a character', [0xc3]],
    ['half of a surrogate pair', [0xed, 0xa0, 0x80]],
    ['an overlong encoding', [0xc0, 0xaf]],
  ])('with %s in its bytes', (_what, bytes) => {
    const sent = bytesOf(Buffer.concat([Buffer.from('"'), Buffer.from(bytes), Buffer.from('"')]));

    expect(problemOf(() => parsed(sent))).toEqual(notUtf8);
  });

  test.each(['\uFEFF', '\uFEFF\uFEFF{}', '\0{}', '{}\0', '{} {}', "{'a':1}", 'NaN', '01', '[1,]'])(
    'when it is %j, which is not JSON',
    (text) => {
      expect(problemOf(() => parsed(textOf(text)))).toEqual([
        400,
        'invalid_request',
        undefined,
        'The body is not valid JSON.',
      ]);
    },
  );
});

describe('415: the body is rejected', () => {
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
  ])('with the content type %s', (type) => {
    const sent = textOf('{"a":1}', { 'content-type': type });

    expect(problemOf(() => parsed(sent))).toEqual([
      415,
      'unsupported_media_type',
      'Content-Type',
      'The body must be JSON in UTF-8: send it with Content-Type: application/json.',
    ]);
  });

  test.each(['gzip', 'br', 'deflate', 'GZIP, identity', 'identity,identity', ''])(
    'with the content encoding %j',
    (encoding) => {
      const sent = textOf('{"a":1}', { 'content-encoding': encoding });

      expect(problemOf(() => parsed(sent))).toEqual([
        415,
        'unsupported_media_type',
        'Content-Encoding',
        'The body must not be compressed: send it without Content-Encoding.',
      ]);
    },
  );
});
