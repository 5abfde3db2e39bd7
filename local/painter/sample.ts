// Makes cli/sample.jpg, the picture of the first try: node local/painter/sample.ts
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { grain } from './paint/grain.ts';
import { develop, pictureOf, svg } from './paint/picture.ts';
import { randomFrom } from './paint/random.ts';

const side = 768;
const random = randomFrom(1889);
const between = (from: number, to: number) => from + (to - from) * random();
const round = (value: number) => value.toFixed(1);

const gradient = (id: string, direction: string, stops: readonly (readonly [number, string])[]) =>
  `<linearGradient id="${id}" ${direction}>${stops.map(([at, colour]) => `<stop offset="${at}" stop-color="${colour}"/>`).join('')}</linearGradient>`;
const down = 'x1="0" y1="0" x2="0" y2="1"';
const across = 'x1="0" y1="0" x2="1" y2="0"';

const paints = `<defs>
${gradient('sky', down, [
  [0, '#6db7cf'],
  [0.75, '#a3d3d6'],
  [1, '#b4dbd6'],
])}
${gradient('sea', down, [
  [0, '#1f6f86'],
  [1, '#0d3f55'],
])}
${gradient('white', across, [
  [0, '#fffaf0'],
  [0.55, '#f3ead9'],
  [1, '#b9ad9d'],
])}
${gradient('red', across, [
  [0, '#e8493b'],
  [0.55, '#c92f2a'],
  [1, '#7f1a1f'],
])}
${gradient('iron', across, [
  [0, '#4a5560'],
  [1, '#1c242c'],
])}
${gradient('glass', across, [
  [0, '#fff6c9'],
  [0.5, '#ffd866'],
  [1, '#e59b2e'],
])}
${gradient('rock', down, [
  [0, '#8a7d72'],
  [0.5, '#5d534e'],
  [1, '#332f33'],
])}
${gradient('grass', down, [
  [0, '#8fb04e'],
  [1, '#55793a'],
])}
${gradient('roof', down, [
  [0, '#b5452f'],
  [1, '#7d2a22'],
])}
<clipPath id="tower"><path d="M352 560L372 224H444L464 560Z"/></clipPath></defs>`;

function tower(): string {
  const stripes = [0, 1, 2, 3].map(
    (n) => `<rect x="340" y="${246 + n * 84}" width="136" height="42" fill="url(#red)"/>`,
  );
  const windows = [300, 384, 468].map(
    (y) =>
      `<path d="M400 ${y}v-16a8 9 0 0 1 16 0v16Z" fill="#2b3440"/><path d="M397 ${y + 1}h22" stroke="#8d8272" stroke-width="3"/>`,
  );
  const posts = Array.from({ length: 12 }, (_, n) => `M${354 + n * 9.8} 198V222`).join('');
  return `<g clip-path="url(#tower)"><rect x="340" y="220" width="136" height="345" fill="url(#white)"/>${stripes.join('')}
    <path d="M340 560Q408 520 476 560V600H340Z" fill="#2a2020" opacity=".18"/></g>${windows.join('')}
  <path d="M392 562v-34a16 17 0 0 1 32 0v34Z" fill="#5b3320"/><path d="M408 514v46" stroke="#3c2013" stroke-width="2"/>
  <path d="M346 222h124l-10 16H356Z" fill="url(#iron)"/>
  <rect x="376" y="160" width="64" height="64" fill="url(#glass)"/><circle cx="404" cy="192" r="19" fill="#fffdf0"/>
  <path d="M376 160V222M392 160V222M424 160V222M440 160V222M376 190H440" stroke="#2c343c" stroke-width="4" fill="none"/>
  <path d="${posts}M350 199H466M350 210H466" stroke="#2c343c" stroke-width="3" fill="none"/>
  <path d="M364 162H452Q448 116 408 108Q368 116 364 162Z" fill="url(#red)"/>
  <path d="M360 162H456" stroke="#5f1318" stroke-width="6"/><path d="M408 110V74" stroke="#2c343c" stroke-width="4"/><circle cx="408" cy="100" r="8" fill="#2c343c"/>`;
}

