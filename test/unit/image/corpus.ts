import type { Header } from '../../../functions/image/reading.ts';
import {
  bmp,
  chunk,
  coreBmp,
  extendedWebp,
  jpeg,
  losslessWebp,
  lossyWebp,
  png,
  segment,
  startOfFrame,
} from '../../support/pictures.ts';

type Sample = readonly [name: string, bytes: Buffer, header: Header];

const still = { alpha: false, animated: false };
const big = segment(0xe2, Buffer.alloc(65_533, 0xff));
const thumbnail = Buffer.concat([Buffer.from('Exif\0\0'), startOfFrame(160, 120)]);
const text = (bytes: number) => chunk('iTXt', Buffer.alloc(bytes, 0x41));
const palette = chunk('PLTE', Buffer.alloc(768));
const transparency = chunk('tRNS', Buffer.alloc(256));
const animation = chunk('acTL', Buffer.alloc(8));

const is = <F extends Header['format']>(format: F, width: number, height: number, more = {}) => ({
  format,
  width,
  height,
  ...still,
  ...more,
});

/** One picture for every way in which an allowed file may tell its size, and what it tells. */
export const corpus: readonly Sample[] = [
  ['baseline JPEG', jpeg(640, 480), is('jpeg', 640, 480)],
  ['progressive JPEG', jpeg(641, 481, { frame: 0xc2 }), is('jpeg', 641, 481)],
  ['arithmetic JPEG', jpeg(65_535, 1, { frame: 0xc9 }), is('jpeg', 65_535, 1)],
  ['CMYK JPEG', jpeg(500, 400, { components: 4 }), is('jpeg', 500, 400)],
  [
    'JPEG with tables and a thumbnail before its frame',
    jpeg(4000, 3000, {
      before: [
        segment(0xe1, thumbnail),
        segment(0xdb, Buffer.alloc(65)),
        segment(0xc4, Buffer.alloc(30)),
      ],
    }),
    is('jpeg', 4000, 3000),
  ],
  [
    'JPEG behind four big segments',
    jpeg(800, 600, { before: [big, big, big, big] }),
    is('jpeg', 800, 600),
  ],
  [
    'JPEG with fill bytes, a lone marker and garbage',
    jpeg(800, 601, {
      before: [
        Buffer.from([0xff, 0xff, 0xff]),
        segment(0xe0, Buffer.alloc(14)),
        Buffer.from([0xff, 0x01, 0x00, 0x42, 0xff, 0x00]),
      ],
    }),
    is('jpeg', 800, 601),
  ],
  ['RGB PNG', png(700, 500), is('png', 700, 500)],
  ['grey PNG', png(701, 501, { colourType: 0 }), is('png', 701, 501)],
  ['RGBA PNG', png(702, 502, { colourType: 6 }), is('png', 702, 502, { alpha: true })],
  ['grey PNG with alpha', png(703, 503, { colourType: 4 }), is('png', 703, 503, { alpha: true })],
  ['palette PNG', png(704, 504, { colourType: 3, before: [palette] }), is('png', 704, 504)],
  [
    'palette PNG with transparency',
    png(705, 505, { colourType: 3, before: [palette, transparency] }),
    is('png', 705, 505, { alpha: true }),
  ],
  [
    'PNG with transparency behind a long text',
    png(706, 506, { before: [text(300_000), chunk('tRNS', Buffer.alloc(6))] }),
    is('png', 706, 506, { alpha: true }),
  ],
  ['animated PNG', png(707, 507, { before: [animation] }), is('png', 707, 507, { animated: true })],
  ['lossy WebP', lossyWebp(801, 601), is('webp', 801, 601)],
  ['lossless WebP', losslessWebp(802, 602), is('webp', 802, 602)],
  [
    'lossless WebP with alpha',
    losslessWebp(16_384, 16_384, { alpha: true }),
    is('webp', 16_384, 16_384, { alpha: true }),
  ],
  ['extended WebP', extendedWebp(803, 603), is('webp', 803, 603)],
  ['extended WebP with alpha', extendedWebp(804, 604, 0x10), is('webp', 804, 604, { alpha: true })],
  ['animated WebP', extendedWebp(805, 605, 0x02), is('webp', 805, 605, { animated: true })],
  ['24-bit BMP', bmp(901, 701), is('bmp', 901, 701)],
  ['BMP from the top down', bmp(902, -702), is('bmp', 902, 702)],
  ['32-bit BMP without masks', bmp(903, 703, { depth: 32, alphaMask: 0xff }), is('bmp', 903, 703)],
  ['BMP with the oldest header', coreBmp(904, 704), is('bmp', 904, 704)],
  [
    'V4 BMP of 24 bits with an idle alpha mask',
    bmp(905, 705, { headerSize: 108, alphaMask: 0xff00_0000 }),
    is('bmp', 905, 705),
  ],
  [
    'V5 BMP without alpha',
    bmp(906, 706, { headerSize: 124, depth: 32, compression: 3 }),
    is('bmp', 906, 706),
  ],
  [
    'V5 BMP with alpha',
    bmp(907, 707, { headerSize: 124, depth: 32, compression: 3, alphaMask: 0xff00_0000 }),
    is('bmp', 907, 707, { alpha: true }),
  ],
  [
    'BMP with alpha bit fields',
    bmp(908, 708, { depth: 32, compression: 6, alphaMask: 0xff00_0000 }),
    is('bmp', 908, 708, { alpha: true }),
  ],
];
