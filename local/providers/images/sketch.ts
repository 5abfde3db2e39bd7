import sharp, { type OverlayOptions } from 'sharp';
import { type Picture, pictureOf, type Style, toSharp } from './picture.ts';
import { seededRandom } from './random.ts';

const papers = [
  [252, 249, 241],
  [244, 236, 219],
  [238, 242, 246],
  [250, 238, 232],
] as const;
const pencils = [
  [38, 36, 40],
  [74, 44, 24],
  [24, 40, 78],
  [96, 24, 30],
] as const;

const asksForGrey = /\b(black[ -]and[ -]white|gr[ae]y(scale)?|monochrome|noir)\b/i;

/** Pencil on paper; each seed has a different pencil and paper. Without colour if the prompt says so. */
export const sketch: Style = async (picture, { prompt, seed }) => {
  const { width, height } = picture;
  const [outline, shade] = await Promise.all([dodge(picture, width / 420), tones(picture)]);
  const paper = papers[seed % papers.length] ?? papers[0];
  const pencil = pencils[seed % pencils.length] ?? pencils[0];
  const pixels = Buffer.alloc(width * height * 3);
  for (let index = 0; index < width * height; index += 1) {
    const edge = Math.max(0, 0.9 - ((outline[index] ?? 0) / 255) ** 5);
    const dark = 1 - (shade[index] ?? 0) / 255;
    const hatched = dark * dark * hatching(index % width, Math.floor(index / width), width, dark);
    const ink = Math.min(1, edge * 1.15 + hatched * 0.75);
    pixels[index * 3] = paper[0] + (pencil[0] - paper[0]) * ink;
    pixels[index * 3 + 1] = paper[1] + (pencil[1] - paper[1]) * ink;
    pixels[index * 3 + 2] = paper[2] + (pencil[2] - paper[2]) * ink;
  }
  const drawn: Picture = { pixels, width, height };
  const sheet = asksForGrey.test(prompt) ? toSharp(drawn).greyscale() : toSharp(drawn);
  return pictureOf(sheet.composite([await grain(picture, seed)]));
};

/** Slanting strokes; where it is really dark, a second layer across them. */
function hatching(x: number, y: number, width: number, dark: number): number {
  const pitch = (2 * Math.PI * 170) / width;
  const first = 0.55 + 0.45 * Math.sin((x + y * 0.8) * pitch);
  const second = dark > 0.68 ? 0.4 + 0.4 * Math.sin((x * 0.8 - y) * pitch) : 0;
  return Math.max(first, second);
}

const tones = (picture: Picture): Promise<Buffer> =>
  toSharp(picture).greyscale().blur(1.5).extractChannel(0).raw().toBuffer();

/** Colour dodge with its own blurred negative: even areas turn white, edges stay. */
async function dodge(picture: Picture, radius: number): Promise<Buffer> {
  const grey = toSharp(picture).greyscale();
  const [sharpOne, softOne] = await Promise.all([
    grey
      .clone()
      .blur(Math.max(0.8, picture.width / 800))
      .extractChannel(0)
      .raw()
      .toBuffer(),
    grey.clone().blur(Math.max(1.5, radius)).extractChannel(0).raw().toBuffer(),
  ]);
  return Buffer.from(
    sharpOne.map((value, index) => Math.min(255, (value * 255) / Math.max(1, softOne[index] ?? 1))),
  );
}

const tile = 256;

/** Fine noise over the whole picture, as a layer. */
async function grain({ width, height }: Picture, seed: number): Promise<OverlayOptions> {
  const random = seededRandom(seed);
  const cells = Buffer.from(Array.from({ length: tile * tile }, () => 115 + 26 * random()));
  const input = await sharp(cells, { raw: { width: tile, height: tile, channels: 1 } })
    .resize({ width: Math.min(tile, width), height: Math.min(tile, height) })
    .png()
    .toBuffer();
  return { input, tile: true, blend: 'overlay' };
}
