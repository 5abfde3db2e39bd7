import { crc32, deflateSync } from 'node:zlib';
import type { ImageFile } from '../../functions/domain/images/image-file.ts';

// Image files built byte by byte: what a camera, a converter or an attacker may send. Only the headers
// are real; the pixel data is filler.
const filler = Buffer.alloc(600, 0x55);

const u16 = (value: number) => Buffer.from([value >> 8, value & 0xff]);
const u32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
};
const latin1 = (text: string) => Buffer.from(text, 'latin1');

/** A JPEG segment with its length. */
export const segment = (marker: number, payload: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([0xff, marker]), u16(payload.length + 2), payload]);

const forEachComponent = (components: number, ...rest: number[]) =>
  Array.from({ length: components }, (_, index) => [index + 1, ...rest]).flat();

export const startOfFrame = (
  width: number,
  height: number,
  { frame = 0xc0, components = 3, precision = 8 } = {},
) =>
  segment(
    frame,
    Buffer.concat([
      Buffer.from([precision]),
      u16(height),
      u16(width),
      Buffer.from([components, ...forEachComponent(components, 0x11, 0)]),
    ]),
  );

const startOfScan = ({ components = 3 }) =>
  segment(0xda, Buffer.from([components, ...forEachComponent(components, 0), 0, 63, 0]));

type Jpeg = {
  frame?: number;
  components?: number;
  precision?: number;
  before?: readonly Uint8Array[];
  after?: readonly Uint8Array[];
};

export const jpeg = (
  width: number,
  height: number,
  { before = [], after = [], ...frame }: Jpeg = {},
): Buffer =>
  Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    ...before,
    startOfFrame(width, height, frame),
    startOfScan(frame),
    filler,
    ...after,
    Buffer.from([0xff, 0xd9]),
  ]);

/** A PNG chunk with its length and its checksum. */
export const chunk = (type: string, data: Uint8Array): Buffer => {
  const body = Buffer.concat([latin1(type), data]);
  return Buffer.concat([u32(data.length), body, u32(crc32(body))]);
};

type PngHeader = {
  colourType?: number;
  depth?: number;
  interlacing?: number;
  /** The name of the first chunk, and how many bytes too many it has. */
  first?: string;
  more?: number;
};

export const pngHeader = (
  width: number,
  height: number,
  { colourType = 2, depth = 8, interlacing = 0, first = 'IHDR', more = 0 }: PngHeader = {},
): Buffer =>
  chunk(
    first,
    Buffer.concat([
      u32(width),
      u32(height),
      Buffer.from([depth, colourType, 0, 0, interlacing]),
      Buffer.alloc(more),
    ]),
  );

type Png = PngHeader & { before?: readonly Uint8Array[]; after?: readonly Uint8Array[] };

export const png = (
  width: number,
  height: number,
  { before = [], after = [], ...header }: Png = {},
) =>
  Buffer.concat([
    latin1('\x89PNG\r\n\x1a\n'),
    pngHeader(width, height, header),
    ...before,
    chunk('IDAT', deflateSync(filler)),
    chunk('IDAT', filler),
    ...after,
    chunk('IEND', Buffer.alloc(0)),
  ]);

const u32le = (value: number) => u32(value).reverse();

/** A RIFF chunk with its length, padded to an even number of bytes. */
export const riffChunk = (type: string, data: Uint8Array): Buffer =>
  Buffer.concat([latin1(type), u32le(data.length), data, Buffer.alloc(data.length % 2)]);

const webp = (...chunks: readonly Uint8Array[]): Buffer => {
  const body = Buffer.concat([latin1('WEBP'), ...chunks]);
  return Buffer.concat([latin1('RIFF'), u32le(body.length), body]);
};

/** `scale` tells a viewer to enlarge the image; it does not change its size. */
export const lossyFrame = (width: number, height: number, scale = 0): Buffer => {
  // The frame tag (a visible key frame, and the length of its first partition) and the start code.
  const frame = Buffer.from([0x10, 0x02, 0, 0x9d, 0x01, 0x2a, 0, 0, 0, 0]);
  frame.writeUInt16LE(width | (scale << 14), 6);
  frame.writeUInt16LE(height | (scale << 14), 8);
  return riffChunk('VP8 ', Buffer.concat([frame, filler]));
};

