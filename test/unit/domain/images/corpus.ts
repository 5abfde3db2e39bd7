import { deflateSync } from 'node:zlib';
import type { Header } from '../../../../functions/domain/images/header-result.ts';
import {
  bmp,
  chunk,
  coreBmp,
  extendedWebp,
  jpeg,
  losslessFrame,
  losslessWebp,
  lossyFrame,
  lossyWebp,
  png,
  riffChunk,
  segment,
  startOfFrame,
} from '../../../support/pictures.ts';

type Sample = readonly [name: string, bytes: Buffer, header: Header];

const still = { alpha: false, animated: false };
const big = segment(0xe2, Buffer.alloc(65_533, 0xff));
const exif = (...inside: readonly Uint8Array[]) =>
  segment(0xe1, Buffer.concat([Buffer.from('Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0'), ...inside]));
const thumbnail = Buffer.concat([Buffer.from([0xff, 0xd8]), startOfFrame(160, 120)]);
const adobe = segment(0xee, Buffer.from('Adobe\0\x64\0\0\0\0\x02', 'latin1'));
const pictures = segment(0xe2, Buffer.from('MPF\0II*\0\x08\0\0\0\0\0\0\0\0\0'));
const text = (bytes: number) => chunk('iTXt', Buffer.alloc(bytes, 0x41));
const palette = chunk('PLTE', Buffer.alloc(768));
const transparency = chunk('tRNS', Buffer.alloc(256));
const oneColour = chunk('tRNS', Buffer.alloc(6));
const oneGrey = chunk('tRNS', Buffer.alloc(2));
const animation = chunk('acTL', Buffer.from([0, 0, 0, 2, 0, 0, 0, 0]));
const oneFrame = chunk('acTL', Buffer.from([0, 0, 0, 1, 0, 0, 0, 0]));
const frameControl = (sequence: number) => {
  const bytes = Buffer.alloc(26);
  bytes.writeUInt32BE(sequence, 0);
  bytes.writeUInt32BE(1, 4);
  bytes.writeUInt32BE(1, 8);
  return chunk('fcTL', bytes);
};
const frameData = chunk(
  'fdAT',
  Buffer.concat([Buffer.from([0, 0, 0, 2]), deflateSync(Buffer.alloc(4))]),
);
const manyPixels = chunk('IDAT', deflateSync(Buffer.alloc(1_000_000)));
const profile = riffChunk('ICCP', Buffer.alloc(301));
const alphaPlane = riffChunk('ALPH', Buffer.alloc(601));
const frames = (width: number, height: number, inside = lossyFrame(width, height)) => {
  const header = Buffer.alloc(16);
  header.writeUIntLE(width - 1, 6, 3);
  header.writeUIntLE(height - 1, 9, 3);
  const frame = riffChunk('ANMF', Buffer.concat([header, inside]));
  return [riffChunk('ANIM', Buffer.alloc(6)), frame, frame];
};

const is = <F extends Header['format']>(format: F, width: number, height: number, more = {}) => ({
  format,
  width,
  height,
  ...still,
  ...more,
});

const jpegs: readonly Sample[] = [
  ['baseline JPEG', jpeg(640, 480), is('jpeg', 640, 480)],
  [
    'extended JPEG of 12 bits',
    jpeg(642, 482, { frame: 0xc1, precision: 12 }),
    is('jpeg', 642, 482),
  ],
  ['progressive JPEG', jpeg(641, 481, { frame: 0xc2 }), is('jpeg', 641, 481)],
  ['lossless JPEG', jpeg(643, 483, { frame: 0xc3 }), is('jpeg', 643, 483)],
  ['differential JPEG', jpeg(644, 484, { frame: 0xc5 }), is('jpeg', 644, 484)],
  ['arithmetic JPEG', jpeg(65_535, 1, { frame: 0xc9 }), is('jpeg', 65_535, 1)],
  ['arithmetic progressive JPEG', jpeg(645, 485, { frame: 0xca }), is('jpeg', 645, 485)],
  ['grey JPEG', jpeg(501, 401, { components: 1 }), is('jpeg', 501, 401)],
  ['CMYK JPEG', jpeg(500, 400, { components: 4, before: [adobe] }), is('jpeg', 500, 400)],
  ['JPEG with EXIF', jpeg(4001, 3001, { before: [exif()] }), is('jpeg', 4001, 3001)],
  [
    'JPEG with a whole frame inside its EXIF',
    jpeg(4002, 3002, { before: [exif(thumbnail)] }),
    is('jpeg', 4002, 3002),
  ],
  [
    'JPEG with every table before its frame',
    jpeg(4000, 3000, {
      before: [
        exif(thumbnail),
        segment(0xdb, Buffer.alloc(65)),
        segment(0xc4, Buffer.alloc(17)),
        segment(0xcc, Buffer.alloc(2)),
        segment(0xdd, Buffer.alloc(2)),
        segment(0xfe, Buffer.from('a comment')),
      ],
    }),
    is('jpeg', 4000, 3000),
  ],
  [
    'JPEG with another picture after it',
    Buffer.concat([jpeg(802, 602, { before: [pictures] }), jpeg(160, 120)]),
    is('jpeg', 802, 602),
  ],
  [
    'JPEG after four big segments',
    jpeg(800, 600, { before: [big, big, big, big] }),
    is('jpeg', 800, 600),
  ],
  [
    'JPEG with fill bytes',
    jpeg(803, 603, { before: [Buffer.alloc(300, 0xff), exif(), Buffer.alloc(2, 0xff)] }),
    is('jpeg', 803, 603),
  ],
  [
    'JPEG with lone markers and garbage',
    jpeg(800, 601, {
      before: [exif(), Buffer.from([0xff, 0x01, 0xff, 0xd0, 0x00, 0x42, 0xff, 0x00])],
    }),
    is('jpeg', 800, 601),
  ],
];

