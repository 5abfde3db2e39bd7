import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { type Canvas, edit } from '../../../local/providers/images/edit.ts';
import { type Picture, pictureOf } from '../../../local/providers/images/picture.ts';

const sampleFile = await readFile(new URL('../../../cli/sample.jpg', import.meta.url));
const sample = await pictureOf(sharp(sampleFile));
const yellow = await pictureOf(
  sharp({ create: { width: 400, height: 400, channels: 3, background: '#f0d020' } }),
);
const canvas: Canvas = { width: 320, height: 320 };

// The areas of the sample with the stripes of the tower, and with sky only; in shares of a side.
const tower = [0.48, 0.4, 0.1, 0.3] as const;
const sky = [0.68, 0.06, 0.28, 0.4] as const;
const lowerRight = [0.74, 0.74, 0.2, 0.12] as const;

const generate = (
  prompt: string,
  seed = 1,
  pictures: readonly [Picture, ...Picture[]] = [sample],
) => edit(pictures, canvas, { prompt, seed });

test('a starry sky replaces the background and keeps the subject', async () => {
  const night = await generate('Replace the background with a starry night sky');

  expect(await brightness(night, sky)).toBeLessThan(110);
  expect(await brightness(await plain(), sky)).toBeGreaterThan(150);
  expect(await likeness(await plain(), night, tower)).toBeGreaterThan(0.95);
});

test('a black and white image has no colour outside the ribbon', async () => {
  const grey = await generate('in BLACK AND WHITE', 0);

  const { red, green, blue } = await colour(grey, tower);
  expect(Math.max(red, green, blue) - Math.min(red, green, blue)).toBeLessThan(2);
});

test('a sketch is dark lines on light paper', async () => {
  const drawn = await generate('a pencil sketch');

  expect(await brightness(drawn, sky)).toBeGreaterThan(200);
  expect(await likeness(drawn, await plain(), tower)).toBeGreaterThan(0.1);
});

test('any other prompt gets the oil painting style, and two prompts get two hues', async () => {
  const [one, other] = [await generate('x'), await generate('y')];

  const [left, right] = [await colour(one, sky), await colour(other, sky)];
  expect(Math.abs(left.red - right.red) + Math.abs(left.blue - right.blue)).toBeGreaterThan(30);
  expect(await likeness(one, await plain(), tower)).toBeGreaterThan(0.5);
});

test.each(['starry', 'sketch', 'in grey', 'surprise me'])(
  '"%s" gives the same image for the same seed and a different one for the next seed',
  async (prompt) => {
    const [one, repeated, next] = [
      await generate(prompt, 5),
      await generate(prompt, 5),
      await generate(prompt, 6),
    ];

    expect(one.equals(repeated)).toBe(true);
    expect(await difference(one, next)).toBeGreaterThan(4);
  },
);

test('a second picture is laid on the first one as a print', async () => {
  const printed = await generate('black and white', 0, [sample, yellow]);

  const { red, blue } = await colour(printed, lowerRight);
  expect(red - blue).toBeGreaterThan(120);
});

test('a second picture becomes the background when the prompt asks for it', async () => {
  const placed = await generate('put the lighthouse into the scene of image 2', 1, [
    sample,
    yellow,
  ]);

  const { red, blue } = await colour(placed, sky);
  expect(red - blue).toBeGreaterThan(180);
  expect(await likeness(await plain(), placed, tower)).toBeGreaterThan(0.95);
});

test('every image has the ribbon of a local preview, and a watermark in addition if requested', async () => {
  const pictures: [Picture] = [yellow];
  const variant = { prompt: 'noir', seed: 0 };
  const watermarked = await edit(pictures, canvas, variant, { isWatermarked: true });

  const { red, green } = await colour(watermarked, [0, 0.3, 0.06, 0.03]);
  expect(red - green).toBeGreaterThan(100);
  expect(await difference(await edit(pictures, canvas, variant), watermarked)).toBeGreaterThan(
    0.05,
  );
});

test('the sample picture is a small JPEG without alpha channel', async () => {
  expect(await sharp(sampleFile).metadata()).toMatchObject({
    format: 'jpeg',
    width: 768,
    height: 768,
    hasAlpha: false,
  });
  expect(sampleFile.length).toBeLessThan(120_000);
});

type Area = readonly [left: number, top: number, width: number, height: number];

const plain = () => sharp(sampleFile).resize(canvas).png().toBuffer();

async function cut(bytes: Buffer, [left, top, width, height]: Area): Promise<Buffer> {
  const share = (value: number) => Math.round(value * canvas.width);
  const area = { left: share(left), top: share(top), width: share(width), height: share(height) };
  return (await pictureOf(sharp(await sharp(bytes).extract(area).png().toBuffer()))).pixels;
}

async function colour(bytes: Buffer, area: Area) {
  const pixels = await cut(bytes, area);
  const mean = (channel: number) =>
    pixels.reduce((sum, value, index) => sum + (index % 3 === channel ? value : 0), 0) /
    (pixels.length / 3);
  return { red: mean(0), green: mean(1), blue: mean(2) };
}

async function brightness(bytes: Buffer, area: Area): Promise<number> {
  const { red, green, blue } = await colour(bytes, area);
  return (red + green + blue) / 3;
}

/** How far two pictures are apart, on average over all values. */
async function difference(one: Buffer, other: Buffer): Promise<number> {
  const [left, right] = [await cut(one, [0, 0, 1, 1]), await cut(other, [0, 0, 1, 1])];
  return left.reduce((sum, value, at) => sum + Math.abs(value - (right[at] ?? 0)), 0) / left.length;
}

/** The correlation of two areas: 1 for the same content in different light. */
async function likeness(one: Buffer, other: Buffer, area: Area): Promise<number> {
  const [left, right] = [centred(await cut(one, area)), centred(await cut(other, area))];
  const product = (a: readonly number[], b: readonly number[]) =>
    a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);
  return product(left, right) / Math.sqrt(product(left, left) * product(right, right));
}

function centred(pixels: Buffer): readonly number[] {
  const mean = pixels.reduce((sum, value) => sum + value, 0) / pixels.length;
  return [...pixels].map((value) => value - mean);
}
