import { expect, test } from 'vitest';
import { inspect } from '../../../functions/image/inspect.ts';
import {
  bmp,
  chunk,
  extendedWebp,
  jpeg,
  losslessWebp,
  lossyWebp,
  png,
  segment,
} from '../../support/pictures.ts';
import { corpus } from './corpus.ts';
import { counting, limits } from './counting.ts';
import { damaged, foreign } from './refused.ts';

function world(file: Uint8Array, size?: number) {
  const { reads, read, isModest } = counting(file, size);
  return { reads, isModest, look: (declaredType?: string) => inspect(read, limits, declaredType) };
}

const text = (bytes: number) => chunk('iTXt', Buffer.alloc(bytes, 0x41));
const segments = (count: number) =>
  Array.from({ length: count }, () => segment(0xe2, Buffer.alloc(65_533)));

test.each([
  ['a JPEG', jpeg(800, 600), 'image/jpeg'],
  ['a JPEG under the name that browsers once gave it', jpeg(800, 600), 'image/jpg'],
  ['a declared type with parameters', png(800, 600), 'Image/PNG; charset=binary'],
  ['a PNG that nobody declared', png(800, 600), undefined],
  ['a WebP that storage calls bytes', lossyWebp(800, 600), 'binary/octet-stream'],
  ['a BMP under its old name', bmp(800, 600), 'image/x-ms-bmp'],
  ['the smallest sides', jpeg(384, 384), undefined],
  ['the largest sides', jpeg(5000, 5000), undefined],
])('%s passes', async (_name, bytes, declared) => {
  expect(await world(bytes).look(declared)).toBeUndefined();
});

test.each([
  [
    'nothing',
    Buffer.alloc(0),
    undefined,
    'invalid_parameters',
    'is empty (0 bytes); send the picture itself',
  ],
  [
    'transparency',
    png(800, 600, { colourType: 6 }),
    undefined,
    'image_processing_error',
    'has an alpha channel (transparency); flatten it onto a background and send it again',
  ],
  [
    'transparency in a lossless WebP',
    losslessWebp(800, 600, { alpha: true }),
    undefined,
    'image_processing_error',
    'has an alpha channel (transparency); flatten it onto a background and send it again',
  ],
  [
    'an animation',
    extendedWebp(800, 600, 0x12),
    undefined,
    'image_processing_error',
    'is animated; send a single picture without animation',
  ],
  [
    'a declared type that the content contradicts',
    jpeg(800, 600),
    'image/png',
    'image_processing_error',
    'is declared as image/png but is a JPEG; declare it as image/jpeg and send it again',
  ],
  [
    'a format that is not allowed',
    Buffer.from('GIF89a'),
    'image/gif',
    'image_processing_error',
    'is a GIF; export it as JPEG, PNG, WebP or BMP and send it again',
  ],
  [
    'a damaged file',
    jpeg(800, 600).subarray(0, 10),
    undefined,
    'image_processing_error',
    'is a damaged JPEG (it ends too early); export it as JPEG, PNG, WebP or BMP and send it again',
  ],
  [
    'sides outside the limits',
    jpeg(300, 5200),
    undefined,
    'image_dimension_mismatch',
    'is 300×5200 pixels; each side must be 384 to 5000',
  ],
  [
    'one pixel too few',
    jpeg(383, 384),
    undefined,
    'image_dimension_mismatch',
    'is 383×384 pixels; each side must be 384 to 5000',
  ],
  [
    'one pixel too many',
    jpeg(5000, 5001),
    undefined,
    'image_dimension_mismatch',
    'is 5000×5001 pixels; each side must be 384 to 5000',
  ],
])('%s is refused with the way out', async (_name, bytes, declared, code, message) => {
  expect(await world(bytes).look(declared)).toEqual({ code, message });
});

test('a file of exactly the largest size passes', async () => {
  expect(await world(jpeg(800, 600), limits.maxBytes).look()).toBeUndefined();
});

test('a file one byte too large is refused after one read', async () => {
  const { look, reads } = world(jpeg(800, 600), limits.maxBytes + 1);

  expect(await look()).toEqual({
    code: 'invalid_parameters',
    message: 'is 10485761 bytes; make it 10485760 bytes (10 MB) or less and send it again',
  });
  expect(reads).toHaveLength(1);
});

test('a header at the front costs one read', async () => {
  const { look, reads } = world(jpeg(800, 600), 5_000_000);

  await look();

  expect(reads).toEqual([{ from: 0, bytes: 65_536 }]);
});

test.each([
  [
    'transparency behind a long text is found',
    png(800, 600, { before: [text(300_000), chunk('tRNS', Buffer.alloc(6))] }),
    'image_processing_error',
  ],
  [
    'a size behind fourteen big segments is found',
    jpeg(100, 600, { before: segments(14) }),
    'image_dimension_mismatch',
  ],
])('%s within three reads that follow each other', async (_name, bytes, code) => {
  const { look, isModest } = world(bytes);

  expect(await look()).toMatchObject({ code });
  expect(isModest()).toBe(true);
});

test.each([
  ['one long text', png(800, 600, { before: [text(1_100_000)] }), 1],
  ['many big segments', jpeg(800, 600, { before: segments(40) }), 3],
])('more than a megabyte of metadata, in %s, is not read', async (_name, bytes, most) => {
  const { look, reads, isModest } = world(bytes);

  expect(await look()).toEqual({
    code: 'image_processing_error',
    message: expect.stringContaining('more than 1 MB of metadata'),
  });
  expect(reads.length).toBeLessThanOrEqual(most);
  expect(isModest()).toBe(true);
});

const refused = [...damaged, ...foreign].map(([name, bytes]) => [name, bytes] as const);
const accepted = corpus.map(([name, bytes]) => [name, bytes] as const);

test.each([...accepted, ...refused])(
  '%s costs at most three reads and a megabyte',
  async (_name, bytes) => {
    const files = [world(bytes), world(bytes, limits.maxBytes)];
    for (const { look, isModest } of files) {
      await look();

      expect(isModest()).toBe(true);
    }
  },
);

const declared = ['image/jpeg', 'image/png', 'image/webp', 'image/bmp', 'image/gif', 'text/html'];

test.each(corpus)('%s passes for nothing but what it is', async (_name, bytes, { format }) => {
  for (const type of declared) {
    const answer = await world(bytes).look(type);

    const isTrue = type === `image/${format}`;
    expect(answer?.message.startsWith(`is declared as ${type} but is a `) ?? false).toBe(!isTrue);
  }
});

test.each(refused)('%s passes under no name', async (_name, bytes) => {
  for (const type of [...declared, undefined]) {
    expect(await world(bytes).look(type)).toHaveProperty('message');
  }
});
