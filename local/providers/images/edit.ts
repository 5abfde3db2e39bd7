import sharp from 'sharp';
import { oilPainting } from './oil-painting.ts';
import {
  cover,
  type Picture,
  pictureOf,
  type Style,
  svg,
  toSharp,
  type Variant,
} from './picture.ts';
import { ribbon } from './ribbon.ts';
import { sketch } from './sketch.ts';
import { starry } from './starry.ts';
import { replaceBackground, subjectMask } from './subject.ts';

/** Width and height of the generated image. */
export type Canvas = { readonly width: number; readonly height: number };

// The first line with a word of the prompt wins; a prompt with none of them gets the oil painting style.
const styles: readonly (readonly [words: RegExp, style: Style])[] = [
  [/\b(stars?|starry|night|galaxy|cosmos|milky way|moon|space)\b/i, starry],
  [
    /\b(sketch|pencil|draw(n|ing)?|line art|black[ -]and[ -]white|gr[ae]y(scale)?|monochrome|noir)\b/i,
    sketch,
  ],
];

const asksForScene = /\b(background|scene|behind|in front of|into|onto|place|put)\b/i;

/** Makes one image of a request from its pictures, as PNG. */
export type Edit = (
  pictures: readonly [Picture, ...Picture[]],
  canvas: Canvas,
  variant: Variant,
  options?: { readonly isWatermarked?: boolean },
) => Promise<Buffer>;

/** The first picture, edited as the prompt says. */
export const edit: Edit = async (
  pictures,
  { width, height },
  variant,
  { isWatermarked = false } = {},
) => {
  const [first, ...others] = pictures;
  const framed = await compose(await cover(first, width, height), others, variant);
  return toSharp(framed)
    .composite([{ input: ribbon(width, height, { isWatermarked }) }])
    .removeAlpha() // with an alpha channel it could not be an input again
    .png({ compressionLevel: 5 })
    .toBuffer();
};

/** With a second picture: its scene behind the first one's subject, or a print of it on top. */
async function compose(
  picture: Picture,
  [second, ...rest]: readonly Picture[],
  variant: Variant,
): Promise<Picture> {
  const style = styleFor(variant.prompt);
  if (!second) return style(picture, variant);
  if (!asksForScene.test(variant.prompt)) {
    return layPrints(await style(picture, variant), [second, ...rest]);
  }
  const placed = await placeInto(picture, second);
  // A night sky would replace the scene of the second picture, and paint would hide it.
  return layPrints(style === sketch ? await style(placed, variant) : placed, rest);
}

const styleFor = (prompt: string): Style =>
  styles.find(([words]) => words.test(prompt))?.[1] ?? oilPainting;

/** The subject of the first picture in the scene of the other. */
async function placeInto(picture: Picture, scene: Picture): Promise<Picture> {
  const background = await cover(scene, picture.width, picture.height);
  return replaceBackground(picture, await subjectMask(picture), background);
}

/** The other pictures as prints, laid on the lower border from the right. */
async function layPrints(picture: Picture, others: readonly Picture[]): Promise<Picture> {
  const side = Math.min(picture.width, picture.height);
  const layers = await Promise.all(
    others.map(async (other, index) => {
      const print = await framed(other, Math.round(side * 0.24), index % 2 ? 4 : -5);
      const { width = 0, height = 0 } = await sharp(print).metadata();
      const left = picture.width - (index + 1) * width - Math.round(side * 0.03);
      return {
        input: print,
        left: Math.max(0, left),
        top: picture.height - height - Math.round(side * 0.05),
      };
    }),
  );
  return pictureOf(toSharp(picture).composite(layers));
}

/** A print with a white margin, a little askew. */
async function framed(other: Picture, side: number, angle: number): Promise<Buffer> {
  const margin = Math.round(side * 0.07);
  const print = await toSharp(other)
    .resize({ width: side, height: side, fit: 'cover' })
    .extend({ top: margin, left: margin, right: margin, bottom: margin * 3, background: '#fbf8f1' })
    .png()
    .toBuffer();
  const { width = side, height = side } = await sharp(print).metadata();
  const paper = svg(
    width + 2 * margin,
    height + 2 * margin,
    `<rect x="${margin * 1.1}" y="${margin * 1.2}" width="${width}" height="${height}" fill="#000" opacity=".45"/>`,
  );
  const shaded = await sharp(paper)
    .blur(margin / 3)
    .composite([{ input: print, left: margin, top: margin }])
    .png()
    .toBuffer();
  return sharp(shaded).rotate(angle, { background: '#00000000' }).png().toBuffer();
}
