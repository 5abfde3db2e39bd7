import { written } from './letters.ts';
import { svg } from './picture.ts';

/** Laid over every picture: nobody takes what a laptop painted for the model's work. */
export function ribbon(width: number, height: number, { isWatermarked = false } = {}): Buffer {
  const side = Math.min(width, height);
  return svg(width, height, `${band(side)}${isWatermarked ? mark(width, height, side) : ''}`);
}

function band(side: number): string {
  const unit = side / 300;
  const text = written('LOCAL PREVIEW');
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

/** Where the vendor puts its mark, too. */
function mark(width: number, height: number, side: number): string {
  const unit = side / 420;
  const text = written('AI GENERATED');
  const x = width - (text.width + 8) * unit;
  const y = height - 14 * unit;
  const strokes = (colour: string, weight: number) =>
    `<g fill="none" stroke="${colour}" stroke-width="${weight}" stroke-linecap="round" stroke-linejoin="round">${text.paths}</g>`;
  return `<g transform="translate(${x} ${y}) scale(${unit})" opacity=".85">${strokes('#00000088', 2)}${strokes('#fff', 0.9)}</g>`;
}
