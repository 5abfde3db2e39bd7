import { cutOff, damaged, type Header } from './header-result.ts';
import type { FileWindow } from './image-file.ts';

const coreHeaderSize = 12;
const infoHeaderSize = 40;
const os2HeaderSize = 64; // here compression numbers above 2 mean other methods
// BITMAPINFOHEADER, its versions 2 and 3, OS/2 2, V4, V5.
const infoHeaderSizes = [infoHeaderSize, 52, 56, os2HeaderSize, 108, 124];
const masksWithAlpha = [56, 108, 124];
const bitDepths = [1, 2, 4, 8, 16, 24, 32];
/** Run-length encoding, for the bit depths that have it: its compression number, and the pixels in a byte. */
const runLengths = new Map([
  [8, { compression: 1, pixelsPerByte: 1 }],
  [4, { compression: 2, pixelsPerByte: 2 }],
]);
const bitFields = 3;
const alphaBitFields = 6;

type Pixels = {
  readonly from: number;
  readonly width: number;
  readonly height: number;
  readonly depth: number;
};

/** A BMP has no end marker: its header says how many bytes of pixels follow. */
export function readBmp(file: FileWindow): Header {
  const bytes = file.slice(0, 26);
  if (!bytes) throw cutOff('BMP');
  const headerSize = bytes.readUInt32LE(14);
  if (infoHeaderSizes.includes(headerSize)) return readInfoHeader(file, headerSize);
  if (headerSize !== coreHeaderSize) throw damaged('BMP', 'its header is of an unknown kind');
  const width = bytes.readUInt16LE(18);
  const height = bytes.readUInt16LE(20);
  const depth = bytes.readUInt16LE(24);
  if (!bitDepths.includes(depth)) throw damaged('BMP', 'its header makes no sense');
  requirePixels(file, { from: bytes.readUInt32LE(10), width, height, depth });
  return { format: 'bmp', width, height, alpha: false, animated: false };
}

function readInfoHeader(file: FileWindow, headerSize: number): Header {
  const bytes = file.slice(0, 14 + headerSize);
  if (!bytes) throw cutOff('BMP');
  const from = bytes.readUInt32LE(10);
  const width = bytes.readInt32LE(18);
  const height = Math.abs(bytes.readInt32LE(22)); // negative: the rows run from the top down
  const depth = bytes.readUInt16LE(28);
  const compression = bytes.readUInt32LE(30);
  const runs = runLengths.get(depth);
  if (compression !== 0 && compression === runs?.compression) {
    requireEndOfRuns(file, from, runs.pixelsPerByte);
  } else {
    if (!bitDepths.includes(depth) || !isPlain(headerSize, compression)) {
      throw damaged('BMP', 'its header makes no sense');
    }
    requirePixels(file, { from, width, height, depth });
  }
  const alpha = hasAlpha(file, { headerSize, depth, compression });
  return { format: 'bmp', width, height, alpha, animated: false };
}

type Layout = {
  readonly headerSize: number;
  readonly depth: number;
  readonly compression: number;
};

function hasAlpha(file: FileWindow, { headerSize, depth, compression }: Layout): boolean {
  // Common writers fill in the mask for 24 bits too, where there is no room for alpha.
  if (depth !== 16 && depth !== 32) return false;
  if (hasAlphaMask(headerSize, compression) && file.slice(66, 4)?.readUInt32LE() !== 0) return true;
  // Masks that are all empty say nothing: Pillow then takes the fourth byte of a pixel for its alpha.
  const colourMasks = file.slice(54, 12);
  return depth === 32 && compression === bitFields && !colourMasks?.some((byte) => byte !== 0);
}

const isPlain = (headerSize: number, compression: number): boolean =>
  compression === 0 ||
  (headerSize !== os2HeaderSize && [bitFields, alphaBitFields].includes(compression));

const hasAlphaMask = (headerSize: number, compression: number): boolean =>
  masksWithAlpha.includes(headerSize) ||
  (headerSize === infoHeaderSize && compression === alphaBitFields);

/** Each row has a multiple of four bytes. */
function requirePixels(file: FileWindow, { from, width, height, depth }: Pixels): void {
  const rowBytes = Math.ceil((width * depth) / 32) * 4;
  if (from + rowBytes * height > file.size) throw cutOff('BMP');
}

const endOfRuns = 1;
const move = 2;

/** Walks through the runs to the mark that ends them. */
function requireEndOfRuns(file: FileWindow, from: number, pixelsPerByte: number): void {
  let at = from;
  for (;;) {
    const pair = file.slice(at, 2);
    if (!pair) throw cutOff('BMP');
    const [count, value = 0] = pair;
    if (count === 0 && value === endOfRuns) return;
    at += 2 + (count === 0 ? bytesAfter(value, pixelsPerByte) : 0);
  }
}

/** After a count of 0 comes the end of a row (0), a move (2), or so many uncompressed pixels, padded to pairs of bytes. */
const bytesAfter = (value: number, pixelsPerByte: number): number =>
  value === move ? 2 : Math.ceil(value / pixelsPerByte / 2) * 2;
