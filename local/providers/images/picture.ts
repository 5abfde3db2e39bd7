import sharp, { type Sharp } from 'sharp';

/** Three bytes a pixel: red, green, blue. */
export type Picture = {
  readonly pixels: Buffer;
  readonly width: number;
  readonly height: number;
};

/** The prompt and seed of one image of a job. */
export type Variant = { readonly prompt: string; readonly seed: number };

export type Style = (picture: Picture, variant: Variant) => Promise<Picture>;

export const toSharp = ({ pixels, width, height }: Picture): Sharp =>
  sharp(pixels, { raw: { width, height, channels: 3 } });

export async function pictureOf(image: Sharp): Promise<Picture> {
  const { data, info } = await image
    .toColourspace('srgb')
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return {
    pixels: info.channels === 1 ? tripled(data) : data,
    width: info.width,
    height: info.height,
  };
}

/** A grey picture keeps its single channel, also when another colour space is requested. */
function tripled(grey: Buffer): Buffer {
  const pixels = Buffer.alloc(grey.length * 3);
  let at = 0;
  for (const value of grey) {
    pixels[at++] = value;
    pixels[at++] = value;
    pixels[at++] = value;
  }
  return pixels;
}

export const svg = (width: number, height: number, content: string): Buffer =>
  Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${content}</svg>`,
  );

/** Scales the picture to cover the canvas; the rest is cut off evenly. */
export const cover = (picture: Picture, width: number, height: number): Promise<Picture> =>
  pictureOf(toSharp(picture).resize({ width, height, fit: 'cover', kernel: 'lanczos3' }));
