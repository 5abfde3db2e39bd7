import { describe, expect, test } from 'vitest';
import {
  Base64UploadRequest,
  decodeBase64,
  FormFields,
  UrlUploadRequest,
} from '../../../../functions/domain/files/upload-request.ts';

const bytes = Buffer.from([0xff, 0xd8, 0xff, 0xfb, 0xf0]);
const encoded = bytes.toString('base64');

describe('Base64', () => {
  test.each([
    ['bare', encoded],
    ['without its padding', encoded.replace('=', '')],
    ['for addresses', bytes.toString('base64url')],
    ['in lines', `${encoded.slice(0, 4)}\r\n${encoded.slice(4)}\n`],
    ['as a data: address', `data:image/png;base64,${encoded}`],
    ['as a data: address with parameters', `DATA:image/png;name=a.png;Base64,${encoded}`],
    ['as a data: address without a type', `data:;base64,${encoded}`],
  ])('%s is decoded', (_, text) => {
    expect(decodeBase64(text)).toEqual(bytes);
  });

  test.each([
    ['another alphabet', 'abc!'],
    ['a single digit', 'abcde'],
    ['padding in the middle', 'ab==cd'],
    // Would take longer than a test may if the time were the square of the length.
    ['400 kB of padding with a digit behind it', `${'='.repeat(400_000)}A`],
    ['a data: address in text', 'data:image/svg+xml,<svg/>'],
    ['an address', 'https://example.com/a.png'],
  ])('%s is refused in one reading, and the field is named', (_, text) => {
    expect(() => decodeBase64(text)).toThrow(
      expect.objectContaining({ code: 'invalid_request', param: 'base64_data' }),
    );
  });
});

test('null and an empty text are like no field at all', () => {
  const body = { base64_data: 'AAAA', upload_path: null, file_name: '' };

  expect(Base64UploadRequest.parse(body)).toEqual({ base64_data: 'AAAA' });
});

test('a form may write its fields in both ways of the published API', () => {
  const place = { upload_path: 'a', file_name: 'b.png' };

  expect(FormFields.parse({ upload_path: '/a/', file_name: 'b.png' })).toEqual(place);
  expect(FormFields.parse({ uploadPath: 'a', fileName: 'b.png' })).toEqual(place);
});

test.each([
  ['no address', {}],
  ['an address that is null', { file_url: null }],
  ['an address that is too long', { file_url: `https://example.com/${'a'.repeat(8192)}` }],
  ['a list', []],
  ['a text', 'https://example.com'],
])('a request to fetch %s is refused', (_, body) => {
  expect(UrlUploadRequest.safeParse(body).success).toBe(false);
});
