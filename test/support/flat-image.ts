import sharp from 'sharp';
import type { Edit } from '../../local/providers/images/edit.ts';

const made = new Map<string, Promise<Buffer>>();

/** An image of one colour, which depends on the seed: it takes no time, and is as large as the caller wants it. */
export const flatImage: Edit = (_pictures, { width, height }, { seed }) => {
  const shade = seed % 16;
  const key = `${width}x${height} ${shade}`;
  const image = made.get(key) ?? encode(width, height, shade);
  made.set(key, image);
  return image;
};

const encode = (width: number, height: number, shade: number): Promise<Buffer> =>
  sharp({ create: { width, height, channels: 3, background: { r: shade, g: shade, b: 128 } } })
    .png()
    .toBuffer();
