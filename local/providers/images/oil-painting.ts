import { type Picture, pictureOf, type Style, svg, toSharp } from './picture.ts';
import { hashText, seededRandom } from './random.ts';

/** Lengths in pixels of a canvas 1280 wide. Strokes are drawn only where the slope is at least `detailFrom`. */
type Brush = {
  readonly every: number;
  readonly length: number;
  readonly weight: number;
  readonly detailFrom: number;
};

const coarse: Brush = { every: 25, length: 58, weight: 19, detailFrom: 0 };
const fine: Brush = { every: 12, length: 24, weight: 6.5, detailFrom: 9 };

/** Oil on canvas. The hue of the light follows the prompt, the brush follows the seed. */
export const oilPainting: Style = async (picture, { prompt, seed }) => {
  const hue = (hashText(prompt) + (seed % 7) * 47) % 360;
  const graded = await grade(picture, hue);
  const random = seededRandom(seed);
  const canvas = svg(
    picture.width,
    picture.height,
    `${await strokes(graded, coarse, random)}${await strokes(graded, fine, random)}`,
  );
  return pictureOf(
    toSharp(graded)
      .blur(picture.width / 140)
      .composite([{ input: canvas }]),
  );
};

/** Light of the given hue in the bright parts, its opposite in the dark ones. */
function grade(picture: Picture, hue: number): Promise<Picture> {
  const lean = [0, 120, 240].map((channel) => Math.cos(((hue - channel) * Math.PI) / 180));
  return pictureOf(
    toSharp(picture)
      .modulate({ saturation: 1.25 })
      .linear(
        lean.map((value) => 1.02 + 0.2 * value),
        lean.map((value) => -6 - 16 * value),
      ),
  );
}

/** The picture as brush strokes along its edges, each in the colour it lies on. */
async function strokes(
  picture: Picture,
  { every, length, weight, detailFrom }: Brush,
  random: () => number,
): Promise<string> {
  const scale = Math.sqrt(picture.width * picture.height) / 1280;
  const sample = await pictureOf(toSharp(picture).resize({ width: 400 }).blur(1));
  const ratio = sample.width / picture.width;
  const gap = every * scale;
  const drawn: string[] = [];
  for (let y = 0; y < picture.height; y += gap) {
    for (let x = 0; x < picture.width; x += gap) {
      const at = { x: x + (random() - 0.5) * gap * 1.6, y: y + (random() - 0.5) * gap * 1.6 };
      const slope = slopeAt(sample, at.x * ratio, at.y * ratio);
      if (slope.strength < detailFrom) continue;
      // Even areas have no direction of their own: there the brush swirls.
      const swirl = Math.sin(at.x / (170 * scale)) + Math.cos(at.y / (140 * scale));
      const angle = slope.strength > 6 ? slope.along : swirl;
      const reach = (length * scale * (0.6 + 0.6 * random())) / 2;
      const colour = colourAt(sample, at.x * ratio, at.y * ratio, (random() - 0.5) * 26);
      drawn.push(stroke(at, angle, reach, weight * scale * (0.7 + 0.5 * random()), colour));
    }
  }
  return `<g fill="none" stroke-linecap="round" stroke-opacity=".88">${shuffled(drawn, random).join('')}</g>`;
}

function stroke(
  at: { x: number; y: number },
  angle: number,
  reach: number,
  weight: number,
  colour: string,
): string {
  const [x, y] = [Math.cos(angle) * reach, Math.sin(angle) * reach];
  const bend = `${(y * 0.25).toFixed(1)} ${(-x * 0.25).toFixed(1)}`;
  return `<path transform="translate(${at.x.toFixed(1)} ${at.y.toFixed(1)})" d="M${(-x).toFixed(1)} ${(-y).toFixed(1)}Q${bend} ${x.toFixed(1)} ${y.toFixed(1)}" stroke="${colour}" stroke-width="${weight.toFixed(1)}"/>`;
}

/** How strongly brightness changes here, and the direction in which it does not. */
function slopeAt(picture: Picture, x: number, y: number): { strength: number; along: number } {
  const across = greyAt(picture, x + 2, y) - greyAt(picture, x - 2, y);
  const down = greyAt(picture, x, y + 2) - greyAt(picture, x, y - 2);
  return { strength: Math.hypot(across, down), along: Math.atan2(down, across) + Math.PI / 2 };
}

function greyAt(picture: Picture, x: number, y: number): number {
  const at = offset(picture, x, y);
  const { pixels } = picture;
  return 0.3 * (pixels[at] ?? 0) + 0.59 * (pixels[at + 1] ?? 0) + 0.11 * (pixels[at + 2] ?? 0);
}

function colourAt(picture: Picture, x: number, y: number, shift: number): string {
  const at = offset(picture, x, y);
  const parts = [0, 1, 2].map((channel) =>
    Math.round(Math.min(255, Math.max(0, (picture.pixels[at + channel] ?? 0) + shift))),
  );
  return `rgb(${parts.join()})`;
}

function offset({ width, height }: Picture, x: number, y: number): number {
  const column = Math.min(width - 1, Math.max(0, Math.round(x)));
  const row = Math.min(height - 1, Math.max(0, Math.round(y)));
  return (row * width + column) * 3;
}

/** In random order, or the rows of the grid would be visible. */
function shuffled(drawn: readonly string[], random: () => number): readonly string[] {
  return drawn
    .map((path) => ({ path, order: random() }))
    .sort((one, other) => one.order - other.order)
    .map(({ path }) => path);
}
