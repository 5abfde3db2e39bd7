import { expect, test } from 'vitest';
import { inspect } from '../../../../functions/domain/images/inspect.ts';
import type { ImageLimits } from '../../../../functions/domain/model/catalogue.ts';
import {
  bmp,
  chunk,
  fileOf,
  jpeg,
  losslessWebp,
  lossyWebp,
  png,
  segment,
} from '../../../support/pictures.ts';
import { corpus } from './corpus.ts';
import { damaged, unsupported } from './rejected-files.ts';

const limits: ImageLimits = { maxBytes: 10 * 1024 * 1024, minSide: 384, maxSide: 5000 };

const inspected = (bytes: Uint8Array) => inspect(fileOf(bytes), limits);

const animated = corpus.find(([name]) => name === 'animated WebP')?.[1] ?? Buffer.alloc(0);
const text = (bytes: number) => chunk('iTXt', Buffer.alloc(bytes, 0x41));
const segments = (count: number) =>
  Array.from({ length: count }, () => segment(0xe2, Buffer.alloc(65_533)));
const followedBy = (bytes: Buffer, size: number) =>
  Buffer.concat([bytes, Buffer.alloc(size - bytes.length)]);

test.each([
  ['a JPEG', jpeg(800, 600), 'jpeg'],
  ['a PNG', png(800, 600), 'png'],
  ['a WebP', lossyWebp(800, 600), 'webp'],
  ['a BMP', bmp(800, 600), 'bmp'],
  ['the smallest sides', jpeg(384, 384), 'jpeg'],
  ['the largest sides', jpeg(5000, 5000), 'jpeg'],
])('%s passes, and its content says which format it has', (_name, bytes, format) => {
  expect(inspected(bytes)).toEqual({ format });
});

test.each([
  ['nothing', Buffer.alloc(0), 'invalid_parameters', 'is empty (0 bytes); send the picture itself'],
  [
    'transparency',
    png(800, 600, { colourType: 6 }),
    'image_processing_error',
    'has an alpha channel (transparency); flatten it onto a background and send it again',
  ],
  [
    'transparency in a lossless WebP',
    losslessWebp(800, 600, { alpha: true }),
    'image_processing_error',
    'has an alpha channel (transparency); flatten it onto a background and send it again',
  ],
  [
    'an animation',
    animated,
    'image_processing_error',
    'is animated; send a single picture without animation',
  ],
  [
    'a format that is not allowed',
    Buffer.from('GIF89a'),
    'image_processing_error',
    'is a GIF; export it as JPEG, PNG, WebP or BMP and send it again',
  ],
  [
    'a file that is cut off',
    jpeg(800, 600).subarray(0, 10),
    'image_processing_error',
    'is a JPEG that is cut off (it ends too early); send the whole file',
  ],
  [
    'sides outside the limits',
    jpeg(300, 5200),
    'image_dimension_mismatch',
    'is 300×5200 pixels; each side must be 384 to 5000',
  ],
  [
    'one pixel too few',
    jpeg(383, 384),
    'image_dimension_mismatch',
    'is 383×384 pixels; each side must be 384 to 5000',
  ],
  [
    'one pixel too many',
    jpeg(5000, 5001),
    'image_dimension_mismatch',
    'is 5000×5001 pixels; each side must be 384 to 5000',
  ],
])('%s is rejected with what to do about it', (_name, bytes, code, message) => {
  expect(inspected(bytes)).toEqual({ failure: { code, message } });
});

test('a file of exactly the largest size passes', () => {
  expect(inspected(followedBy(jpeg(800, 600), limits.maxBytes))).toEqual({ format: 'jpeg' });
});

test('a file one byte too large is rejected without being read', () => {
  const read = () => {
    throw new Error('must not be read');
  };

  expect(inspect({ size: limits.maxBytes + 1, read }, limits)).toEqual({
    failure: {
      code: 'invalid_parameters',
      message: 'is 10485761 bytes; make it 10485760 bytes (10 MB) or less and send it again',
    },
  });
});

test.each([
  [
    'transparency after a long text',
    png(800, 600, { before: [text(300_000), chunk('tRNS', Buffer.alloc(6))] }),
    'image_processing_error',
  ],
  [
    'sides after many big segments',
    jpeg(100, 600, { before: segments(60) }),
    'image_dimension_mismatch',
  ],
])('%s are found', (_name, bytes, code) => {
  expect(inspected(bytes)).toMatchObject({ failure: { code } });
});

test.each([
  ['a depth map in a JPEG', jpeg(800, 600, { before: segments(150) })],
  ['a workflow in a PNG', png(800, 600, { before: [text(9_500_000)] })],
])('metadata may fill the file: %s', (_name, bytes) => {
  expect(bytes.length).toBeGreaterThan(9_000_000);
  expect(inspected(bytes)).toHaveProperty('format');
});

const rejected = [...damaged, ...unsupported].map(([name, bytes]) => [name, bytes] as const);
const accepted = corpus.map(([name, bytes]) => [name, bytes] as const);

test('there are files to accept and files to reject', () => {
  expect(accepted).not.toEqual([]);
  expect(rejected).not.toEqual([]);
});

test.each(corpus)('%s is what its content is', (_name, bytes, { format }) => {
  const inspection = inspected(bytes);

  if ('format' in inspection) expect(inspection.format).toBe(format);
  else expect(inspection.failure.message).not.toMatch(/declared|is not a picture/);
});

test.each(rejected)('%s is rejected', (_name, bytes) => {
  expect(inspected(bytes)).toHaveProperty('failure.message');
});
