import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { describe, expect, test } from 'vitest';
import { readPicture } from '../../cli/pictures/read-pictures.ts';
import { bmp } from '../support/pictures.ts';
import { temporaryDirectory } from './cli-context.ts';
import { darkroomContext } from './darkroom-context.ts';

const plain = (width: number, height: number, alpha = 1): Sharp =>
  sharp({
    create: {
      width,
      height,
      channels: alpha === 1 ? 3 : 4,
      background: { r: 200, g: 30, b: 30, alpha },
    },
  });
const noise = (side: number): Sharp =>
  sharp({
    create: {
      width: side,
      height: side,
      channels: 3,
      background: 'white',
      noise: { type: 'gaussian', mean: 128, sigma: 60 },
    },
  });
const twoFrames = () =>
  sharp([Buffer.from(svg('red')), Buffer.from(svg('blue'))], { join: { animated: true } });
const svg = (colour: string) =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="400" height="400"><rect width="400" height="400" fill="${colour}"/></svg>`;

/** Reads a file with these bytes. Returns the fitted picture and the messages. */
async function read(
  name: string,
  bytes: Uint8Array,
  options: Parameters<typeof readPicture>[1] = {},
) {
  const path = join(await temporaryDirectory(), name);
  await writeFile(path, bytes);
  const notes: string[] = [];
  const picture = await readPicture(
    path,
    Object.assign({ onNote: (text: string) => notes.push(text.replace(path, name)) }, options),
  );
  return { picture, notes, metadata: await sharp(picture.bytes).metadata() };
}

describe('a picture that the API would refuse', () => {
  test.each([
    [
      'with transparency is flattened, and stays lossless',
      'a.png',
      () => plain(400, 400, 0.5).png(),
      { format: 'png', width: 400, hasAlpha: false },
      /^a\.png: flattened onto white, encoded again \(\d+ kB to \d+ kB\)$/,
    ],
    [
      'that is too small is scaled up to the shortest side',
      'b.jpg',
      () => plain(300, 600).jpeg(),
      { format: 'jpeg', width: 384, height: 768 },
      /^b\.jpg: scaled from 300×600 to 384×768 pixels, encoded again /,
    ],
    [
      'that is too large is scaled down to the longest side',
      'c.jpg',
      () => plain(6000, 1500).jpeg(),
      { format: 'jpeg', width: 5000, height: 1250 },
      /^c\.jpg: scaled from 6000×1500 to 5000×1250 pixels/,
    ],
    [
      'as AVIF is converted',
      'd.avif',
      () => plain(400, 400).avif(),
      { format: 'jpeg', width: 400 },
      /^d\.avif: converted from AVIF to JPEG /,
    ],
    [
      'as a GIF of two frames gives its first',
      'e.gif',
      () => twoFrames().gif(),
      { format: 'png', width: 400, height: 400 },
      /^e\.gif: took the first of 2 frames, .*converted from GIF to PNG /,
    ],
    [
      'as TIFF is converted, upright',
      'f.tiff',
      () => plain(400, 500).withMetadata({ orientation: 6 }).tiff(),
      { format: 'png', width: 500, height: 400 },
      /^f\.tiff: converted from TIFF to PNG /,
    ],
    [
      'with too many bytes is encoded with a lower quality',
      'g.png',
      () => noise(2200).png(),
      { format: 'jpeg', width: 2200 },
      /^g\.png: converted from PNG to JPEG \(1\d\.\d MB to \d\.\d MB\)$/,
    ],
  ] as const)('%s', async (_, name, make, expected, said) => {
    const { picture, notes, metadata } = await read(name, await make().toBuffer());

    expect(metadata).toMatchObject(expected);
    expect(picture.contentType).toBe(`image/${expected.format}`);
    expect(notes).toEqual([expect.stringMatching(said)]);
    expect(picture.bytes.length).toBeLessThanOrEqual(10 * 1024 * 1024);
  });

  test('is white where it was transparent, and has no metadata of its camera any more', async () => {
    const transparent = plain(400, 400, 0).withExif({ IFD0: { Copyright: 'me' } });

    const { picture, metadata } = await read('a.png', await transparent.png().toBuffer());

    const { dominant } = await sharp(picture.bytes).stats();
    expect(Math.min(dominant.r, dominant.g, dominant.b)).toBeGreaterThan(240);
    expect(metadata.exif).toBeUndefined();
  });
});

test.each([
  ['jpg', () => plain(400, 400).jpeg().toBuffer()],
  ['png', () => plain(400, 400).png().toBuffer()],
  ['bmp', async () => bmp(400, 400)],
])('a picture that the API takes is sent as it is: %s', async (extension, make) => {
  const bytes = await make();

  const path = join(await temporaryDirectory(), `a.${extension}`);
  await writeFile(path, bytes);
  const notes: string[] = [];
  const picture = await readPicture(path, { onNote: (text) => notes.push(text) });

  expect(Buffer.compare(Buffer.from(picture.bytes), Buffer.from(bytes))).toBe(0);
  expect(notes).toEqual([]);
});

describe('a picture that cannot be fitted is refused by the name of its file', () => {
  const whole = plain(400, 400).png().toBuffer();

  test.each([
    [
      'text',
      async () => Buffer.from('Dear journal'),
      /a\.x is not a picture in a known format; .*; here it cannot be changed: /,
    ],
    [
      'cut off',
      async () => (await whole).subarray(0, 500),
      /a\.x is (a PNG that is cut off|a damaged PNG)/,
    ],
    [
      'a HEIC',
      async () => Buffer.from('\0\0\0\x18ftypheic\0\0\0\0', 'latin1'),
      /a\.x is a HEIC; export it as /,
    ],
    ['an SVG', async () => Buffer.from(svg('red')), /a\.x is an SVG; .*svg is not converted$/],
    [
      'too long',
      () => plain(200, 5000).png().toBuffer(),
      /a\.x is 200×5000 pixels; .*: its sides are too different$/,
    ],
    ['empty', async () => Buffer.alloc(0), /a\.x is empty \(0 bytes\)/],
  ])('%s', async (_, make, message) => {
    await expect(read('a.x', await make())).rejects.toThrow(message);
  });

  test('with --no-fit, in the words of the API', async () => {
    const bytes = await plain(400, 400, 0.5).png().toBuffer();

    await expect(read('a.png', bytes, { fit: false })).rejects.toMatchObject({
      message: expect.stringMatching(/a\.png has an alpha channel \(transparency\); flatten it/),
      code: 'image_processing_error',
      exitCode: 1,
    });
  });

  test('without sharp, with what to install', async () => {
    const bytes = await plain(300, 300).png().toBuffer();

    await expect(read('a.png', bytes, { load: async () => undefined })).rejects.toThrow(
      /a\.png is 300×300 pixels; each side must be 384 to 5000\. The package sharp could change it here, but is missing: `npm install --no-save sharp`/,
    );
  });
});

test('darkroom generate says what it changed, uploads that, and changes nothing with --no-fit', async () => {
  const { api, runProcess, write } = await darkroomContext();
  await write('small.gif', await plain(300, 300).gif().toBuffer());
  const args = ['generate', 'small.gif', '--prompt', 'x'];

  const fitted = await runProcess(args);
  const refused = await runProcess([...args, '--no-fit']);

  expect(fitted.stderr).toMatch(
    /^small\.gif: .*scaled from 300×300 to 384×384 pixels, converted from GIF to PNG .*\nuploading\n/,
  );
  expect(fitted.code).toBe(0);
  expect(JSON.parse(String(api.calls('/v1/images')[0]?.body)).image_uploads).toEqual([
    { content_type: 'image/png' },
  ]);
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('small.gif is a GIF') });
  expect(api.calls('/v1/images')).toHaveLength(1);
});
