import { develop, type Picture, pictureOf, type Style, svg } from './picture.ts';
import { hashOf, randomFrom } from './random.ts';
import { type Brush, strokes } from './strokes.ts';

const coarse: Brush = { every: 25, length: 58, weight: 19, detailFrom: 0 };
const fine: Brush = { every: 12, length: 24, weight: 6.5, detailFrom: 9 };

/** Oil on canvas. The hue of the light follows the prompt, the brush follows the seed. */
export const painterly: Style = async (picture, { prompt, seed }) => {
  const hue = (hashOf(prompt) + (seed % 7) * 47) % 360;
  const graded = await grade(picture, hue);
  const random = randomFrom(seed);
  const canvas = svg(
    picture.width,
    picture.height,
    `${await strokes(graded, coarse, random)}${await strokes(graded, fine, random)}`,
  );
  return pictureOf(
    develop(graded)
      .blur(picture.width / 140)
      .composite([{ input: canvas }]),
  );
};

/** Light of the given hue in the bright parts, its opposite in the dark ones. */
function grade(picture: Picture, hue: number): Promise<Picture> {
  const lean = [0, 120, 240].map((channel) => Math.cos(((hue - channel) * Math.PI) / 180));
  return pictureOf(
    develop(picture)
      .modulate({ saturation: 1.3 })
      .linear(
        lean.map((value) => 1.03 + 0.32 * value),
        lean.map((value) => -8 - 26 * value),
      ),
  );
}
