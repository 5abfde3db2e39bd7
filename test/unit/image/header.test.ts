import { expect, test } from 'vitest';
import { readHeader } from '../../../functions/image/header.ts';
import {
  bmp,
  chunk,
  coreBmp,
  extendedWebp,
  jpeg,
  losslessWebp,
  lossyWebp,
  png,
  segment,
} from '../../support/pictures.ts';
import { corpus } from './corpus.ts';

const whole = (bytes: Uint8Array) => readHeader(bytes, bytes.length);
const text = (content: string) => Buffer.from(content, 'latin1');
const changed = (bytes: Buffer, at: number, ...values: number[]) => {
  const copy = Buffer.from(bytes);
  copy.set(values, at);
  return copy;
};

test.each(corpus)('%s tells its size, its alpha and its animation', (_name, bytes, header) => {
  expect(whole(bytes)).toEqual(header);
});

test('bytes in the middle of a larger buffer are read where they are', () => {
  const buffer = Buffer.concat([Buffer.alloc(33, 0xff), png(700, 500)]);

  expect(
    whole(new Uint8Array(buffer.buffer, buffer.byteOffset + 33, buffer.length - 33)),
  ).toMatchObject({
    width: 700,
  });
});

test.each([
  ['a GIF', text('GIF89a\x40\x01\x40\x01')],
  ['a TIFF', text('II*\0\x08\0\0\0')],
  ['a TIFF', text('MM\0*\0\0\0\x08')],
  ['a TIFF', text('II+\0\x08\0\0\0')],
  ['a HEIC', text('\0\0\0\x18ftypheic\0\0\0\0mif1heic')],
  ['a HEIC', text('\0\0\0\x18ftypmif1\0\0\0\0mif1heic')],
  ['an AVIF', text('\0\0\0\x18ftypavif\0\0\0\0avifmif1')],
  ['an AVIF', text('\0\0\0\x18ftypmif1\0\0\0\0mif1avif')],
  ['an SVG', text('<svg xmlns="http://www.w3.org/2000/svg">')],
  ['an SVG', text('\xef\xbb\xbf<?xml version="1.0"?>\n<!-- drawn -->\n<svg>')],
  ['a PDF', text('%PDF-1.7\n')],
  ['an HTML page', text('\n<!DOCTYPE html><title>Not found</title>')],
  ['an XML document', text('<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>')],
  ['not a picture in a known format', text('hello')],
  ['not a picture in a known format', text('<3')],
  ['not a picture in a known format', Buffer.alloc(0)],
])('what is %s is named as that', (reason, bytes) => {
  expect(whole(bytes)).toEqual({ reason });
});

test.each([
  ['a PNG without width', png(0, 500), 'no width'],
  ['a PNG without height', png(500, 0), 'no width or no height'],
  ['a PNG wider than the format allows', png(0x8000_0001, 500), 'makes no sense'],
  ['a PNG of an unknown colour type', png(500, 500, { colourType: 5 }), 'makes no sense'],
  ['a PNG that begins with another chunk', changed(png(5, 5), 12, 0x43), 'with its header'],
  [
    'a PNG that ends before its pixels',
    png(5, 5, { before: [chunk('IEND', text(''))] }),
    'no pixels',
  ],
  ['a PNG chunk with a negative length', changed(png(5, 5), 33, 0xff), 'too early'],
  ['a PNG chunk longer than the file', changed(png(5, 5), 35, 0x7f), 'too early'],
  ['a JPEG without height', jpeg(500, 0), 'no width or no height'],
  [
    'a JPEG that scans before it frames',
    jpeg(5, 5, { before: [segment(0xda, text(''))] }),
    'frame',
  ],
  ['a JPEG that ends before it frames', jpeg(5, 5, { before: [text('\xff\xd9')] }), 'frame'],
  ['a JPEG in a JPEG', jpeg(5, 5, { before: [text('\xff\xd8')] }), 'frame'],
  ['a JPEG segment of length 0', jpeg(5, 5, { before: [text('\xff\xe0\0\0')] }), 'no length'],
  ['a JPEG segment of length 1', jpeg(5, 5, { before: [text('\xff\xe0\0\x01')] }), 'no length'],
  ['a JPEG frame without components', jpeg(5, 5, { components: 0 }), 'contradicts itself'],
  [
    'a JPEG of nothing but fill bytes',
    Buffer.concat([text('\xff\xd8'), Buffer.alloc(9000, 0xff)]),
    'too early',
  ],
  ['a WebP that promises more than it has', lossyWebp(5, 5).subarray(0, -1), 'too early'],
  ['a lossy WebP of 24 bytes', changed(lossyWebp(5, 5).subarray(0, 24), 4, 16, 0), 'too early'],
  [
    'a lossless WebP of 24 bytes',
    changed(losslessWebp(5, 5).subarray(0, 24), 4, 16, 0),
    'too early',
  ],
  [
    'an extended WebP of 24 bytes',
    changed(extendedWebp(5, 5).subarray(0, 24), 4, 16, 0),
    'too early',
  ],
  ['a WebP of 16 bytes', lossyWebp(5, 5).subarray(0, 16), 'too early'],
  ['a WebP without a picture', changed(lossyWebp(5, 5), 12, 0x49), 'with a picture'],
  ['a WebP that begins between key frames', changed(lossyWebp(5, 5), 20, 0x11), 'no header'],
  ['a lossy WebP without width', lossyWebp(0, 5), 'no width'],
  ['a BMP of negative width', bmp(-500, 500), 'no width'],
  ['a BMP without height', bmp(500, 0), 'no height'],
  ['a BMP of 7 bits', bmp(500, 500, { depth: 7 }), 'makes no sense'],
  ['a text that begins with BM', text('BM, the abbreviation, has many meanings'), 'unknown kind'],
  ['the oldest BMP without width', coreBmp(0, 5), 'no width'],
])('%s is unreadable', (_name, bytes, why) => {
  expect(whole(bytes)).toEqual({ reason: expect.stringContaining(why) });
});

test.each(corpus)(
  '%s cut off anywhere is read alike or refused, and asks for nothing',
  (_name, bytes, header) => {
    for (let size = 0; size < Math.min(bytes.length, 2000); size += 1) {
      const reading = readHeader(bytes.subarray(0, size), size);

      if (!('reason' in reading)) expect(reading).toEqual(header);
    }
  },
);

test.each(corpus)('%s seen only in part asks for more until it is read', (_name, bytes, header) => {
  for (let seen = 0; seen < Math.min(bytes.length, 2000); seen += 1) {
    let reading = readHeader(bytes.subarray(0, seen), bytes.length);
    let length = seen;
    while ('need' in reading) {
      expect(reading.need).toBeGreaterThan(length);
      expect(reading.need).toBeLessThanOrEqual(bytes.length);
      length = reading.need;
      reading = readHeader(bytes.subarray(0, length), bytes.length);
    }

    expect(reading).toEqual(header);
  }
});