export const losslessFrame = (width: number, height: number, { alpha = false } = {}): Buffer => {
  const header = Buffer.from([0x2f, 0, 0, 0, 0]);
  header.writeUInt32LE(((width - 1) | ((height - 1) << 14) | (alpha ? 1 << 28 : 0)) >>> 0, 1);
  return riffChunk('VP8L', Buffer.concat([header, filler]));
};

export const lossyWebp = (width: number, height: number, scale = 0): Buffer =>
  webp(lossyFrame(width, height, scale));

export const losslessWebp = (width: number, height: number, options = {}): Buffer =>
  webp(losslessFrame(width, height, options));

/** `chunks` follow the extended header, for example a colour profile, an alpha plane, or frames. */
export const extendedWebp = (
  width: number,
  height: number,
  flags = 0,
  chunks: readonly Uint8Array[] = [lossyFrame(width, height)],
): Buffer => {
  const header = Buffer.alloc(10);
  header.writeUInt8(flags);
  header.writeUIntLE(width - 1, 4, 3);
  header.writeUIntLE(height - 1, 7, 3);
  return webp(riffChunk('VP8X', header), ...chunks);
};

type Bmp = {
  headerSize?: number;
  depth?: number;
  compression?: number;
  /** Where red, green and blue are in a pixel. */
  masks?: readonly number[];
  alphaMask?: number;
};

export const bmp = (
  width: number,
  height: number,
  { headerSize = 40, depth = 24, compression = 0, masks = [], alphaMask = 0 }: Bmp = {},
): Buffer => {
  const from = 14 + Math.max(headerSize, 56);
  const pixels =
    compression === 1 || compression === 2
      ? runs(width, height)
      : Buffer.alloc(rowBytes(width, depth) * Math.abs(height), 0x55);
  const bytes = Buffer.concat([Buffer.alloc(from), pixels]);
  bytes.write('BM', 'latin1');
  bytes.writeUInt32LE(bytes.length, 2);
  bytes.writeUInt32LE(from, 10);
  bytes.writeUInt32LE(headerSize, 14);
  bytes.writeInt32LE(width, 18);
  bytes.writeInt32LE(height, 22);
  bytes.writeUInt16LE(1, 26);
  bytes.writeUInt16LE(depth, 28);
  bytes.writeUInt32LE(compression, 30);
  for (const [index, mask] of masks.entries()) bytes.writeUInt32LE(mask, 54 + 4 * index);
  bytes.writeUInt32LE(alphaMask, 66);
  return bytes;
};

/** Each row in runs of one colour, and the mark that ends them. */
function runs(width: number, height: number): Buffer {
  const row = [...Array(Math.ceil(Math.max(0, width) / 255)).keys()].flatMap((index) => [
    Math.min(255, width - 255 * index),
    0x55,
  ]);
  const rows = Array.from({ length: Math.abs(height) }, () => [...row, 0, 0]);
  return Buffer.from([...rows.flat(), 0, 1]);
}

const rowBytes = (width: number, depth: number) => Math.max(0, Math.ceil((width * depth) / 32) * 4);

/** The oldest BMP header: width and height in 16 bits, and nothing else. */
export const coreBmp = (width: number, height: number): Buffer => {
  const bytes = Buffer.concat([Buffer.alloc(26), Buffer.alloc(rowBytes(width, 24) * height, 0x55)]);
  bytes.write('BM', 'latin1');
  bytes.writeUInt32LE(bytes.length, 2);
  bytes.writeUInt32LE(26, 10);
  bytes.writeUInt32LE(12, 14);
  for (const [index, value] of [width, height, 1, 24].entries()) {
    bytes.writeUInt16LE(value, 18 + 2 * index);
  }
  return bytes;
};

/** A file in memory. */
export const fileOf = (bytes: Uint8Array, size = bytes.length): ImageFile => ({
  size,
  read: (from, count) => {
    const range = Buffer.alloc(Math.max(0, Math.min(count, size - from)));
    range.set(bytes.subarray(from, from + count));
    return range;
  },
});