const pngs: readonly Sample[] = [
  ['RGB PNG', png(700, 500), is('png', 700, 500)],
  ['RGB PNG of 16 bits', png(710, 510, { depth: 16 }), is('png', 710, 510)],
  ['interlaced PNG', png(711, 511, { interlacing: 1 }), is('png', 711, 511)],
  ['grey PNG', png(701, 501, { colourType: 0 }), is('png', 701, 501)],
  ['black and white PNG', png(712, 512, { colourType: 0, depth: 1 }), is('png', 712, 512)],
  ['RGBA PNG', png(702, 502, { colourType: 6 }), is('png', 702, 502, { alpha: true })],
  [
    'RGBA PNG of 16 bits',
    png(713, 513, { colourType: 6, depth: 16 }),
    is('png', 713, 513, { alpha: true }),
  ],
  ['grey PNG with alpha', png(703, 503, { colourType: 4 }), is('png', 703, 503, { alpha: true })],
  [
    'grey PNG with a transparent grey',
    png(714, 514, { colourType: 0, before: [oneGrey] }),
    is('png', 714, 514, { alpha: true }),
  ],
  ['palette PNG', png(704, 504, { colourType: 3, before: [palette] }), is('png', 704, 504)],
  [
    'palette PNG with transparency',
    png(705, 505, { colourType: 3, before: [palette, transparency] }),
    is('png', 705, 505, { alpha: true }),
  ],
  [
    'palette PNG of 4 bits with transparency',
    png(715, 515, {
      colourType: 3,
      depth: 4,
      before: [chunk('PLTE', Buffer.alloc(48)), chunk('tRNS', Buffer.alloc(1))],
    }),
    is('png', 715, 515, { alpha: true }),
  ],
  [
    'PNG with a transparent colour',
    png(716, 516, { before: [oneColour] }),
    is('png', 716, 516, { alpha: true }),
  ],
  [
    'PNG with transparency after a long text',
    png(706, 506, { before: [text(300_000), oneColour] }),
    is('png', 706, 506, { alpha: true }),
  ],
  [
    'PNG with a late transparency',
    png(717, 517, { after: [oneColour] }),
    is('png', 717, 517, { alpha: true }),
  ],
  [
    'animated PNG',
    png(707, 507, { before: [animation, frameControl(0)], after: [frameControl(1), frameData] }),
    is('png', 707, 507, { animated: true }),
  ],
  [
    'PNG that only says that it is animated',
    png(720, 520, { before: [animation] }),
    is('png', 720, 520),
  ],
  [
    'PNG that is animated with one frame',
    png(721, 521, { before: [oneFrame, frameControl(0)], after: [frameControl(1), frameData] }),
    is('png', 721, 521),
  ],
  ['PNG with a late animation', png(718, 518, { after: [animation] }), is('png', 718, 518)],
  ['PNG of two thousand million pixels', png(46_000, 46_000), is('png', 46_000, 46_000)],
  [
    'PNG with more pixels than it says',
    png(400, 400, { before: [manyPixels] }),
    is('png', 400, 400),
  ],
  [
    'PNG with a wrong checksum',
    png(719, 519, { before: [chunk('gAMA', Buffer.alloc(4)).fill(0x5a, 12)] }),
    is('png', 719, 519),
  ],
];

