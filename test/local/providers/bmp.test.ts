import sharp from 'sharp';
import { expect, test } from 'vitest';
import { isBmp, readBmp } from '../../../local/providers/bmp.ts';
import { bmpOf } from './bmp-file.ts';

// Five wide, so that a line of 24 bits is padded; every pixel differs.
const pixels = Buffer.from(Array.from({ length: 5 * 4 * 3 }, (_, index) => index * 4));
const png = await sharp(pixels, { raw: { width: 5, height: 4, channels: 3 } })
  .png()
  .toBuffer();

test.each([
  [24, false],
  [24, true],
  [32, false],
  [32, true],
] as const)(
  'a BMP of %i bits, first line first: %s, is read with every pixel',
  async (bits, isTopDown) => {
    const bmp = await bmpOf(png, bits, { isTopDown });

    expect(isBmp(bmp)).toBe(true);
    expect(readBmp(bmp)).toEqual({ pixels, width: 5, height: 4 });
  },
);

test('a file that ends before its last pixel is an error', async () => {
  const bmp = await bmpOf(png, 24);

  expect(() => readBmp(bmp.subarray(0, -1))).toThrow('fewer pixels');
  expect(() => readBmp(bmp.subarray(0, 40))).toThrow('cut off');
});

test('a header that names a width below one is an error', async () => {
  const bmp = await bmpOf(png, 24);
  bmp.writeInt32LE(-5, 18);

  expect(() => readBmp(bmp)).toThrow('fewer pixels');
});

test('a compressed BMP is rejected', async () => {
  const bmp = await bmpOf(png, 24);
  bmp.writeUInt32LE(1, 30);

  expect(() => readBmp(bmp)).toThrow('without compression');
});

test('other files are not taken for BMP', () => {
  expect(isBmp(png)).toBe(false);
});
