import sharp from 'sharp';
import { cover, develop, type Picture, pictureOf, svg } from './picture.ts';
import { replaceBackground, subjectMask } from './subject.ts';

/** The subject of the first picture in the scene of the other. */
export async function placeInto(picture: Picture, scene: Picture): Promise<Picture> {
  const behind = await cover(scene, picture.width, picture.height);
  return replaceBackground(picture, await subjectMask(picture), behind);
}

/** The other pictures as prints, laid on the lower border from the right. */
export async function layPrints(picture: Picture, others: readonly Picture[]): Promise<Picture> {
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
  return pictureOf(develop(picture).composite(layers));
}

/** A print with a white margin, a little askew. */
async function framed(other: Picture, side: number, angle: number): Promise<Buffer> {
  const margin = Math.round(side * 0.07);
  const print = await develop(other)
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
