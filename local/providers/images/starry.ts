import sharp from 'sharp';
import { type Picture, pictureOf, type Style, svg, toSharp } from './picture.ts';
import { seededRandom } from './random.ts';
import { replaceBackground, subjectMask } from './subject.ts';

type Random = () => number;

const skies = [
  ['#050a24', '#122a66', '#4a3f8f', '#b0698f'],
  ['#04111f', '#0b3350', '#1c6a78', '#6fb09a'],
  ['#0a0620', '#2a1658', '#6a2f7d', '#d9795d'],
  ['#030716', '#0d1c4a', '#24458c', '#7f9fd0'],
] as const;

/** Keeps the subject and puts a night sky behind it, a different one for every seed. */
export const starry: Style = async (picture, { seed }) => {
  const mask = await subjectMask(picture);
  // Moonlight: a little darker, a little bluer.
  const subject = await pictureOf(toSharp(picture).linear([0.84, 0.88, 0.98], [0, 0, 4]));
  return replaceBackground(subject, mask, await nightSky(picture.width, picture.height, seed));
};

async function nightSky(width: number, height: number, seed: number): Promise<Picture> {
  const random = seededRandom(seed);
  const colours = skies[seed % skies.length] ?? skies[0];
  const lights = `${stars(width, height, random)}${moon(width, height, random, seed)}`;
  return pictureOf(
    sharp(svg(width, height, air(colours))).composite([
      { input: await haze(width, height, random), blend: 'screen' },
      { input: svg(width, height, lights) },
    ]),
  );
}

function air([top, upper, lower, horizon]: readonly [string, string, string, string]): string {
  const stop = (offset: number, colour: string) =>
    `<stop offset="${offset}" stop-color="${colour}"/>`;
  return (
    `<defs><linearGradient id="air" x1="0" y1="0" x2="0" y2="1">${stop(0, top)}${stop(0.42, upper)}${stop(0.78, lower)}${stop(1, horizon)}</linearGradient></defs>` +
    '<rect width="100%" height="100%" fill="url(#air)"/>'
  );
}

function stars(width: number, height: number, random: Random): string {
  const side = Math.min(width, height);
  const tints = ['#ffffff', '#dfe9ff', '#cfe0ff', '#fff1d6', '#ffe0c7'];
  const tint = () => tints[Math.floor(random() * tints.length)];
  const far = Array.from({ length: 520 }, () => {
    const radius = (side / 1280) * (0.6 + 2.4 * random() ** 4);
    return `<circle cx="${(random() * width).toFixed(1)}" cy="${(random() * height).toFixed(1)}" r="${radius.toFixed(2)}" fill="${tint()}" fill-opacity="${(0.35 + 0.65 * random()).toFixed(2)}"/>`;
  });
  const near = Array.from({ length: 26 }, () => {
    const [x, y] = [random() * width, random() ** 1.3 * height * 0.9];
    return sparkle(x, y, (side / 1280) * (8 + 22 * random() ** 2), tint() ?? '#fff');
  });
  return far.join('') + near.join('');
}

/** A star with four rays. */
function sparkle(x: number, y: number, ray: number, colour: string): string {
  const waist = ray * 0.09;
  return (
    `<g transform="translate(${x.toFixed(1)} ${y.toFixed(1)})" fill="${colour}">` +
    `<circle r="${(ray * 0.55).toFixed(1)}" fill-opacity=".10"/><circle r="${(ray * 0.3).toFixed(1)}" fill-opacity=".16"/><circle r="${(ray * 0.15).toFixed(1)}"/>` +
    `<path d="M0 ${-ray}Q${waist} ${-waist} ${ray} 0Q${waist} ${waist} 0 ${ray}Q${-waist} ${waist} ${-ray} 0Q${-waist} ${-waist} 0 ${-ray}Z"/></g>`
  );
}

function moon(width: number, height: number, random: Random, seed: number): string {
  const radius = Math.min(width, height) * (0.055 + 0.025 * random());
  const x = width * (seed % 2 ? 0.8 + 0.07 * random() : 0.66 + 0.2 * random());
  const y = height * (0.13 + 0.08 * random());
  const crescent = `M${-radius * 0.3} ${-radius}A${radius} ${radius} 0 1 1 ${-radius * 0.3} ${radius}A${radius * 1.15} ${radius * 1.15} 0 0 0 ${-radius * 0.3} ${-radius}Z`;
  return (
    '<defs><radialGradient id="glow"><stop offset="0" stop-color="#fff3d0" stop-opacity=".5"/><stop offset=".25" stop-color="#ffeec4" stop-opacity=".22"/><stop offset=".6" stop-color="#ffe9b8" stop-opacity=".06"/><stop offset="1" stop-color="#ffe9b8" stop-opacity="0"/></radialGradient></defs>' +
    `<g transform="translate(${x.toFixed(0)} ${y.toFixed(0)}) rotate(${(-25 - 20 * random()).toFixed(0)})"><circle cx="${radius * 0.3}" r="${radius * 4}" fill="url(#glow)"/><path d="${crescent}" fill="#fff4d6"/></g>`
  );
}

/** The milky way: clouds of noise, coarse and fine, along a slanting line. */
async function haze(width: number, height: number, random: Random): Promise<Buffer> {
  const size = 96;
  const lean = 0.4 + random() * 0.8;
  const offset = random() * 0.4 - 0.1;
  const octaves = await Promise.all([6, 14, 34].map((cells) => clouds(cells, size, random)));
  const pixels = Buffer.alloc(size * size * 3);
  for (let index = 0; index < size * size; index += 1) {
    const [x, y] = [(index % size) / size, Math.floor(index / size) / size];
    const [coarse = 0, middle = 0, fine = 0] = octaves.map((cloud) => (cloud[index] ?? 0) / 255);
    const away = (y - (1 - x) * lean - offset) * 3 + (coarse - 0.5) * 1.6;
    const light = Math.exp(-away * away) * (0.35 * coarse + 0.5 * middle + 0.3 * fine) ** 1.4;
    pixels.set([light * 120, light * 116, light * 176], index * 3);
  }
  const smooth = await pictureOf(
    toSharp({ pixels, width: size, height: size }).resize({ width: 256, height: 256 }).blur(1.8),
  );
  return toSharp(smooth)
    .resize({ width, height, fit: 'fill', kernel: 'cubic' })
    .png({ compressionLevel: 0 })
    .toBuffer();
}

const clouds = (cells: number, size: number, random: Random): Promise<Buffer> =>
  sharp(Buffer.from(Array.from({ length: cells * cells }, () => 255 * random())), {
    raw: { width: cells, height: cells, channels: 1 },
  })
    .resize({ width: size, height: size, fit: 'fill', kernel: 'cubic' })
    .extractChannel(0)
    .raw()
    .toBuffer();
