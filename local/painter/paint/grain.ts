import sharp, { type OverlayOptions } from 'sharp';
import type { Picture } from './picture.ts';
import { randomFrom } from './random.ts';

const tile = 256;

/** Fine noise over the whole picture, as a layer. */
export async function grain({ width, height }: Picture, seed: number): Promise<OverlayOptions> {
  const random = randomFrom(seed);
  const cells = Buffer.from(Array.from({ length: tile * tile }, () => 115 + 26 * random()));
  const input = await sharp(cells, { raw: { width: tile, height: tile, channels: 1 } })
    .resize({ width: Math.min(tile, width), height: Math.min(tile, height) })
    .png()
    .toBuffer();
  return { input, tile: true, blend: 'overlay' };
}