const cottage = `<path d="M478 566V494H610V566Z" fill="url(#white)"/><path d="M464 498L496 438H592L624 498Z" fill="url(#roof)"/>
  <path d="M556 440V412H578V452Z" fill="#8d4a3a"/><rect x="552" y="408" width="30" height="8" fill="#5d2c24"/>
  <path d="M530 566V518H558V566Z" fill="#2f6f78"/><circle cx="553" cy="544" r="2.4" fill="#f3d27a"/>
  ${[488, 574].map((x) => `<rect x="${x}" y="516" width="26" height="26" fill="#ffd97a"/><path d="M${x} 529h26M${x + 13} 516v26" stroke="#fffaf0" stroke-width="3"/><rect x="${x - 2}" y="514" width="30" height="30" fill="none" stroke="#6b5a4a" stroke-width="3"/>`).join('')}
  <path d="M464 498H624" stroke="#5d1f1a" stroke-width="5"/>`;

const island = `<path d="M150 690Q168 640 214 634Q226 596 276 590Q300 560 352 556H618Q664 562 676 600Q716 612 724 648Q744 664 748 692V768H140Z" fill="url(#rock)"/>
  <path d="M268 596Q300 560 352 554H620Q662 560 678 602Q640 586 604 594Q566 580 520 592Q470 582 430 594Q380 580 340 596Q304 588 268 596Z" fill="url(#grass)"/>`;

function facets(): string {
  return Array.from({ length: 46 }, () => {
    const [x, y] = [between(200, 690), between(612, 720)];
    const corners = [0, 1, 2].map(
      () => `${round(x + between(-30, 30))} ${round(y + between(-16, 16))}`,
    );
    return `<path d="M${corners.join('L')}Z" fill="${random() < 0.5 ? '#b3a597' : '#211d22'}" opacity="${between(0.1, 0.3).toFixed(2)}"/>`;
  }).join('');
}

function blades(): string {
  const drawn = Array.from({ length: 150 }, () => {
    const x = between(292, 664);
    const y = 560 + Math.abs(x - 480) ** 2 / 1600 + between(4, 26);
    return `M${round(x)} ${round(y)}q${round(between(-3, 3))} -7 ${round(between(-5, 5))} ${round(between(-16, -8))}`;
  });
  const flowers = Array.from({ length: 26 }, () => {
    const x = between(300, 650);
    const colour = random() < 0.5 ? '#ffd24d' : '#fff3f0';
    return `<circle cx="${round(x)}" cy="${round(574 + between(-4, 14))}" r="${round(between(1.8, 3.2))}" fill="${colour}"/>`;
  });
  return `<path d="${drawn.join('')}" stroke="#3f6a2f" stroke-width="2" fill="none" stroke-linecap="round"/>${flowers.join('')}`;
}

function waves(): string {
  const swell = Array.from({ length: 70 }, () => {
    const [x, y, long] = [between(-40, 768), between(690, 764), between(24, 90)];
    return `<path d="M${round(x)} ${round(y)}q${round(long / 4)} -5 ${round(long / 2)} 0t${round(long / 2)} 0" stroke="${random() < 0.4 ? '#8fd0d6' : '#0a3347'}" stroke-width="${round(between(1.5, 3.5))}" opacity="${between(0.25, 0.7).toFixed(2)}"/>`;
  });
  const foam = Array.from({ length: 64 }, () => {
    const x = between(132, 756);
    return `<ellipse cx="${round(x)}" cy="${round(672 + between(-6, 9))}" rx="${round(between(6, 24))}" ry="${round(between(2.5, 7))}" fill="#f4fbfa" opacity="${between(0.5, 0.95).toFixed(2)}"/>`;
  });
  return `<path d="M0 668Q96 656 192 668T384 668T576 668T768 668V768H0Z" fill="url(#sea)"/><g fill="none" stroke-linecap="round">${swell.join('')}</g>${foam.join('')}`;
}

const gulls = `<g fill="none" stroke="#fffdf6" stroke-width="6" stroke-linecap="round"><path d="M148 262q22 -26 42 2q22 -28 44 -4"/><path d="M232 336q15 -18 28 2q15 -20 31 -3"/></g>`;

const content = `${paints}<rect width="768" height="768" fill="url(#sky)"/>${gulls}<path d="M0 668Q96 656 192 668T384 668T576 668T768 668V768H0Z" fill="url(#sea)"/>${island}${facets()}${cottage}${tower()}${blades()}${waves()}`;
const drawn = await pictureOf(sharp(svg(side, side, content)));
await develop(drawn)
  .composite([await grain(drawn, 7)])
  .jpeg({ quality: 86, mozjpeg: true })
  .toFile(fileURLToPath(new URL('../../cli/sample.jpg', import.meta.url)));
