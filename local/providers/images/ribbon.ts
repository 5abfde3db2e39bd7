import { svg } from './picture.ts';

/** An overlay for every image, so that a local preview cannot be mistaken for an image of the real model. */
export function ribbon(width: number, height: number, { isWatermarked = false } = {}): Buffer {
  const side = Math.min(width, height);
  return svg(width, height, `${band(side)}${isWatermarked ? watermark(width, height, side) : ''}`);
}

function band(side: number): string {
  const unit = side / 300;
  const text = textPaths('LOCAL PREVIEW');
  const half = 9 * unit;
  const seam = (y: number) =>
    `<path d="M${-side} ${y}H${side}" stroke="#ffe9d6" stroke-opacity=".55" stroke-width="${unit * 0.35}" stroke-dasharray="${unit * 2} ${unit * 1.4}"/>`;
  return (
    `<g transform="translate(${50 * unit} ${50 * unit}) rotate(-45)">` +
    `<rect x="${-side}" y="${unit - half}" width="${2 * side}" height="${2 * half}" fill="#000" opacity=".28"/>` +
    `<rect x="${-side}" y="${-half}" width="${2 * side}" height="${2 * half}" fill="#b3202c"/>` +
    seam(-half + 1.8 * unit) +
    seam(half - 1.8 * unit) +
    `<g transform="scale(${unit * 1.18}) translate(${-text.width / 2} -3)" fill="none" stroke="#fff6ea" stroke-width="1.05" stroke-linecap="round" stroke-linejoin="round">${text.paths}</g></g>`
  );
}

/** At the place where the vendor puts its watermark. */
function watermark(width: number, height: number, side: number): string {
  const unit = side / 420;
  const text = textPaths('AI GENERATED');
  const x = width - (text.width + 8) * unit;
  const y = height - 14 * unit;
  const strokes = (colour: string, weight: number) =>
    `<g fill="none" stroke="${colour}" stroke-width="${weight}" stroke-linecap="round" stroke-linejoin="round">${text.paths}</g>`;
  return `<g transform="translate(${x} ${y}) scale(${unit})" opacity=".85">${strokes('#00000088', 2)}${strokes('#fff', 0.9)}</g>`;
}

// Letters as strokes on a grid 6 units high: a machine without fonts renders no <text>.
const letters: Readonly<Record<string, readonly [width: number, path: string]>> = {
  A: [4.4, 'M0 6L2.2 0L4.4 6M.8 4H3.6'],
  C: [4, 'M4 1.1Q3.4 0 2.1 0Q0 0 0 3Q0 6 2.1 6Q3.4 6 4 4.9'],
  D: [4, 'M0 0V6H1.5Q4 6 4 3Q4 0 1.5 0Z'],
  E: [3.4, 'M3.4 0H0V6H3.4M0 3H2.8'],
  G: [4, 'M4 1.1Q3.4 0 2.1 0Q0 0 0 3Q0 6 2.1 6Q4 6 4 3.3H2.3'],
  I: [0, 'M0 0V6'],
  L: [3.2, 'M0 0V6H3.2'],
  N: [4, 'M0 6V0L4 6V0'],
  O: [4.4, 'M2.2 0Q4.4 0 4.4 3Q4.4 6 2.2 6Q0 6 0 3Q0 0 2.2 0Z'],
  P: [3.8, 'M0 6V0H2Q3.8 0 3.8 1.7Q3.8 3.4 2 3.4H0'],
  R: [3.8, 'M0 6V0H2Q3.8 0 3.8 1.7Q3.8 3.4 2 3.4H0M2.1 3.4L3.8 6'],
  T: [4, 'M0 0H4M2 0V6'],
  V: [4.4, 'M0 0L2.2 6L4.4 0'],
  W: [6, 'M0 0L1.5 6L3 1.2L4.5 6L6 0'],
  ' ': [1.4, ''],
};
const gap = 2;

/** The strokes of a text with its left upper corner at 0, 0, and how wide it is when 6 units high. */
function textPaths(text: string): { readonly paths: string; readonly width: number } {
  let x = 0;
  const paths = [...text].map((letter) => {
    const [width, path] = letters[letter] ?? [0, ''];
    const placed = `<path transform="translate(${x.toFixed(1)} 0)" d="${path}"/>`;
    x += width + gap;
    return placed;
  });
  return { paths: paths.join(''), width: x - gap };
}
