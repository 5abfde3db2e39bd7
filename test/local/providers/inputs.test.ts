import sharp from 'sharp';
import { expect, test } from 'vitest';
import { decodePicture, fetchFile } from '../../../local/providers/fetch-picture.ts';
import { bmpOf } from './bmp-file.ts';
import { dataLink, pictureHost, redOnBlue } from './local-provider.ts';

const png = await redOnBlue(384, 'png');
const palette = await bmpOf(png, 24);
palette.writeUInt16LE(8, 28);

const fetchPicture = async (link: string) => decodePicture(await fetchFile(link));

test.each([
  ['JPEG', await redOnBlue(384, 'jpeg')],
  ['PNG', png],
  ['WebP', await redOnBlue(384, 'webp')],
  ['BMP of 24 bits', await bmpOf(png, 24)],
  ['BMP of 32 bits', await bmpOf(png, 32)],
])('a %s is read with its colours, from a link and from the request', async (_, bytes) => {
  const host = await pictureHost({ picture: bytes });

  for (const link of [host.link('picture'), dataLink(bytes)]) {
    const { pixels, width, height } = await fetchPicture(link);
    expect([width, height]).toEqual([384, 384]);
    const [red = 0, green = 0, blue = 0] = pixels.subarray((192 * width + 192) * 3);
    expect(Math.hypot(red - 0xd0, green - 0x20, blue - 0x20)).toBeLessThan(12);
  }
});

test('a grey picture has three equal channels', async () => {
  const grey = await sharp(png).toColourspace('b-w').jpeg().toBuffer();

  const { pixels } = await fetchPicture(dataLink(grey));

  expect(pixels).toHaveLength(384 * 384 * 3);
  expect(pixels[0]).toBe(pixels[1]);
  expect(pixels[1]).toBe(pixels[2]);
});

test('a photo is rotated by its orientation tag', async () => {
  const wide = sharp(await redOnBlue(400)).resize({ width: 400, height: 384, fit: 'fill' });
  const turned = await wide.withMetadata({ orientation: 6 }).jpeg().toBuffer();

  expect(await fetchPicture(dataLink(turned))).toMatchObject({ width: 384, height: 400 });
});

test.each([
  ['a picture that is not there', undefined, 'InvalidParameter.DataInspection'],
  ['a file that is no picture', Buffer.from('not a picture'), 'InvalidImage.FileFormat'],
  ['a broken picture', png.subarray(0, png.length / 2), 'InvalidImage.FileFormat'],
  ['another format', await sharp(png).gif().toBuffer(), 'InvalidImage.FileFormat'],
  ['a BMP with a palette', palette, 'InvalidImage.FileFormat'],
  ['a picture of 382 pixels', await redOnBlue(382), 'InvalidParameter'],
  ['a BMP of 382 pixels', await bmpOf(await redOnBlue(382), 24), 'InvalidParameter'],
  ['an alpha channel', await sharp(png).ensureAlpha(0.5).png().toBuffer(), 'InvalidParameter'],
  ['more than 10 MB', Buffer.alloc(10 * 1024 * 1024 + 1), 'InvalidParameter'],
])('%s is rejected with the vendor’s code', async (_, bytes, code) => {
  const host = await pictureHost(bytes ? { picture: bytes } : {});

  await expect(fetchPicture(host.link('picture'))).rejects.toMatchObject({
    name: 'ProviderError',
    code,
  });
});

test('a host that cannot be reached is an invalid URL', async () => {
  await expect(fetchPicture('http://127.0.0.1:1/a.jpg')).rejects.toMatchObject({
    code: 'InvalidURL',
  });
});
