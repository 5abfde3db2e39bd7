import sharp from 'sharp';
import { floodFromBorder, withoutPockets } from './flood.ts';
import { develop, type Picture, pictureOf } from './picture.ts';

const longestSide = 512;

/** How much of each pixel belongs to the subject: one byte a pixel, soft at the edge. */
export async function subjectMask(picture: Picture): Promise<Buffer> {
  const small = await pictureOf(
    develop(picture)
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
  const subject = await develop(picture)
    .joinChannel(mask, { raw: { width, height, channels: 1 } })
    .png({ compressionLevel: 0 })
    .toBuffer();
  return pictureOf(develop(background).composite([{ input: subject }]));
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