const webps: readonly Sample[] = [
  ['lossy WebP', lossyWebp(801, 601), is('webp', 801, 601)],
  ['lossy WebP that is to be shown larger', lossyWebp(811, 611, 3), is('webp', 811, 611)],
  ['lossless WebP', losslessWebp(802, 602), is('webp', 802, 602)],
  [
    'lossless WebP with alpha',
    losslessWebp(16_384, 16_384, { alpha: true }),
    is('webp', 16_384, 16_384, { alpha: true }),
  ],
  ['extended WebP', extendedWebp(803, 603), is('webp', 803, 603)],
  [
    'extended WebP with a profile',
    extendedWebp(812, 612, 0x20, [profile, lossyFrame(812, 612)]),
    is('webp', 812, 612),
  ],
  [
    'extended WebP with alpha',
    extendedWebp(804, 604, 0x10, [alphaPlane, lossyFrame(804, 604)]),
    is('webp', 804, 604, { alpha: true }),
  ],
  [
    'extended WebP with lossless alpha',
    extendedWebp(813, 613, 0x10, [losslessFrame(813, 613, { alpha: true })]),
    is('webp', 813, 613, { alpha: true }),
  ],
  [
    'extended WebP that denies its alpha plane',
    extendedWebp(814, 614, 0, [alphaPlane, lossyFrame(814, 614)]),
    is('webp', 814, 614, { alpha: true }),
  ],
  [
    'extended WebP that denies its lossless alpha',
    extendedWebp(815, 615, 0, [losslessFrame(815, 615, { alpha: true })]),
    is('webp', 815, 615, { alpha: true }),
  ],
  [
    'animated WebP',
    extendedWebp(805, 605, 0x02, frames(805, 605)),
    is('webp', 805, 605, { animated: true }),
  ],
  [
    'animated WebP with alpha',
    extendedWebp(816, 616, 0x12, frames(816, 616)),
    is('webp', 816, 616, { alpha: true, animated: true }),
  ],
  [
    'animated WebP that denies its animation',
    extendedWebp(817, 617, 0, frames(817, 617)),
    is('webp', 817, 617, { animated: true }),
  ],
  [
    'WebP that is animated with one frame',
    extendedWebp(818, 618, 0x02, frames(818, 618).slice(0, 2)),
    is('webp', 818, 618),
  ],
  [
    'WebP whose one frame has alpha of its own',
    extendedWebp(
      819,
      619,
      0x02,
      frames(819, 619, losslessFrame(819, 619, { alpha: true })).slice(0, 2),
    ),
    is('webp', 819, 619, { alpha: true }),
  ],
];

const alphaMask = 0xff00_0000;
const masks = [0xff_0000, 0xff00, 0xff];
const bmps: readonly Sample[] = [
  ['24-bit BMP', bmp(21, 11), is('bmp', 21, 11)],
  ['BMP from the top down', bmp(22, -12), is('bmp', 22, 12)],
  ['black and white BMP', bmp(31, 21, { depth: 1 }), is('bmp', 31, 21)],
  ['BMP of 4 bits in runs', bmp(32, 22, { depth: 4, compression: 2 }), is('bmp', 32, 22)],
  ['BMP of 8 bits in runs', bmp(33, 23, { depth: 8, compression: 1 }), is('bmp', 33, 23)],
  ['16-bit BMP', bmp(34, 24, { depth: 16 }), is('bmp', 34, 24)],
  [
    '16-bit BMP with masks',
    bmp(35, 25, { depth: 16, compression: 3, masks: [0xf800, 0x7e0, 0x1f] }),
    is('bmp', 35, 25),
  ],
  ['32-bit BMP without masks', bmp(23, 13, { depth: 32, alphaMask: 0xff }), is('bmp', 23, 13)],
  ['BMP with the oldest header', coreBmp(24, 14), is('bmp', 24, 14)],
  ['V2 BMP', bmp(36, 26, { headerSize: 52, depth: 32, compression: 3, masks }), is('bmp', 36, 26)],
  [
    'V3 BMP with alpha',
    bmp(37, 27, { headerSize: 56, depth: 32, compression: 3, masks, alphaMask }),
    is('bmp', 37, 27, { alpha: true }),
  ],
  ['second OS/2 BMP', bmp(38, 28, { headerSize: 64, alphaMask: 1 }), is('bmp', 38, 28)],
  [
    'V4 BMP of 24 bits with an idle alpha mask',
    bmp(25, 15, { headerSize: 108, alphaMask }),
    is('bmp', 25, 15),
  ],
  [
    'V4 BMP with alpha',
    bmp(39, 29, { headerSize: 108, depth: 32, compression: 3, masks, alphaMask }),
    is('bmp', 39, 29, { alpha: true }),
  ],
  [
    'V4 BMP of 16 bits with alpha',
    bmp(40, 30, { headerSize: 108, depth: 16, compression: 3, alphaMask: 0x8000 }),
    is('bmp', 40, 30, { alpha: true }),
  ],
  [
    'V5 BMP without alpha',
    bmp(26, 16, { headerSize: 124, depth: 32, compression: 3, masks }),
    is('bmp', 26, 16),
  ],
  [
    'V5 BMP with alpha',
    bmp(27, 17, { headerSize: 124, depth: 32, compression: 3, masks, alphaMask }),
    is('bmp', 27, 17, { alpha: true }),
  ],
  [
    'BMP with masks that are all empty',
    bmp(29, 19, { depth: 32, compression: 3 }),
    is('bmp', 29, 19, { alpha: true }),
  ],
  [
    'V5 BMP with masks that are all empty',
    bmp(30, 20, { headerSize: 124, depth: 32, compression: 3 }),
    is('bmp', 30, 20, { alpha: true }),
  ],
  [
    'BMP with alpha bit fields',
    bmp(28, 18, { depth: 32, compression: 6, alphaMask }),
    is('bmp', 28, 18, { alpha: true }),
  ],
];

/** One picture for every way in which an accepted format can store its size, and the header expected of it. */
export const corpus = [...jpegs, ...pngs, ...webps, ...bmps];
