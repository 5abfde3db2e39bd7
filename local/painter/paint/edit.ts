import { golden } from './golden.ts';
import { monochrome } from './monochrome.ts';
import { painterly } from './painterly.ts';
import { cover, develop, type Look, type Picture, type Style } from './picture.ts';
import { ribbon } from './ribbon.ts';
import { layPrints, placeInto } from './second-picture.ts';
import { sketch } from './sketch.ts';
import { starry } from './starry.ts';

/** Width and height of the picture to be made. */
export type Canvas = { readonly width: number; readonly height: number };

// The first line with a word of the prompt wins; a prompt without any is painted in oil.
const styles: readonly (readonly [words: RegExp, style: Style])[] = [
  [/\b(stars?|starry|night|galaxy|cosmos|milky way|moon|space)\b/i, starry],
  [/\b(black[ -]and[ -]white|gr[ae]y(scale)?|monochrome|noir)\b/i, monochrome],
  [/\b(sketch|pencil|draw(n|ing)?|line art)\b/i, sketch],
  [/\b(warm|sunset|sunrise|golden|evening)\b/i, golden],
];

const asksForScene = /\b(background|scene|behind|in front of|into|onto|place|put)\b/i;

/** One variant: the first picture edited as the prompt says, as PNG. */
export async function edit(
  pictures: readonly [Picture, ...Picture[]],
  { width, height }: Canvas,
  look: Look,
  { isWatermarked = false } = {},
): Promise<Buffer> {
  const [first, ...others] = pictures;
  const framed = await compose(await cover(first, width, height), others, look);
  return develop(framed)
    .composite([{ input: ribbon(width, height, { isWatermarked }) }])
    .removeAlpha() // or it could not be an input again
    .png({ compressionLevel: 5 })
    .toBuffer();
}

/** With a second picture: its scene behind the first one's subject, or a print of it on top. */
async function compose(
  picture: Picture,
  [second, ...rest]: readonly Picture[],
  look: Look,
): Promise<Picture> {
  const style = styleFor(look.prompt);
  if (!second) return style(picture, look);
  if (!asksForScene.test(look.prompt)) {
    return layPrints(await style(picture, look), [second, ...rest]);
  }
  const placed = await placeInto(picture, second);
  // Any other style would paint over the scene that was asked for.
  const isDrawn = style === sketch || style === monochrome;
  return layPrints(isDrawn ? await style(placed, look) : placed, rest);
}

const styleFor = (prompt: string): Style =>
  styles.find(([words]) => words.test(prompt))?.[1] ?? painterly;
