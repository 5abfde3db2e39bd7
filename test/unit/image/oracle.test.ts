import { imageSize } from 'image-size';
import sharp, { type Sharp } from 'sharp';
import { expect, test } from 'vitest';
import { readHeader } from '../../../functions/image/header.ts';
import { corpus } from './corpus.ts';

const blank = (width: number, height: number, channels: 3 | 4) =>
  sharp({ create: { width, height, channels, background: { r: 200, g: 100, b: 50, alpha: 0.5 } } });

const sides = [
  [1, 1],
  [17, 640],
  [1201, 33],
] as const;
const encodings = [
  ['a JPEG', (image: Sharp) => image.jpeg()],
  [
    'a progressive JPEG with EXIF',
    (image: Sharp) =>
      image.jpeg({ progressive: true }).withExif({ IFD0: { Copyright: 'a'.repeat(30_000) } }),
  ],
  ['a JPEG with a colour profile', (image: Sharp) => image.withIccProfile('p3').jpeg()],
  ['a CMYK JPEG', (image: Sharp) => image.toColourspace('cmyk').jpeg()],
  ['a PNG', (image: Sharp) => image.png()],
  ['a palette PNG', (image: Sharp) => image.png({ palette: true })],
  [
    'an interlaced PNG of 16 bits',
    (image: Sharp) => image.toColourspace('rgb16').png({ progressive: true }),
  ],
  ['a grey PNG', (image: Sharp) => image.toColourspace('b-w').png()],
  ['a lossy WebP', (image: Sharp) => image.webp()],
  ['a lossless WebP', (image: Sharp) => image.webp({ lossless: true })],
  ['a WebP with EXIF', (image: Sharp) => image.webp().withExif({ IFD0: { Artist: 'a' } })],
] as const;

const cases = encodings.flatMap(([name, encode]) =>
  sides.flatMap(([width, height]) =>
    ([3, 4] as const).map((channels) => ({ name, encode, width, height, channels })),
  ),
);

test.each(cases)(
  '$name of $width × $height made from $channels channels is read as libvips reads it',
  async ({ encode, width, height, channels }) => {
    const bytes = await encode(blank(width, height, channels)).toBuffer();
    const known = await sharp(bytes).metadata();

    expect(readHeader(bytes, bytes.length)).toEqual({
      format: known.format,
      width: known.width,
      height: known.height,
      alpha: known.hasAlpha,
      animated: false,
    });
  },
);

test('an animation is read as libvips reads it', async () => {
  const frames = sharp({
    create: { width: 40, height: 90, channels: 3, background: 'red', pageHeight: 30 },
  }).composite([
    {
      input: { create: { width: 40, height: 30, channels: 3, background: 'blue' } },
      top: 30,
      left: 0,
    },
  ]);
  const bytes = await frames.webp().toBuffer();
  const known = await sharp(bytes, { pages: -1 }).metadata();

  expect(known.pages).toBeGreaterThan(1);
  expect(readHeader(bytes, bytes.length)).toMatchObject({
    width: known.width,
    height: known.pageHeight,
    animated: true,
  });
});

test.each([
  ['gif', 'a GIF'],
  ['tiff', 'a TIFF'],
  ['avif', 'an AVIF'],
] as const)('a real %s is told apart', async (format, reason) => {
  const bytes = await blank(32, 32, 3).toFormat(format).toBuffer();

  expect(readHeader(bytes, bytes.length)).toEqual({ reason });
});

// Its reader mistakes the oldest BMP header, which is why that one is left out.
test.each(corpus.filter(([name]) => name.includes('BMP') && !name.includes('oldest')))(
  '%s has the sides that image-size finds',
  (_name, bytes, header) => {
    const { width, height } = imageSize(bytes);

    expect({ width, height }).toEqual({ width: header.width, height: header.height });
  },
);
