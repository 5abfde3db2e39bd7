import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import type { ImageFile } from '../../../../functions/domain/images/image-file.ts';
import { readImage } from '../../../../functions/domain/images/read-image.ts';
import { withText } from '../../../../functions/domain/images/with-text.ts';
import { bmp, lossyWebp } from '../../../support/pictures.ts';

const text = 'Darkroom sandbox output';

const fileOf = (bytes: Uint8Array): ImageFile => ({
  size: bytes.length,
  read: (from, length) => bytes.subarray(from, from + length),
});

function marked(bytes: Uint8Array): Buffer {
  const picture = readImage(fileOf(bytes));
  if ('reason' in picture) throw new Error(picture.reason);
  return Buffer.concat([...withText(fileOf(bytes), picture, text)]);
}

const photo = readFileSync('cli/sample.jpg');
const pixelsOf = (bytes: Uint8Array) => sharp(bytes).raw().toBuffer();

describe.each([
  ['JPEG', async () => photo],
  ['PNG', () => sharp(photo).png().toBuffer()],
  ['WebP of one frame', () => sharp(photo).webp().toBuffer()],
  ['lossless WebP', () => sharp(photo).webp({ lossless: true }).toBuffer()],
  ['WebP with a colour profile', () => sharp(photo).withIccProfile('p3').webp().toBuffer()],
  ['WebP that has a text', () => sharp(photo).withXmp('<x:xmpmeta/>').webp().toBuffer()],
] as const)('a %s with a text', (_format, make) => {
  test('is the same picture as without it, for our reader and for a decoder', async () => {
    const bytes = await make();

    const result = marked(bytes);

    expect(readImage(fileOf(result))).toEqual(readImage(fileOf(bytes)));
    expect((await pixelsOf(result)).equals(await pixelsOf(bytes))).toBe(true);
    expect(result.includes(text)).toBe(true);
  });
});

test('the text of a WebP is its XMP, and replaces the XMP that was there', async () => {
  const bytes = await sharp(photo).withXmp('<x:xmpmeta>mine</x:xmpmeta>').webp().toBuffer();

  const { xmp } = await sharp(marked(bytes)).metadata();

  expect(xmp?.toString()).toContain(text);
  expect(marked(bytes).includes('mine')).toBe(false);
});

test('the text of a PNG is a comment that decoders know', async () => {
  const { comments } = await sharp(marked(await sharp(photo).png().toBuffer())).metadata();

  expect(comments).toEqual([{ keyword: 'Comment', text }]);
});

test.each([
  ['BMP, which has no place for a text', bmp(64, 48)],
  ['WebP whose last part has an odd length', lossyWebp(640, 480)],
])('a %s with a text is complete, and its header has the new size', (_what, bytes) => {
  const result = marked(bytes);

  expect(readImage(fileOf(result))).toEqual(readImage(fileOf(bytes)));
  expect(result.includes(text)).toBe(true);
  const isBmp = result.toString('latin1', 0, 2) === 'BM';
  expect(result.readUInt32LE(isBmp ? 2 : 4)).toBe(isBmp ? result.length : result.length - 8);
});
