import { imageSize } from 'image-size';
import sharp, { type Sharp } from 'sharp';
import { expect, test } from 'vitest';
import { readImage } from '../../../../functions/domain/images/read-image.ts';
import { fileOf } from '../../../support/pictures.ts';
import { corpus } from './corpus.ts';
import { explained } from './disagreements.ts';
import { damaged, unsupported } from './rejected-files.ts';

const blank = (width: number, height: number, channels: 3 | 4) =>
  sharp({ create: { width, height, channels, background: { r: 200, g: 100, b: 50, alpha: 0.5 } } });

const red = { width: 40, height: 30, channels: 3, background: 'red' } as const;
const film = () =>
  sharp({ create: { ...red, height: 90, pageHeight: 30 } }).composite([
    { input: { create: { ...red, background: 'blue' } }, top: 30, left: 0 },
  ]);

const sides = [
  [1, 1],
  [17, 640],
  [1201, 33],
] as const;
const encodings = [
  ['JPEG', (image: Sharp) => image.jpeg()],
  [
    'progressive JPEG with EXIF',
    (image: Sharp) =>
      image.jpeg({ progressive: true }).withExif({ IFD0: { Copyright: 'a'.repeat(30_000) } }),
  ],
  ['JPEG with a colour profile', (image: Sharp) => image.withIccProfile('p3').jpeg()],
  ['JPEG on its side', (image: Sharp) => image.withMetadata({ orientation: 6 }).jpeg()],
  ['CMYK JPEG', (image: Sharp) => image.toColourspace('cmyk').jpeg()],
  ['PNG', (image: Sharp) => image.png()],
  ['palette PNG', (image: Sharp) => image.png({ palette: true })],
  [
    'interlaced PNG of 16 bits',
    (image: Sharp) => image.toColourspace('rgb16').png({ progressive: true }),
  ],
  ['grey PNG', (image: Sharp) => image.toColourspace('b-w').png()],
  ['lossy WebP', (image: Sharp) => image.webp()],
  ['lossless WebP', (image: Sharp) => image.webp({ lossless: true })],
  ['WebP with EXIF', (image: Sharp) => image.webp().withExif({ IFD0: { Artist: 'a' } })],
  ['GIF', (image: Sharp) => image.gif()],
  ['TIFF', (image: Sharp) => image.tiff()],
  ['AVIF', (image: Sharp) => image.avif({ effort: 0 })],
] as const;

type Picture = readonly [name: string, bytes: Buffer];

const made = async (): Promise<readonly Picture[]> => {
  const pictures: Picture[] = [['a film as WebP', await film().webp().toBuffer()]];
  for (const [name, encode] of encodings) {
    for (const [width, height] of sides) {
      for (const channels of [3, 4] as const) {
        const bytes = await encode(blank(width, height, channels)).toBuffer();
        pictures.push([`a made ${name}, ${width}×${height}×${channels}`, bytes]);
      }
    }
  }
  return pictures;
};

const formats: Record<string, string> = {
  jpeg: 'jpeg',
  jpg: 'jpeg',
  png: 'png',
  webp: 'webp',
  bmp: 'bmp',
};
const unread = 'nothing';

// Each gives its reading as one line; image-size knows neither transparency nor animation.
const ownReading = (bytes: Buffer) => {
  const reading = readImage(fileOf(bytes));
  if (!('format' in reading)) return { sides: unread, all: unread };
  const { format, width, height, alpha, animated } = reading;
  const size = `${format} ${width}×${height}`;
  return { sides: size, all: `${size}${alpha ? ' alpha' : ''}${animated ? ' animated' : ''}` };
};

const libvips = async (bytes: Buffer) => {
  if (bytes.length === 0) return unread;
  const known = await sharp(bytes)
    .metadata()
    .catch(() => undefined);
  const format = formats[known?.format ?? ''];
  if (!known || format === undefined) return unread;
  const properties = `${known.hasAlpha ? ' alpha' : ''}${(known.pages ?? 1) > 1 ? ' animated' : ''}`;
  return `${format} ${known.width}×${known.height}${properties}`;
};

const imageSizes = (bytes: Buffer) => {
  try {
    // A copy: image-size reads past the end of a subarray, into the rest of the buffer.
    const { type = '', width, height } = imageSize(new Uint8Array(bytes));
    return formats[type] === undefined ? unread : `${formats[type]} ${width}×${height}`;
  } catch {
    return unread;
  }
};

const isBmp = (bytes: Buffer) => bytes.toString('latin1', 0, 2) === 'BM';

test('libvips and image-size read the same as we do, except for the files that are explained', async () => {
  const pictures: readonly Picture[] = [
    ...corpus.map(([name, bytes]): Picture => [name, bytes]),
    ...damaged.map(([name, bytes]): Picture => [name, bytes]),
    ...unsupported.map(([reason, bytes], index): Picture => [`${reason} (${index})`, bytes]),
    ...(await made()),
  ];
  const found: Record<string, string> = {};
  for (const [name, bytes] of pictures) {
    const { sides: ownSides, all } = ownReading(bytes);
    const otherSides = imageSizes(bytes);
    if (otherSides !== ownSides) found[`image-size: ${name}`] = otherSides;
    // libvips has no loader for BMP.
    const vips = await libvips(bytes);
    if (vips !== (isBmp(bytes) ? unread : all)) found[`libvips: ${name}`] = vips;
  }

  expect(new Set(pictures.map(([name]) => name)).size).toBe(pictures.length);
  expect(pictures.length).toBeGreaterThan(200);
  expect(found).toEqual(Object.fromEntries(explained.map(([name, says]) => [name, says])));
});
