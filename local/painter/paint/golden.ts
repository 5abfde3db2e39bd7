import sharp from 'sharp';
import { develop, type Picture, pictureOf, type Style, svg } from './picture.ts';
import { randomFrom } from './random.ts';
import { replaceBackground, subjectMask } from './subject.ts';

const skies = [
  ['#35386b', '#b4506a', '#f2884b', '#ffd98a'],
  ['#57417e', '#d9637c', '#ffac5f', '#fff0b3'],
  ['#2d4a6e', '#c97b5a', '#f7b267', '#fce5a6'],
  ['#6b2f4f', '#cf4b3f', '#f79a3e', '#ffe08a'],
] as const;

/** The last hour of the day: warm light on the subject, a low sun behind it. */
export const golden: Style = async (picture, { seed }) => {
  const mask = await subjectMask(picture);
  const warm = await pictureOf(
    develop(picture).modulate({ saturation: 1.12 }).linear([1.08, 0.95, 0.76], [10, 2, 0]),
  );
  return replaceBackground(warm, mask, await eveningSky(picture.width, picture.height, seed));
};

function eveningSky(width: number, height: number, seed: number): Promise<Picture> {
  const random = randomFrom(seed);
  const side = Math.min(width, height);
  const [x, y] = [width * (0.2 + 0.6 * random()), height * (0.5 + 0.14 * random())];
  const colours = skies[seed % skies.length] ?? skies[0];
  const stops = colours.map(
    (colour, index) => `<stop offset="${[0, 0.36, 0.66, 1][index]}" stop-color="${colour}"/>`,
  );
  const content =
    `<defs><linearGradient id="air" x1="0" y1="0" x2="0" y2="1">${stops.join('')}</linearGradient>` +
    '<radialGradient id="glow"><stop offset="0" stop-color="#fff8d8" stop-opacity=".95"/><stop offset=".16" stop-color="#ffe9a0" stop-opacity=".6"/><stop offset="1" stop-color="#ffcf70" stop-opacity="0"/></radialGradient></defs>' +
    '<rect width="100%" height="100%" fill="url(#air)"/>' +
    `<circle cx="${x}" cy="${y}" r="${side * 0.5}" fill="url(#glow)"/><circle cx="${x}" cy="${y}" r="${side * 0.075}" fill="#fffbe6"/>` +
    Array.from({ length: 9 }, () => cloud(width, height, random)).join('');
  return pictureOf(sharp(svg(width, height, content)));
}

function cloud(width: number, height: number, random: () => number): string {
  const [x, y] = [random() * width, height * (0.08 + 0.55 * random())];
  const long = width * (0.12 + 0.2 * random());
  const puff = (shift: number, size: number) =>
    `<ellipse cx="${(x + shift * long).toFixed(0)}" cy="${(y - (size * height) / 130).toFixed(0)}" rx="${(long * size).toFixed(0)}" ry="${((height / 90) * size).toFixed(1)}"/>`;
  return `<g fill="#fff1dd" opacity="${(0.1 + 0.2 * random()).toFixed(2)}">${puff(0, 1)}${puff(0.3, 0.6)}${puff(-0.35, 0.5)}</g>`;
}
