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

const inspected = (bytes: Uint8Array, declaredType?: string) =>
  inspect(fileOf(bytes), limits, declaredType);

const animated = corpus.find(([name]) => name === 'animated WebP')?.[1] ?? Buffer.alloc(0);
const text = (bytes: number) => chunk('iTXt', Buffer.alloc(bytes, 0x41));
const segments = (count: number) =>
  Array.from({ length: count }, () => segment(0xe2, Buffer.alloc(65_533)));
const followedBy = (bytes: Buffer, size: number) =>
  Buffer.concat([bytes, Buffer.alloc(size - bytes.length)]);

test.each([
  ['a JPEG', jpeg(800, 600), 'image/jpeg'],
  ['a JPEG under the name that browsers once gave it', jpeg(800, 600), 'image/jpg'],
  ['a declared type with parameters', png(800, 600), 'Image/PNG; charset=binary'],
  ['a PNG without a declared type', png(800, 600), undefined],
  ['a WebP that storage calls bytes', lossyWebp(800, 600), 'binary/octet-stream'],
  ['a BMP under its old name', bmp(800, 600), 'image/x-ms-bmp'],
  ['the smallest sides', jpeg(384, 384), undefined],
  ['the largest sides', jpeg(5000, 5000), undefined],
])('%s passes', (_name, bytes, declared) => {
  expect(inspected(bytes, declared)).toHaveProperty('format');
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
    animated,
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
    'a file that is cut off',
    jpeg(800, 600).subarray(0, 10),
    undefined,
    'image_processing_error',
    'is a JPEG that is cut off (it ends too early); send the whole file',
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
])('%s is rejected with what to do about it', (_name, bytes, declared, code, message) => {
  expect(inspected(bytes, declared)).toEqual({ failure: { code, message } });
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

const declared = ['image/jpeg', 'image/png', 'image/webp', 'image/bmp', 'image/gif', 'text/html'];

test.each(corpus)('%s passes only with its own type declared', (_name, bytes, { format }) => {
  for (const type of declared) {
    const inspection = inspected(bytes, type);
    const message = 'failure' in inspection ? inspection.failure.message : '';

    const isTrue = type === `image/${format}`;
    expect(message.startsWith(`is declared as ${type} but is a `)).toBe(!isTrue);
  }
});

test.each(rejected)('%s is rejected whatever type is declared', (_name, bytes) => {
  for (const type of [...declared, undefined]) {
    expect(inspected(bytes, type)).toHaveProperty('failure.message');
  }
});
