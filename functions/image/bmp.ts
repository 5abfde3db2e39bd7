import { damaged, missing, type Reading, type Start } from './reading.ts';

const core = 12;
const information = 40;
// BITMAPINFOHEADER, its versions 2 and 3, OS/2 2, V4, V5.
const informationSizes = [information, 52, 56, 64, 108, 124];
const masksWithAlpha = [56, 108, 124];
const alphaBitFields = 6;
const depths = [1, 2, 4, 8, 16, 24, 32];

export function readBmp(start: Start): Reading {
  const lack = missing(start, 26, 'BMP');
  if (lack) return lack;
  const { bytes } = start;
  const headerSize = bytes.readUInt32LE(14);
  if (informationSizes.includes(headerSize)) return readInformation(start, headerSize);
  if (headerSize !== core) return damaged('BMP', 'its header is of an unknown kind');
  return {
    format: 'bmp',
    width: bytes.readUInt16LE(18),
    height: bytes.readUInt16LE(20),
    alpha: false,
    animated: false,
  };
}

function readInformation(start: Start, headerSize: number): Reading {
  const lack = missing(start, 54, 'BMP');
  if (lack) return lack;
  const { bytes } = start;
  const depth = bytes.readUInt16LE(28);
  if (!depths.includes(depth)) return damaged('BMP', 'its header makes no sense');
  const compression = bytes.readUInt32LE(30);
  const masked =
    masksWithAlpha.includes(headerSize) ||
    (headerSize === information && compression === alphaBitFields);
  const mask = masked ? missing(start, 70, 'BMP') : undefined;
  if (mask) return mask;
  return {
    format: 'bmp',
    width: bytes.readInt32LE(18),
    height: Math.abs(bytes.readInt32LE(22)), // negative: the rows run from the top down
    // Common writers fill in the mask for 24 bits too, where there is no room for alpha.
    alpha: masked && (depth === 16 || depth === 32) && bytes.readUInt32LE(66) !== 0,
    animated: false,
  };
}
