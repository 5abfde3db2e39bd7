import { grain } from './grain.ts';
import { develop, pictureOf, type Style } from './picture.ts';

/** Silver print: more contrast, a vignette, and the grain of its own film. */
export const monochrome: Style = async (picture, { seed }) => {
  // Each seed is another film: harder or softer, neutral or a little toned.
  const contrast = 1.08 + (seed % 4) * 0.09;
  const tones = [
    [1, 1, 1],
    [1.03, 1, 0.93],
    [0.95, 1, 1.05],
    [1.06, 0.99, 0.88],
  ];
  const grey = await pictureOf(
    develop(picture)
      .greyscale()
      .linear(contrast, 128 * (1 - contrast)),
  );
  return pictureOf(
    develop(grey)
      .linear(tones[seed % tones.length] ?? [1, 1, 1], [0, 0, 0])
      .composite([await grain(picture, seed)]),
  );
};
