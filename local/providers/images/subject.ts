import sharp from 'sharp';
import { type Picture, pictureOf, toSharp } from './picture.ts';

const longestSide = 512;
/** The largest colour distance between two neighbours of the flood. */
const maxStep = 18;
/** The largest colour distance to the border pixel where the flood began. */
const maxDrift = 50;
/** The largest colour distance between an enclosed background pixel and the rest of its row. */
const maxPocketDistance = 26;

/** How much of each pixel belongs to the subject: one byte a pixel, soft at the edge. */
export async function subjectMask(picture: Picture): Promise<Buffer> {
  const small = await pictureOf(
    toSharp(picture)
      .resize({ width: longestSide, height: longestSide, fit: 'inside', withoutEnlargement: true })
      .median(3),
  );
  const { width, height } = small;
  const found = withoutPockets(floodFromBorder(small), small);
  const mask = isPlausible(found) ? found : oval(width, height);
  // The factor moves the soft edge inwards, so that no seam of the old background shows.
  return sharp(mask, { raw: { width, height, channels: 1 } })
    .median(3)
    .resize({ width: picture.width, height: picture.height, fit: 'fill', kernel: 'cubic' })
    .blur(Math.max(1.2, picture.width / 700))
    .linear(1.7, -140)
    .extractChannel(0)
    .raw()
    .toBuffer();
}

/** The subject of `picture` before another background. `mask` is the subject's. */
export async function replaceBackground(
  picture: Picture,
  mask: Buffer,
  background: Picture,
): Promise<Picture> {
  const { width, height } = picture;
  const subject = await toSharp(picture)
    .joinChannel(mask, { raw: { width, height, channels: 1 } })
    .png({ compressionLevel: 0 })
    .toBuffer();
  return pictureOf(toSharp(background).composite([{ input: subject }]));
}

function isPlausible(mask: Buffer): boolean {
  let subject = 0;
  for (const value of mask) subject += value ? 1 : 0;
  const share = subject / mask.length;
  return share > 0.03 && share < 0.85;
}

/** A busy picture has no background to find: its middle is taken for the subject. */
function oval(width: number, height: number): Buffer {
  const mask = Buffer.alloc(width * height);
  for (let index = 0; index < mask.length; index += 1) {
    const x = ((index % width) / width - 0.5) / 0.4;
    const y = (Math.floor(index / width) / height - 0.55) / 0.44;
    const edge = (1 - Math.hypot(x, y)) * 4 + 0.5;
    mask[index] = 255 * Math.min(1, Math.max(0, edge));
  }
  return mask;
}

/** 0 where a flood of similar colours from the border arrives, 255 elsewhere. */
function floodFromBorder({ pixels, width, height }: Picture): Buffer {
  const mask = Buffer.alloc(width * height, 255);
  const queue = borderOf(width, height);
  const origins = [...queue];
  for (const index of queue) mask[index] = 0;
  for (let at = 0; at < queue.length; at += 1) {
    const index = queue[at] ?? 0;
    const origin = origins[at] ?? 0;
    const reachable = neighbours(index, width, height).filter(
      (next) =>
        mask[next] &&
        isAlike(pixels, index, next, maxStep) &&
        isAlike(pixels, origin, next, maxDrift),
    );
    for (const next of reachable) {
      mask[next] = 0;
      queue.push(next);
      origins.push(origin);
    }
  }
  return mask;
}

/** Also clears background that the subject encloses: it looks like the rest of its row, but no flood reaches it. */
function withoutPockets(mask: Buffer, { pixels, width, height }: Picture): Buffer {
  const cleared = Buffer.from(mask);
  for (let y = 0; y < height; y += 1) {
    const row = Array.from({ length: width }, (_, x) => y * width + x);
    const reached = row.filter((index) => mask[index] === 0);
    if (reached.length < width / 8) continue;
    const middle = [0, 1, 2].map(
      (channel) =>
        reached.reduce((sum, index) => sum + (pixels[index * 3 + channel] ?? 0), 0) /
        reached.length,
    );
    const plain = Buffer.from(middle);
    for (const index of row) {
      if (distance(pixels, index, plain, 0) < maxPocketDistance) cleared[index] = 0;
    }
  }
  return cleared;
}

/** Without the lower border: the ground on which a subject stands is mostly part of the subject. */
function borderOf(width: number, height: number): number[] {
  const upper = Math.round(height * 0.6);
  return [
    ...Array.from({ length: width }, (_, x) => x),
    ...Array.from({ length: upper }, (_, y) => y * width),
    ...Array.from({ length: upper }, (_, y) => y * width + width - 1),
  ];
}

function neighbours(index: number, width: number, height: number): number[] {
  const x = index % width;
  const found = [];
  if (x > 0) found.push(index - 1);
  if (x < width - 1) found.push(index + 1);
  if (index >= width) found.push(index - width);
  if (index < width * (height - 1)) found.push(index + width);
  return found;
}

const isAlike = (pixels: Buffer, one: number, other: number, limit: number): boolean =>
  distance(pixels, one, pixels, other) <= limit;

function distance(pixels: Buffer, one: number, others: Buffer, other: number): number {
  const [a, b] = [one * 3, other * 3];
  return Math.hypot(
    (pixels[a] ?? 0) - (others[b] ?? 0),
    (pixels[a + 1] ?? 0) - (others[b + 1] ?? 0),
    (pixels[a + 2] ?? 0) - (others[b + 2] ?? 0),
  );
}
