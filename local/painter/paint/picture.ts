import sharp, { type Sharp } from 'sharp';

/** Three bytes a pixel: red, green, blue. */
export type Picture = {
  readonly pixels: Buffer;
  readonly width: number;
  readonly height: number;
};

/** What one variant of a job is painted after. */
export type Look = { readonly prompt: string; readonly seed: number };

export type Style = (picture: Picture, look: Look) => Promise<Picture>;

export const develop = ({ pixels, width, height }: Picture): Sharp =>
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

/** Grey pictures keep their single channel whatever colour space is asked for. */
function tripled(grey: Buffer): Buffer {
  const pixels = Buffer.alloc(grey.length * 3);
  for (let index = 0; index < grey.length; index += 1) {
    pixels.fill(grey[index] ?? 0, index * 3, index * 3 + 3);
  }
  return pixels;
}

export const svg = (width: number, height: number, content: string): Buffer =>
  Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${content}</svg>`,
  );

/** The picture scaled to cover the canvas; what does not fit is cut off evenly. */
export const cover = (picture: Picture, width: number, height: number): Promise<Picture> =>
  pictureOf(develop(picture).resize({ width, height, fit: 'cover', kernel: 'lanczos3' }));
