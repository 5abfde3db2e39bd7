import { expect, test } from 'vitest';
import { readImage } from '../../../../functions/domain/images/read-image.ts';
import { fileOf, jpeg, png } from '../../../support/pictures.ts';
import { corpus } from './corpus.ts';
import { damaged, unsupported } from './rejected-files.ts';

const whole = (bytes: Uint8Array) => readImage(fileOf(bytes));

test('there are files of every kind', () => {
  expect(corpus).not.toEqual([]);
  expect(unsupported).not.toEqual([]);
  expect(damaged).not.toEqual([]);
});

test.each(corpus)(
  '%s is read with its size, its alpha and its animation',
  (_name, bytes, header) => {
    expect(whole(bytes)).toEqual(header);
  },
);

test.each(unsupported)('a file that is %s is named as such', (reason, bytes) => {
  expect(whole(bytes)).toMatchObject({ reason });
});

test.each(damaged)('%s is rejected', (_name, bytes, why) => {
  expect(whole(bytes)).toMatchObject({ reason: expect.stringContaining(why) });
});

/** Where a picture may end: some pictures of the corpus are followed by something else. */
const endOf = (name: string, bytes: Buffer) =>
  name === 'JPEG with another picture after it'
    ? bytes.length - jpeg(160, 120).length
    : bytes.length;

test.each(corpus)('%s is rejected wherever it is cut off', (name, bytes) => {
  const end = endOf(name, bytes);
  const cuts = [1, 2, 3, 5, 12, 100, Math.trunc(end / 2)].map((missing) => end - missing);
  const sizes = [...Array(Math.min(end, 2000)).keys(), ...cuts.filter((size) => size > 0)];
  const accepted = sizes.filter((size) => 'format' in whole(bytes.subarray(0, size)));

  expect(accepted).toEqual([]);
});

test.each(corpus)('%s is read through small windows as it is at once', (_name, bytes, header) => {
  const reads: number[] = [];
  const { size, read } = fileOf(bytes);
  const file = {
    size,
    read: (from: number, count: number) => {
      reads.push(count);
      return read(from, count);
    },
  };

  expect(readImage(file)).toEqual(header);
  expect(Math.max(...reads)).toBeLessThanOrEqual(65_536);
});

test.each([
  ['of HTML', '<html><body>404</body></html>', 'an HTML page', 'send the picture itself'],
  ['of JSON', '{"error": {"code": "expired"}}', 'JSON', 'send the picture itself'],
  ['of a list in JSON', '[{"error": 1}]', 'JSON', 'send the picture itself'],
  ['of gzip', '\x1f\x8b\x08\0', 'compressed with gzip', 'send the picture itself'],
])('a file %s is no picture, and the advice says so', (_what, content, reason, advice) => {
  expect(whole(Buffer.from(content, 'latin1'))).toEqual({ reason, advice });
});

test('metadata may fill the file: it is skipped, however long it is', () => {
  const before = [Buffer.alloc(0)];
  const text = png(800, 600, { before });
  const long = Buffer.alloc(9_000_000, 0x41);

  expect(whole(withText(text, long))).toMatchObject({ width: 800, height: 600 });
});

function withText(bytes: Buffer, text: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  const afterHeader = 33;
  return Buffer.concat([
    bytes.subarray(0, afterHeader),
    length,
    Buffer.from('tEXt'),
    text,
    Buffer.alloc(4), // decoders do not check the checksum of a text
    bytes.subarray(afterHeader),
  ]);
}
