import type { Picture } from './picture.ts';

/** How far a pixel may be from its neighbour, and from the border pixel where the flood began. */
const step = 18;
const drift = 50;
const pocket = 26;

/** 0 where a flood of similar colours from the border arrives, 255 elsewhere. */
export function floodFromBorder({ pixels, width, height }: Picture): Buffer {
  const mask = Buffer.alloc(width * height, 255);
  const queue = borderOf(width, height);
  const origins = [...queue];
  for (const index of queue) mask[index] = 0;
  for (let at = 0; at < queue.length; at += 1) {
    const index = queue[at] ?? 0;
    const origin = origins[at] ?? 0;
    const dry = neighbours(index, width, height).filter(
      (next) =>
        mask[next] && isAlike(pixels, index, next, step) && isAlike(pixels, origin, next, drift),
    );
    for (const next of dry) {
      mask[next] = 0;
      queue.push(next);
      origins.push(origin);
    }
  }
  return mask;
}

/** Background that the subject encloses: as plain as the rest of its row, but out of the flood's reach. */
export function withoutPockets(mask: Buffer, { pixels, width, height }: Picture): Buffer {
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
      if (distance(pixels, index, plain, 0) < pocket) cleared[index] = 0;
    }
  }
  return cleared;
}

/** Without the lower border: the ground a subject stands on is mostly part of the subject. */
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
